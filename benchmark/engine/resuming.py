"""What a resumed training needs to go on as if it had never been interrupted."""

from __future__ import annotations

import random
import time
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from mmengine.dist import all_gather_object, get_rank, get_world_size
from mmengine.hooks import Hook

from benchmark.errors import CheckpointError
from benchmark.registry import HOOKS

if TYPE_CHECKING:
    from mmengine.runner import Runner

_STATES, _SECONDS = 'random_states', 'step_clock'
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


@HOOKS.register_module()
class StepClock(Hook):
    """Measures how long training takes, time before an interruption included."""

    def __init__(self) -> None:
        self._before = 0.0
        self._ends: list[float] = []

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Keep the seconds until now."""
        checkpoint[_SECONDS] = self.seconds

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Go on from the seconds that were kept."""
        self._before = checkpoint.get(_SECONDS, 0.0)

    def before_train(self, runner: Runner) -> None:
        """Start."""
        self._ends = [time.perf_counter()]

    def after_train_iter(self, runner: Runner, *args: object, **kwargs: object) -> None:
        """Note the time."""
        self._ends.append(time.perf_counter())

    @property
    def seconds(self) -> float:
        """Seconds spent in steps, loading of pictures included."""
        return self._before + (self._ends[-1] - self._ends[0] if self._ends else 0.0)

    @property
    def pace(self) -> float:
        """Median seconds of a step, the first ones left out; 0 where there was none."""
        steps = [end - start for start, end in zip(self._ends, self._ends[1:], strict=False)]
        return median(steps[_WARM_UP:] or steps or [0.0])
