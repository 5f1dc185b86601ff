"""A watch on a cluster finds what this process finds: Slurm, which is played, and Ray."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.launching.executors.inline import InlineExecutor
from benchmark.watching.evaluating import Evaluator
from benchmark.watching.ledger import State
from benchmark.watching.watch import Watching, watch
from tests.launching.test_slurm import slurm
from tests.watching.conftest import arch

__all__ = ['slurm']

pytestmark = pytest.mark.slow


def agrees(
    evaluator: Evaluator, save: Callable[..., Path], folder: Path, executor: str, **resources: str
) -> None:
    """Check scores and health of two checkpoints, of which one is evaluated later on."""
    save(1)
    watching = Watching(folder=folder / 'run', arch=arch(folder), once=True, interval=0)
    elsewhere = replace(evaluator, out=folder / executor)
    for step in (2, 3):
        there = watch(
            watching, elsewhere, executor=executor, device='cpu', jobs=1, resources=resources
        )
        if step == 2:
            save(step)
    here = watch(watching, evaluator, executor=InlineExecutor('cpu'))
    for ledger in (here, there):
        assert [entry.step for entry in ledger.having(State.EVALUATED)] == [1, 2]
        assert not any(entry.errors for entry in ledger.entries)
    assert [entry.scores for entry in there.entries] == [entry.scores for entry in here.entries]
    assert [entry.health for entry in there.entries] == [entry.health for entry in here.entries]


def test_slurm(
    evaluator: tuple[Evaluator, list[str]], save: Callable[..., Path], tmp_path: Path, slurm: Path
) -> None:
    """Its tasks are cancelled at the end of each watch."""
    agrees(evaluator[0], save, tmp_path, 'slurm')
    assert (slurm / 'cancelled').read_text().splitlines()
    assert not list((tmp_path / 'slurm' / 'work' / 'spool').iterdir())


@pytest.mark.filterwarnings('default')
def test_ray(
    evaluator: tuple[Evaluator, list[str]],
    save: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip('ray', reason='the extra ray is not installed')
    monkeypatch.setenv('RAY_worker_niceness', '0')  # else it starves on a busy machine
    agrees(evaluator[0], save, tmp_path, 'ray', address='local')
