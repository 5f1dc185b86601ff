"""Steps of training that never wait for the device."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import torch
from mmengine.hooks import RuntimeInfoHook
from mmengine.optim import OptimWrapper
from torch import nn

from benchmark.registry import HOOKS, OPTIM_WRAPPERS


@OPTIM_WRAPPERS.register_module()
class StepWrapper(OptimWrapper):
    """mmengine's wrapper without a wait per step, with the forward pass under autocast if asked.

    bfloat16 has the range of single precision, so that losses are not scaled. mmengine's own
    wrapper for mixed precision scales them, and with that waits for the device at every step.

    Args:
        arguments: those of mmengine's wrapper.
        autocast: the format of autocast, such as ``'bfloat16'``; ``None`` for single precision.

    Attributes:
        grad_norm: norm of the gradient before the last step, still on the device; ``None`` where
            it is not clipped.
    """

    def __init__(self, *arguments: Any, autocast: str | None = None, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._format = None if autocast is None else getattr(torch, autocast)
        self.grad_norm: torch.Tensor | None = None

    @contextlib.contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """Return the block in which the losses of ``model`` are computed."""
        with super().optim_context(model), in_format(self._format, next(model.parameters()).device):
            yield

    def _clip_grad(self) -> None:
        found = [
            parameter
            for group in self.optimizer.param_groups
            for parameter in group['params']
            if parameter.requires_grad and parameter.grad is not None
        ]
        if found:
            self.grad_norm = self.clip_func(found, **self.clip_grad_kwargs)


def in_format(
    dtype: torch.dtype | None, device: torch.device
) -> contextlib.AbstractContextManager[Any]:
    """Return the block that runs under autocast to ``dtype``; ``None`` changes nothing."""
    return contextlib.nullcontext() if dtype is None else torch.autocast(device.type, dtype=dtype)


@HOOKS.register_module()
class RuntimeInfo(RuntimeInfoHook):
    """mmengine's facts for the log, except for losses: :class:`LossHistory` reads these."""

    def after_train_iter(self, *arguments: Any, **named: Any) -> None:
        """Leave the losses on the device."""
