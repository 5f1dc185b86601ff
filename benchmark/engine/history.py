"""Loss curves, every term by itself."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mmengine.dist import all_reduce
from mmengine.hooks import Hook
from torch import Tensor

from benchmark.errors import BenchmarkError
from benchmark.registry import HOOKS

if TYPE_CHECKING:
    from mmengine.runner import Runner

_KEPT = 'loss_history'


@HOOKS.register_module()
class LossHistory(Hook):
    """Keeps the mean of every loss term over intervals of iterations.

    Args:
        interval: iterations per point of the curve.
        kept: what a term's name must hold one of, for the term to be kept.

    Raises:
        BenchmarkError: during training, when a loss is not a finite number.
    """

    def __init__(self, *, interval: int, kept: Sequence[str] = ('loss',)) -> None:
        self._interval = interval
        self._names = tuple(kept)
        self._window: dict[str, list[float]] = defaultdict(list)
        self.curves: dict[str, list[float]] = defaultdict(list)
        self.first_iteration: int | None = None

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Keep the curves in the checkpoint, so that a resumed training continues them."""
        checkpoint[_KEPT] = {'curves': dict(self.curves), 'window': dict(self._window)}

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Continue the curves of the training that is resumed."""
        kept = checkpoint.get(_KEPT, {'curves': {}, 'window': {}})
        self.curves = defaultdict(list, kept['curves'])
        self._window = defaultdict(list, kept['window'])

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: object = None) -> None:
        """Remember where training began: above 0 when it was resumed."""
        if self.first_iteration is None:
            self.first_iteration = runner.iter

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: object = None,
        outputs: dict[str, Tensor] | None = None,
    ) -> None:
        """Add the iteration's losses; close the interval when it is full."""
        for name, value in (outputs or {}).items():
            if any(part in name for part in self._names):
                # the mean over the processes that share the batch
                shared = value.detach().float().clone()
                all_reduce(shared, 'mean')
                self._window[name].append(self._finite(name, shared.item(), runner.iter))
        if (runner.iter + 1) % self._interval == 0:
            self._close(runner.iter + 1)

    def _finite(self, name: str, value: float, iteration: int) -> float:
        if not math.isfinite(value):
            raise BenchmarkError(f'{name} became {value} at iteration {iteration + 1}: lower lr')
        return value

    def _close(self, iteration: int) -> None:
        self.curves['iteration'].append(float(iteration))
        for name, values in self._window.items():
            self.curves[name].append(round(sum(values) / len(values), 6))
        self._window.clear()
