"""A cell ends bit for bit alike, whoever loads its samples and however often it is interrupted."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from benchmark.compiling import LOADERS
from benchmark.execution.execute import execute
from benchmark.execution.outcome import Outcome
from benchmark.results.checkpoints import newest_whole
from benchmark.stopping import Stopped, stopped_by_signals
from tests.support.execution_cells import Interruption
from tests.support.fakes.copies import COPIES
from tests.support.task_trials import Trial, fake_root, small_task

ITERATIONS = 6
CHANGES: dict[str, Any] = {'iterations': ITERATIONS, 'drop_path': 0.3}
KINDS = {
    'classification': 'cub200',
    'segmentation': 'ade20k',
    'detection': 'coco-detection',
    'pose': 'coco-pose',
    'depth': 'nyuv2',
    'tracking': 'got10k',
    'mot': 'mot17',
}


def outcome(trial: Trial, *interruptions: int, workers: Sequence[int] = ()) -> Outcome:
    """Return the outcome after as many attempts, each ended after that iteration.

    ``workers`` load the samples of each attempt, the last one included.
    """
    whole = trial.config()
    loaders = [*workers, *[0] * (len(interruptions) + 1 - len(workers))]
    for iteration, count in zip(interruptions, loaders, strict=False):
        config = {**whole, LOADERS: count}
        hook = {'type': 'InterruptTraining', 'iteration': iteration}
        hooks = [*config['custom_hooks'], hook]
        torch.manual_seed(iteration)  # a new process has drawn other numbers
        with pytest.raises(Interruption):
            execute({**config, 'custom_hooks': hooks}, trial.folder)
        assert newest_whole(trial.folder) is not None
    torch.manual_seed(99)
    return execute({**whole, LOADERS: loaders[-1]}, trial.folder)


def assert_equal(interrupted: Outcome, whole: Outcome) -> None:
    assert interrupted.curves == whole.curves
    assert interrupted.raw == whole.raw
    assert interrupted.proof == whole.proof
    assert interrupted.pictures == whole.pictures


@pytest.mark.parametrize('kind', KINDS)
def test_a_cell_interrupted_twice_and_loaded_by_several_workers_ends_like_one_that_was_not(
    kind: str, tmp_path: Path
) -> None:
    """No worker loads samples of the whole one; one, four, none those of the three attempts."""
    task, data = small_task(KINDS[kind]), fake_root(KINDS[kind], tmp_path)
    whole, twice = (
        Trial(task, data, tmp_path / name, changes=CHANGES) for name in ('whole', 'twice')
    )
    expected = outcome(whole)
    found = outcome(twice, 3, 5, workers=(1, 4, 0))
    assert found.cost['resumed_at'] == 4
    assert len(expected.curves['loss']) == ITERATIONS
    assert_equal(found, expected)


@pytest.mark.usefixtures('default_signals')
@pytest.mark.parametrize(
    ('number', 'code'), [(signal.SIGTERM, 143), (signal.SIGHUP, 143), (signal.SIGUSR1, 99)]
)
def test_a_signal_ends_a_training_after_its_step_and_nothing_is_lost(
    number: signal.Signals, code: int, tmp_path: Path
) -> None:
    task, data = small_task('cub200'), fake_root('cub200', tmp_path)
    whole, stopped = (
        Trial(task, data, tmp_path / name, changes=CHANGES) for name in ('whole', 'stopped')
    )
    config = stopped.config()
    hook = {'type': 'SignalTraining', 'iteration': 3, 'number': int(number)}
    config['default_hooks']['checkpoint']['interval'] = 1000
    config['custom_hooks'] = [*config['custom_hooks'], hook]
    with pytest.raises(Stopped, match=number.name) as caught, stopped_by_signals():
        execute(config, stopped.folder)
    assert caught.value.code == code
    (kept,) = stopped.folder.glob('iter_*.pth')
    assert kept.name.startswith('iter_3-')
    assert_equal(outcome(stopped), outcome(whole))


def test_averages_and_batches_in_parts_are_continued(tmp_path: Path) -> None:
    """Checkpoints would come after every third part of a batch: they wait for the fourth."""
    task, data = small_task('ade20k'), fake_root('ade20k', tmp_path)
    changes = {**CHANGES, 'accumulation': 2, 'ema': 0.9, 'batch_size': 4}
    whole, twice = (
        Trial(task, data, tmp_path / name, changes=changes) for name in ('whole', 'twice')
    )
    expected = outcome(whole)
    found = outcome(twice, 5, 9)
    assert found.cost['resumed_at'] == 6
    assert_equal(found, expected)


def test_every_kind_has_a_copy() -> None:
    assert set(KINDS.values()) <= set(COPIES)
