"""Convolutional networks with sparse input: the encoder of SparK (arXiv 2301.03580)."""

from __future__ import annotations

from typing import Any

import torch
from mmpretrain.models.utils.sparse_modules import SparseHelper
from timm.models.convnext import ConvNeXt
from timm.models.resnet import ResNet
from torch import Tensor, nn

from benchmark.errors import IncompatibleError
from benchmark.models import FeatureBackbone
from benchmark.registry import MODELS

_SPATIAL = (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d)


@MODELS.register_module()
class SparseConvNet(FeatureBackbone):
    """A convolutional network whose masked positions stay zero in every layer.

    That equals sparse convolution over the visible positions, which mmpretrain's SparK sets in
    every step.

    Args:
        source: the network, as ``'timm:NAME'``.
        options: further arguments of the architecture.

    Raises:
        IncompatibleError: the network cannot be made sparse.
    """

    def __init__(self, *, source: str, options: dict[str, Any]) -> None:
        super().__init__(source=source, options=options, random=True)
        if reason := self.refusal(self.body):
            raise IncompatibleError(f'{source} {reason}')
        # by their number SparK makes its own parts
        self.out_indices = tuple(range(len(self._strides)))
        for module in self.body.modules():
            if isinstance(module, _SPATIAL):
                module.register_forward_pre_hook(_hide)
            elif isinstance(module, nn.BatchNorm2d):
                module.__class__ = _SeenBatchNorm

    @classmethod
    def refusal(cls, network: nn.Module) -> str:
        """Return why the encoder does not fit ``network``; empty if it fits."""
        if not isinstance(network, ResNet | ConvNeXt):
            return 'is not a ResNet or ConvNeXt of timm'
        norms = {type(m) for m in network.modules() if isinstance(m, nn.BatchNorm2d)}
        if norms - {nn.BatchNorm2d}:
            return 'has a batch norm of its own kind'
        return ''


def _visible_mask(maps: Tensor) -> Tensor:
    """Return (B, 1, H, W), true where maps (B, C, H, W) are seen."""
    active: Tensor = SparseHelper._cur_active
    factor = maps.shape[-1] // active.shape[-1]
    return active.repeat_interleave(factor, 2).repeat_interleave(factor, 3)


def _hide(module: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor]:
    return (torch.where(_visible_mask(inputs[0]), inputs[0], 0),)


class _SeenBatchNorm(nn.BatchNorm2d):
    """Batch norm over the places that are seen."""

    def forward(self, maps: Tensor) -> Tensor:
        """Return maps (B, C, H, W), zero where they are hidden."""
        places = _visible_mask(maps).squeeze(1)
        values = maps.permute(0, 2, 3, 1)[places]
        normalised = super().forward(values.T[None, ..., None])[0, ..., 0].T
        whole = normalised.new_zeros((*places.shape, maps.shape[1]))
        return whole.masked_scatter(places.unsqueeze(-1), normalised).permute(0, 3, 1, 2)
