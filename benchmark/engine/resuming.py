"""What a resumed training needs to go on as if it had never been interrupted."""

from __future__ import annotations

import itertools
import logging
import sys
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

from mmengine.dist import barrier, broadcast_object_list, get_world_size, master_only
from mmengine.hooks import Hook

from benchmark import stopping
from benchmark.registry import HOOKS
from benchmark.results.checkpoints import draft_of, keep

if TYPE_CHECKING:
    from mmengine.runner import Runner

_SECONDS = 'time_spent'
_WARM_UP = 3

SECONDS_APART = 600.0
"""Most time between two checkpoints."""


@HOOKS.register_module()
class Checkpoints(Hook):
    """Saves everything that a training needs to continue, at intervals of steps and time.

    What is drawn follows from the step, so that no state of a generator is among it. Checkpoints
    are taken after a step of the optimiser: gradients that wait for more parts of a batch are not
    kept. Where the process is asked to stop, one is taken and the training left. A
    checkpoint that cannot be written is left out, with a line in the log.

    Args:
        interval: steps between checkpoints; below 1, only time counts.
        seconds: time after which one is taken anyway.
    """

    # after hooks that set generators before training or keep curves, before the audit's end
    priority = 'VERY_LOW'

    def __init__(self, *, interval: int, seconds: float = SECONDS_APART) -> None:
        self._interval = interval if interval > 0 else sys.maxsize
        self._seconds = seconds
        self._last = (0, time.monotonic())
        self._stops = False

    def before_train(self, runner: Runner) -> None:
        """Start counting."""
        self._last = (runner.iter, time.monotonic())

    def after_train_iter(self, runner: Runner, *args: object, **kwargs: object) -> None:
        """Keep a checkpoint where one is due."""
        done = runner.iter + 1
        self._stops = False
        if done % runner.optim_wrapper._accumulative_counts and done < runner.max_iters:
            return
        if self._is_due(done, runner.max_iters):
            self._save(runner, done)
            self._last = (done, time.monotonic())
        if self._stops:
            barrier()  # the first process writes
            stopping.end()

    def _is_due(self, done: int, total: int) -> bool:
        """Whether a checkpoint follows step ``done``, as the first of the processes decides."""
        before, at = self._last
        is_due = (
            done == total
            or done // self._interval > before // self._interval
            or time.monotonic() - at >= self._seconds
        )
        agreed = [is_due, stopping.is_asked()]
        if get_world_size() > 1:
            broadcast_object_list(agreed)
        self._stops = agreed[1]
        return any(agreed)

    @master_only
    def _save(self, runner: Runner, done: int) -> None:
        folder = Path(runner.work_dir)
        draft = draft_of(folder)
        try:
            meta = {'epoch': runner.epoch, 'iter': done}
            runner.save_checkpoint(str(folder), draft.name, meta=meta, by_epoch=False)
            keep(folder, done)
        except OSError as error:
            draft.unlink(missing_ok=True)
            logging.getLogger(__name__).warning(
                '%s: no checkpoint after step %d (%s)', folder, done, error.strerror or error
            )


class Spent(NamedTuple):
    """Wall time and processor time of this process in seconds; they differ under load."""

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
