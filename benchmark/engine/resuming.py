"""What a resumed training needs to go on as if it had never been interrupted."""

from __future__ import annotations

import itertools
import random
import time
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from mmengine.dist import all_gather_object, get_rank, get_world_size
from mmengine.hooks import Hook

from benchmark.errors import CheckpointError
from benchmark.registry import HOOKS

if TYPE_CHECKING:
    from mmengine.runner import Runner

_STATES, _SECONDS = 'random_states', 'time_spent'
_WARM_UP = 3


@HOOKS.register_module()
class RandomStates(Hook):
    """Keeps the states of the random generators of all processes in checkpoints.

    A resumed training then draws what an uninterrupted one would. What workers of data loaders
    draw is not kept.

    Args:
        interval: steps between checkpoints.

    Raises:
        CheckpointError: when a training is resumed by another number of processes.
    """

    # after hooks that set generators before training, before the one that saves
    priority = 'LOW'

    def __init__(self, *, interval: int) -> None:
        self._interval = interval
        self._kept: list[dict[str, Any]] = []
        self._restored: dict[str, Any] | None = None

    def after_train_iter(self, runner: Runner, *args: object, **kwargs: object) -> None:
        """Collect the states where a checkpoint follows."""
        if (runner.iter + 1) % self._interval == 0 or runner.iter + 1 == runner.max_iters:
            self._kept = all_gather_object(_states())

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Put the states into the checkpoint."""
        checkpoint[_STATES] = self._kept

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Take this process's states out of the checkpoint."""
        kept = checkpoint.get(_STATES, [])
        if len(kept) != get_world_size():
            raise CheckpointError(
                f'{runner.work_dir}: the training there was begun by {len(kept)} processes, '
                f'now there are {get_world_size()}'
            )
        self._kept, self._restored = kept, kept[get_rank()]

    def before_train(self, runner: Runner) -> None:
        """Restore what the data are drawn with."""
        if self._restored is not None:
            random.setstate(self._restored['python'])
            np.random.set_state(self._restored['numpy'])

    def before_train_iter(self, runner: Runner, *args: object, **kwargs: object) -> None:
        """Restore torch's state, of which making the data loader's iterator takes a draw."""
        if self._restored is not None:
            torch.set_rng_state(self._restored['torch'].cpu())
            if torch.cuda.is_available():  # not run on a GPU
                torch.cuda.set_rng_state(self._restored['cuda'].cpu())
            self._restored = None


def _states() -> dict[str, Any]:
    return {
        'python': random.getstate(),
        'numpy': np.random.get_state(),
        'torch': torch.get_rng_state(),
        **({'cuda': torch.cuda.get_rng_state()} if torch.cuda.is_available() else {}),
    }


class Spent(NamedTuple):
    """Seconds by the clock, and by the processors of this process; these tell load apart."""

    seconds: float
    cpu_seconds: float


@HOOKS.register_module()
class StepClock(Hook):
    """Measures how long training takes, time before an interruption included."""

    def __init__(self) -> None:
        self._before = Spent(0.0, 0.0)
        self._ends: list[Spent] = []

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Keep the seconds until now."""
        checkpoint[_SECONDS] = tuple(self.spent)

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Go on from the seconds that were kept."""
        self._before = Spent(*checkpoint.get(_SECONDS, (0.0, 0.0)))

    def before_train(self, runner: Runner) -> None:
        """Start."""
        self._ends = [_now()]

    def after_train_iter(self, runner: Runner, *args: object, **kwargs: object) -> None:
        """Note the time."""
        self._ends.append(_now())

    @property
    def spent(self) -> Spent:
        """What all steps took, loading of pictures included."""
        first, last = self._ends[0], self._ends[-1]
        return Spent(*(b + y - x for b, x, y in zip(self._before, first, last, strict=True)))

    @property
    def pace(self) -> Spent:
        """The median of a step, the first ones left out; 0 where there was none."""
        steps = [
            [y - x for x, y in zip(start, end, strict=True)]
            for start, end in itertools.pairwise(self._ends)
        ]
        counted = steps[_WARM_UP:] or steps or [[0.0, 0.0]]
        return Spent(*map(median, zip(*counted, strict=True)))


def _now() -> Spent:
    return Spent(time.perf_counter(), time.process_time())
