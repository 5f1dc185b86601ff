"""How a backbone is executed: precision, recomputed activations, compilation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from mmengine.hooks import Hook
from torch import Tensor, nn

from benchmark.engine.audit import bare
from benchmark.errors import IncompatibleError
from benchmark.registry import HOOKS

if TYPE_CHECKING:
    from mmengine.runner import Runner


@HOOKS.register_module()
class BackboneExecution(Hook):
    """Changes how the backbone is executed in training and test, on a CPU and on a GPU.

    Heads stay in single precision, in which their losses and post-processing are written.

    Args:
        precision: ``'bf16'`` runs the backbone under autocast and hands out single precision.
        checkpointing: keep no activations of the blocks, recompute them in the backward pass.
        compiled: compile the backbone with ``torch.compile``.

    Raises:
        IncompatibleError: before a run, when the network cannot recompute activations; at its first
            step, when it cannot be compiled, as on a CPU without a C++ compiler.
    """

    priority = 'VERY_HIGH'

    def __init__(
        self, *, precision: str | None = None, checkpointing: bool = False, compiled: bool = False
    ) -> None:
        self._precision = precision
        self._checkpointing = checkpointing
        self._compiled = compiled
        self._is_done = False

    def before_run(self, runner: Runner) -> None:
        """Apply the changes to the model's backbone, once: a test is another run."""
        if self._is_done:
            return
        self._is_done = True
        model: Any = bare(runner.model)
        backbone = model.backbone
        if self._checkpointing:
            _recompute(backbone.network)
        forward = _compiled(backbone.forward) if self._compiled else backbone.forward
        if self._precision == 'bf16':
            backbone.forward = _in_bfloat16(forward)
        elif self._compiled:
            backbone.forward = forward


def _recompute(network: nn.Module) -> None:
    switch: Any = getattr(network, 'set_grad_checkpointing', None)
    try:
        if switch is None:
            raise AssertionError('it has no such switch')
        switch(enable=True)
    except AssertionError as error:  # how timm says that a family cannot
        raise IncompatibleError(
            f'{type(network).__name__} cannot recompute activations ({error}): set checkpointing '
            'to False'
        ) from None


def _compiled(forward: Any) -> Any:
    from torch._dynamo.exc import TorchDynamoException  # seconds, for few runs

    compiled = torch.compile(forward)

    def run(images: Tensor) -> tuple[Tensor, ...]:
        try:
            maps: tuple[Tensor, ...] = compiled(images)
        except TorchDynamoException as error:
            reason = str(error).strip().splitlines()[0]
            raise IncompatibleError(
                f'the backbone cannot be compiled here ({reason}): set compiled to False'
            ) from None
        return maps

    return run


def _in_bfloat16(forward: Any) -> Any:
    def run(images: Tensor) -> tuple[Tensor, ...]:
        with torch.autocast(images.device.type, dtype=torch.bfloat16):
            maps = forward(images)
        return tuple(m.float() for m in maps)

    return run
