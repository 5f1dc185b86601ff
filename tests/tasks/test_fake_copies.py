"""Every shipped task on real data trains and is tested on a copy in the official layout."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from benchmark.catalog import shipped_tasks
from tests.support.fakes.copies import COPIES
from tests.support.task_trials import Trial, fake_root, measured, small_task


@pytest.fixture(scope='module')
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp('copies')


def test_every_task_on_data_from_elsewhere_has_a_copy() -> None:
    foreign = {name for name, task in shipped_tasks().items() if not task.source.provider}
    assert set(COPIES) == foreign


@pytest.mark.parametrize('name', sorted(COPIES))
def test_two_iterations_and_a_test(name: str, data: Path, tmp_path: Path) -> None:
    task = small_task(name)
    outcome = Trial(task, fake_root(name, data), tmp_path / 'work').run()
    assert measured(task) <= set(outcome.raw)
    for metric in (task.metric, *task.metrics):
        assert math.isfinite(metric.canonical(outcome.raw[metric.key]))
    assert outcome.proof['head_learned']
    assert outcome.pictures
