"""Lines on the progress of a training."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from mmengine.dist import master_only
from mmengine.hooks import Hook
from torch import Tensor

from benchmark.registry import HOOKS

if TYPE_CHECKING:
    from mmengine.runner import Runner

_LINES = 20


@HOOKS.register_module()
class Progress(Hook):
    """Writes step, loss and the time that is left to standard output, some twenty times."""

    def before_train(self, runner: Runner) -> None:
        """Start counting, after the steps before an interruption."""
        self._first, self._start = runner.iter, time.perf_counter()
        if self._first:
            _say(f'continues after step {self._first} of {runner.max_iters}')

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: object = None,
        outputs: dict[str, Tensor] | None = None,
    ) -> None:
        """Write a line where one is due."""
        done, total = runner.iter + 1, runner.max_iters
        if done % max(1, total // _LINES) == 0 or done == total:
            loss = (outputs or {})['loss'].item()
            left = (time.perf_counter() - self._start) / (done - self._first) * (total - done)
            _say(f'step {done} of {total}, loss {loss:.4f}, {_duration(left)} left')


@master_only
def _say(line: str) -> None:
    sys.stdout.write(f'{line}\n')
    sys.stdout.flush()


def _duration(seconds: float) -> str:
    return f'{seconds:.0f} s' if seconds < 100 else f'{seconds / 60:.0f} min'
