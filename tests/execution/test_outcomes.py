"""What is kept of every test example, from a test to the file beside the records."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from benchmark.compiling import compile_trivial, localise
from benchmark.execution.trivial import execute_trivial
from benchmark.kinds.base import DATA
from benchmark.kinds.common.outcomes import short_names
from benchmark.results.store import OUTCOMES_FILE
from benchmark.statistics.outcome_files import unpack
from tests.support.task_trials import fake_root, small_task

TASKS = (
    'flowers102', 'voc2007', 'ade20k', 'coco-detection', 'voc-detection', 'lvis', 'coco-pose',
    'mpii', 'nyuv2', 'got10k', 'otb100', 'mot17',
)  # fmt: skip


@pytest.mark.parametrize('name', TASKS)
def test_headline_metrics_of_every_kind_follow_from_what_is_kept(name: str, tmp_path: Path) -> None:
    task, folder = small_task(name), tmp_path / 'work'
    data = fake_root(name, tmp_path)
    outcome = execute_trivial(localise(compile_trivial(task), {DATA: str(data)}), folder)
    content = (folder / OUTCOMES_FILE).read_bytes()
    assert outcome.proof['outcomes']['sha256'] == hashlib.sha256(content).hexdigest()
    assert json.loads(json.dumps(outcome.proof)) == outcome.proof
    found = unpack(content, 'here')
    assert task.metric.key in found
    again = {key: one.form.value() for key, one in found.items()}
    assert again == pytest.approx({key: outcome.raw[key] for key in again}, rel=1e-9, abs=1e-9)
    assert {key for metric in task.metrics if (key := metric.key) in outcome.raw} - set(found) <= {
        'box_APr', 'box_APc', 'box_APf', 'mask_APr', 'mask_APc', 'mask_APf',
    }  # fmt: skip
    names = found[task.metric.key].names
    assert len(set(names)) == len(names) == found[task.metric.key].form.count
    assert not [one for one in names if str(tmp_path) in one]
    # the same test gives the same bytes
    execute_trivial(localise(compile_trivial(task), {DATA: str(data)}), tmp_path / 'again')
    assert (tmp_path / 'again' / OUTCOMES_FILE).read_bytes() == content


def test_names_are_paths_below_the_folder_that_all_share() -> None:
    assert short_names(['/a/b/ant/1.png', '/a/b/bee/1.png']) == ('ant/1.png', 'bee/1.png')
    assert short_names(['/a/b/1.png']) == ('1.png',)
    assert short_names([]) == ()
