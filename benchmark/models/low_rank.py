"""LoRA: what a frozen network's layers compute, plus a product of two small trained matrices."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from benchmark.registry import MODELS


@MODELS.register_module()
class LowRank(nn.Module):
    """Adds a trained low-rank change to every linear layer of a network (arXiv 2106.09685).

    A network without linear layers gets one for every convolution without groups: a convolution
    of the same kernel to ``rank`` channels and one of 1 x 1 from there. The change is 0 at first.
    A linear layer inside of torch's attention is left alone, which reads its weight without
    calling it.

    Args:
        rank: inner width of the product.
        scale: factor on the change.
    """

    def __init__(self, *, rank: int, scale: float) -> None:
        super().__init__()
        self._rank = rank
        self._scale = scale
        self.changes = nn.ModuleList()

    def attach(self, network: nn.Module) -> None:
        """Add the changes to what the layers of ``network`` return."""
        for layer in _linear_layers(network) or _convolutions(network):
            change = self._change(layer)
            self.changes.append(change)
            layer.register_forward_hook(_adding(change, self._scale))

    def _change(self, layer: nn.Module) -> nn.Sequential:
        down: nn.Module
        up: nn.Module
        if isinstance(layer, nn.Conv2d):
            down = nn.Conv2d(
                layer.in_channels,
                self._rank,
                layer.kernel_size,  # type: ignore[arg-type]
                layer.stride,  # type: ignore[arg-type]
                layer.padding,  # type: ignore[arg-type]
                layer.dilation,  # type: ignore[arg-type]
                bias=False,
            )
            up = nn.Conv2d(self._rank, layer.out_channels, 1, bias=False)
        else:
            assert isinstance(layer, nn.Linear)
            down = nn.Linear(layer.in_features, self._rank, bias=False)
            up = nn.Linear(self._rank, layer.out_features, bias=False)
        nn.init.zeros_(up.weight)
        return nn.Sequential(down, up)


def _linear_layers(network: nn.Module) -> list[nn.Module]:
    attentions = [part for part in network.modules() if isinstance(part, nn.MultiheadAttention)]
    never_called = {id(part) for attention in attentions for part in attention.modules()}
    return [
        part
        for part in network.modules()
        if isinstance(part, nn.Linear) and id(part) not in never_called
    ]


def _convolutions(network: nn.Module) -> list[nn.Module]:
    return [part for part in network.modules() if isinstance(part, nn.Conv2d) and part.groups == 1]


def _adding(change: nn.Module, scale: float) -> Any:
    def hook(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
        return torch.add(output, change(inputs[0]), alpha=scale)

    return hook
