"""A moving average of the weights, which the test scores in their place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mmengine.hooks import EMAHook

from benchmark.registry import HOOKS

if TYPE_CHECKING:
    from mmengine.runner import Runner


@HOOKS.register_module()
class WeightAverage(EMAHook):
    """Averages the weights after every step of the optimiser; the first step's are the start.

    Args:
        decay: what the average keeps at a step.
        parts: number of iterations per batch; the optimiser steps in the last one.
    """

    def __init__(self, *, decay: float, parts: int = 1) -> None:
        super().__init__(momentum=1 - decay)
        self._parts = parts
        self._is_made = False

    def before_run(self, runner: Runner) -> None:
        """Make the average, once: mmengine's runner calls this before the test too."""
        if not self._is_made:
            super().before_run(runner)
        self._is_made = True

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: dict[str, Any] | None = None,
    ) -> None:
        """Take the weights in when the optimiser has made a step."""
        if (runner.iter + 1) % self._parts == 0:
            super().after_train_iter(runner, batch_idx, data_batch, outputs)
