"""Loss curves, every term by itself."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from mmengine.dist import all_reduce
from mmengine.hooks import Hook
from torch import Tensor

from benchmark.errors import BenchmarkError
from benchmark.registry import HOOKS

if TYPE_CHECKING:
    from mmengine.runner import Runner

_KEPT, _NORM = 'loss_history', 'grad_norm'
_BLOCK = 20
"""Steps whose losses are read from a GPU together."""


@HOOKS.register_module()
class LossHistory(Hook):
    """Keeps the mean of every loss term over intervals of iterations.

    Losses are read in blocks: every reading makes the processor wait for the device. The values
    also go to mmengine's log.

    Args:
        interval: iterations per point of the curve.
        kept: what a term's name must hold one of, for the term to be kept.
        block: iterations whose losses are read together; by default 1 on a CPU, where reading is
            free, and 20 on a GPU.

    Raises:
        BenchmarkError: during training, when a loss is not a finite number; at the end of the
            block in which that happens.
    """

    def __init__(
        self, *, interval: int, kept: Sequence[str] = ('loss',), block: int | None = None
    ) -> None:
        self._interval = interval
        self._names = tuple(kept)
        self._block = block
        self._waiting: list[tuple[int, dict[str, Tensor]]] = []
        self._window: dict[str, list[float]] = defaultdict(list)
        self.curves: dict[str, list[float]] = defaultdict(list)
        self.first_iteration: int | None = None

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Keep the curves in the checkpoint, so that a resumed training continues them."""
        self._read(runner)
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
        """Add the iteration's losses, and read them when the block is full."""
        terms = {name: value.detach().float() for name, value in (outputs or {}).items()}
        norm = getattr(runner.optim_wrapper, 'grad_norm', None)
        if norm is not None:
            terms[_NORM] = norm.detach()
        self._waiting.append((runner.iter + 1, terms))
        if len(self._waiting) >= self._most(terms):
            self._read(runner)

    def after_train(self, runner: Runner) -> None:
        """Read what is left, so that a loss that is not finite is not missed."""
        self._read(runner)

    def _most(self, terms: dict[str, Tensor]) -> int:
        if self._block is not None:
            return self._block
        return _BLOCK if any(value.is_cuda for value in terms.values()) else 1

    def _read(self, runner: Runner) -> None:
        """Take in the losses of the steps that wait; close the intervals that they fill."""
        steps, self._waiting = self._waiting, []
        values = iter(_means([value for _, terms in steps for value in terms.values()]))
        for iteration, terms in steps:
            for name in terms:
                value = next(values)
                runner.message_hub.update_scalar(f'train/{name}', value)
                if any(part in name for part in self._names):
                    self._window[name].append(self._finite(name, value, iteration))
            if iteration % self._interval == 0:
                self._close(iteration)

    def _finite(self, name: str, value: float, iteration: int) -> float:
        if not math.isfinite(value):
            raise BenchmarkError(f'{name} became {value} at iteration {iteration}: lower lr')
        return value

    def _close(self, iteration: int) -> None:
        self.curves['iteration'].append(float(iteration))
        for name, values in self._window.items():
            self.curves[name].append(round(sum(values) / len(values), 6))
        self._window.clear()


def _means(values: list[Tensor]) -> list[float]:
    """Return the mean of each value over the processes that share a batch."""
    if not values:
        return []
    shared = torch.stack([value.to(values[0].device, non_blocking=True) for value in values])
    all_reduce(shared, 'mean')
    found: list[float] = shared.tolist()
    return found
