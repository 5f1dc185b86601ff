"""`.eval_results/*.yaml`, read back by the Hub's own library."""

from __future__ import annotations

from pathlib import Path
from statistics import fmean

import pytest
import yaml

from benchmark.cli.main import main
from benchmark.results.store import ResultStore
from tests.support.bundles import BACKBONES, SEEDS, TASKS, whole_store

hub = pytest.importorskip('huggingface_hub', reason='huggingface_hub is not installed')


def test_the_hub_reads_the_scores_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if not hasattr(hub, 'parse_eval_result_entries'):
        pytest.skip('this huggingface_hub knows no .eval_results')
    store = whole_store(ResultStore(tmp_path / 'results', tmp_path / 'work'))
    arguments = ['export', 'quick', str(tmp_path / 'out'), '--results', str(store.results)]
    asked = ['--eval-results', 'my-lab/transferbench', '--source-url', 'https://lab.example/board']
    assert main([*arguments, *asked]) == 0
    paths = [Path(line) for line in capsys.readouterr().out.splitlines()]
    assert [path.relative_to(tmp_path / 'out').as_posix() for path in paths] == [
        f'{name}/.eval_results/quick-knn.yaml' for name in sorted(BACKBONES)
    ]
    written = yaml.safe_load(paths[0].read_text())
    entries = hub.parse_eval_result_entries(written)
    assert {entry.task_id for entry in entries} == set(TASKS)
    for entry in entries:
        runs = [
            r
            for r in store.records('quick')
            if (r.spec.backbone, r.spec.task) == ('ours-mae', entry.task_id)
        ]
        mean = fmean(r.scores[r.primary] for r in runs)
        assert entry.value == pytest.approx(mean, rel=1e-5)
        assert entry.dataset_id == 'my-lab/transferbench'
        assert entry.source_url == 'https://lab.example/board'
        assert entry.notes == f'quick@2, knn, {runs[0].primary}, mean of {len(SEEDS)} seeds'
        assert str(entry.date) == '2026-03-01'


def test_a_wrong_data_set_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(['export', 'quick', str(tmp_path), '--eval-results', 'lab']) == 2
    assert "must be the data set's OWNER/NAME on the Hub" in capsys.readouterr().err
