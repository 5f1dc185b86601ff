"""Optimisers that torch lacks, as timm implements them, under names that configurations know."""

from __future__ import annotations

from typing import Any

from timm.optim import lamb, lars

from benchmark.registry import OPTIMIZERS

_NO_CLIPPING = 1e7
"""A largest gradient norm that nothing reaches: clipping is a matter of the recipe."""


@OPTIMIZERS.register_module()
class Lamb(lamb.Lamb):
    """LAMB (arXiv 1904.00962) as SparK's fine-tuning sets it up.

    Every parameter's step is scaled by its trust ratio, moments are not corrected for their start,
    and gradients are not clipped. Takes timm's arguments.
    """

    def __init__(self, params: Any, **arguments: Any) -> None:
        fixed = {'max_grad_norm': _NO_CLIPPING, 'always_adapt': True, 'bias_correction': False}
        super().__init__(params, **fixed | arguments)


@OPTIMIZERS.register_module()
class Lars(lars.Lars):
    """LARS (arXiv 1708.03888) with timm's arguments."""
