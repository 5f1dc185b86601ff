"""The study's steps, and the text that is written of what they left."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.analysis.heads import key_numbers
from benchmark.catalog import find_suite
from benchmark.cli.main import build_parser
from benchmark.planning import Request, recipe_changes
from benchmark.report.data.units import NO_SCORE
from benchmark.results.records import RunRecord
from benchmark.results.store import ResultStore
from benchmark.specs import RunSpec
from studies.dark_secrets.study import SUITE, study_text, table
from tests.support.report_fakes import record, save, write_analysis

ROOT = Path(__file__).parents[2]


def study(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, '-m', 'studies.dark_secrets', *arguments]
    places = os.environ | {'PYTHONPATH': str(ROOT)}
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, env=places)


def test_a_dry_run_prints_commands_that_parse(tmp_path: Path) -> None:
    done = study('--dry-run', '--shipped-only', '--seeds', '0', '1', cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    commands = [line.split()[1:] for line in done.stdout.splitlines() if line.startswith('tbench ')]
    parsed = [build_parser().parse_args(command) for command in commands]
    assert len(parsed) == 8
    whole = study('--dry-run', cwd=tmp_path).stdout
    assert whole.count('\ntbench pretrain ') + whole.startswith('# pretrain') == 5
    assert 'convnext-k13-supervised.py' in whole
    attention = next(line for line in whole.splitlines() if 'analyze attention' in line)
    assert 'convnext' not in attention
    assert [options.seeds for options in parsed if getattr(options, 'suite', '') and
            hasattr(options, 'jobs')] == [[0, 1], [0, 1]]  # fmt: skip
    assert list(tmp_path.iterdir()) == []


def test_an_analysis_of_the_same_backbones_is_done(tmp_path: Path) -> None:
    names = find_suite(SUITE).backbones
    for name, ids in (('erf', names), ('cam', names[:2])):
        write_analysis(tmp_path / 'results', name, backbones=[{'id': i} for i in ids])
    lines = study('--dry-run', '--shipped-only', cwd=tmp_path).stdout.splitlines()
    assert '# erf: done' in lines
    assert '# cam' in lines
    lines = study('--dry-run', cwd=tmp_path).stdout.splitlines()
    assert '# erf' in lines
    again = study('erf', '--dry-run', '--again', cwd=tmp_path).stdout.splitlines()
    assert again[0] == '# erf'
    assert len(again) == 2


def test_an_unknown_step_is_refused(tmp_path: Path) -> None:
    done = study('everything', '--dry-run', cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("study: no step 'everything' (there are: pretrain, ")


def test_cells_of_quick_are_those_of_the_study() -> None:
    """Equal tasks, protocols and recipes compile to equal configurations, so records count."""
    quick, whole = Request.read('quick'), Request.read(SUITE)
    assert whole.suite.reuses == ('quick',)
    assert whole.tasks == quick.tasks
    assert all(protocol in quick.protocols for protocol in whole.protocols)
    assert all(backbone in whole.backbones for backbone in quick.backbones)
    for task in quick.tasks:
        spec = RunSpec(task.name, 'any', 'finetune', 0)
        assert recipe_changes(whole.suite, spec) == recipe_changes(quick.suite, spec)


def of_study(task: str, backbone: str, seed: int, score: float) -> RunRecord:
    item = record(task, 'vit-s-mae', seed=seed, score=score)
    return replace(item, suite=SUITE, spec=replace(item.spec, backbone=backbone))


@pytest.fixture
def store(tmp_path: Path) -> ResultStore:
    made = ResultStore(tmp_path / 'results', tmp_path / 'work')
    scores = {'world-vit-mae': 70.0, 'world-vit-supervised': 40.0}
    save(made, [
        of_study('keypoints', name, seed, score + seed)
        for name, score in scores.items() for seed in (0, 1, 2)
    ])  # fmt: skip
    write_analysis(made.results, 'cam')
    return made


def test_the_text_has_tables_figures_and_verdicts(store: ResultStore) -> None:
    text = study_text(store)
    assert (
        '| Masked pretraining is ahead on geometric and motion tasks | abstract, 2205.13543 '
        '| 1 | 0 | 0 | 0 | 0 | holds for the ViT |' in text
    )
    assert (
        '| Layers are more alike after masked pretraining | recalled, 2205.13543 '
        '| 0 | 0 | 0 | 0 | 0 | not measured |' in text
    )
    assert '| Receptive fields are more local after masked pretraining | own question |' in text
    assert 'world-vit-mae / world-vit-supervised, keypoints' in text
    assert '71.0 ± 1.0 (n = 3)' in text
    assert '![What cam shows](../results/analysis/cam/figure.png)' in text
    assert f'| vit-s-mae | 2.5 | {NO_SCORE} |' in text
    assert 'No convolutional network is among the backbones' in text
    assert 'where it can be told' not in text


def test_behind_the_trivial_predictor_the_text_says_so(store: ResultStore) -> None:
    floor = of_study('keypoints', 'trivial:mean pose', 0, 41.0)
    save(store, [replace(floor, spec=replace(floor.spec, protocol='trivial'))])
    text = study_text(store)
    assert (
        '| 0 | 0 | 0 | 0 | 1 | open for the ViT (behind the trivial predictor on keypoints) |'
        in text
    )
    assert '| 3 seeds | open: behind the trivial predictor |' in text


def test_a_random_network_stands_beside_the_pair(store: ResultStore) -> None:
    write_analysis(
        store.results,
        'cka',
        facts={
            'batches': 4,
            'similarity': {
                'world-vit-mae': {'mean': 0.9, 'low': 0.88, 'high': 0.92},
                'world-vit-supervised': {'mean': 0.6, 'low': 0.58, 'high': 0.62},
                'world-vit-random': {'mean': 0.95, 'low': 0.94, 'high': 0.96},
            },
        },
    )
    text = study_text(store)
    assert '| found | random in place of masked | n | verdict |' in text
    assert '| 0.300 (0.272 to 0.328) | 0.350 (0.328 to 0.372) | 4 batches of pictures |' in text
    assert '| 1 (random too: 1) | 0 | 0 | 0 | 0 | holds between the two for the ViT; but' in text


def test_distances_are_told_as_shares_and_divergences_in_nats(store: ResultStore) -> None:
    lines = ['backbone,layer,measure,head,value,uniform']
    lines += ['net,1,distance,0,10,40', 'net,1,divergence,0,3,0']
    numbers = key_numbers(list(csv.DictReader(lines)))
    folder = write_analysis(store.results, 'attention', key_numbers=numbers.to_plain())
    (folder / 'values.csv').write_text('\n'.join(lines))
    text = study_text(store)
    assert (
        '| backbone | distance / uniform, first 3 layers | distance / uniform, last 3 '
        '| most local head / uniform, largest over layers '
        '| KL between heads (nat), first 3 layers | KL (nat), last 3 |' in text
    )
    assert '| net | 0.25 | 0.25 | 0.25 | 3 | 3 |' in text


def test_equal_files_give_an_equal_text(store: ResultStore) -> None:
    assert study_text(store) == study_text(store)


def test_the_tool_writes_the_text(store: ResultStore) -> None:
    root = store.results.parent
    done = study('text', '--results', 'results', '--out', 'docs/study.md', cwd=root)
    assert done.returncode == 0, done.stderr
    assert (root / 'docs' / 'study.md').read_text() == study_text(store)


def test_a_table_shows_what_is_unknown_as_a_dash() -> None:
    assert table(['a', 'b'], [('x', None), ('', 0.12345)]) == (
        f'| a | b |\n| --- | --- |\n| x | {NO_SCORE} |\n| {NO_SCORE} | 0.123 |\n'
    )
