"""Monocular depth: the decoder of masked image modelling's depth experiments, and its loss."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.nn import functional

from benchmark.openmmlab.processes import sum_over_processes
from benchmark.registry import MODELS

_SMALLEST = 1e-6
"""Lower bound of predictions in metres, so that the logarithm exists."""


@MODELS.register_module()
class DeconvolutionDepthHead(BaseModule):
    """Predicts depth at the input's size from the deepest map alone.

    After the official code of arXiv 2205.13543: ``deconvolutions`` 2x2 stride-2 deconvolutions
    bring the map to stride 4, a 3x3 convolution follows, then two bilinear doublings, two 3x3
    convolutions and ``sigmoid * max_depth``.

    Args:
        in_channels: channels of the deepest map.
        deconvolutions: how many; a map at stride s needs log2(s / 4).
        width: channels inside the head.
        max_depth: largest depth that can be predicted, in metres.
        mean_depth: what the untrained head predicts everywhere, in metres.
        min_depth: pixels nearer than this, in metres, have no label.
        decoder_width: channels of the convolutions after the deconvolutions, ``width`` unless set.
        is_limited: whether pixels farther than ``max_depth`` have no label either.
        is_small: whether all weights start as normal deviates of 0.001, as in that code, and not
            those of the last convolution alone.
    """

    # what mmseg's estimators read from a head
    num_classes = out_channels = 1
    align_corners = False

    def __init__(
        self,
        *,
        in_channels: int,
        deconvolutions: int,
        max_depth: float,
        mean_depth: float,
        min_depth: float = 1e-3,
        width: int = 32,
        decoder_width: int | None = None,
        is_limited: bool = True,
        is_small: bool = False,
        init_cfg: None = None,
    ) -> None:
        super().__init__(init_cfg)
        inner = decoder_width or width
        self._range = (min_depth, max_depth)
        self._farthest = max_depth if is_limited else math.inf
        self.decoder = _decoder(in_channels, width, inner, deconvolutions)
        self.predictor = _predictor(inner, mean_depth / max_depth)
        if is_small:
            self.apply(_start_small)

    def forward(self, maps: tuple[Tensor, ...]) -> Tensor:
        """Return depth (B, 1, H, W) in metres for maps, the last one being (B, C, H/s, W/s)."""
        features = self.decoder(maps[-1])
        for _ in range(2):
            features = functional.interpolate(features, scale_factor=2.0, mode='bilinear')
        return self.predictor(features).float().sigmoid() * self._range[1]

    def predict(self, maps: tuple[Tensor, ...], metas: list[dict[str, Any]], cfg: Any) -> Tensor:
        """Return the same as :meth:`forward`."""
        return self.forward(maps)

    def loss(self, maps: tuple[Tensor, ...], samples: Sequence[Any], cfg: Any) -> dict[str, Tensor]:
        """Return the scale-invariant logarithmic loss over the batch's labelled pixels."""
        true = torch.stack([sample.gt_depth_map.data for sample in samples])
        is_valid = (true >= self._range[0]) & (true <= self._farthest)
        return {'loss_silog': silog(self.forward(maps), true, is_valid)}


def _decoder(in_channels: int, width: int, inner: int, deconvolutions: int) -> nn.Sequential:
    steps: list[nn.Module] = []
    channels = in_channels
    for _ in range(deconvolutions):
        deconvolution = nn.ConvTranspose2d(channels, width, 2, 2, bias=False)
        steps += [deconvolution, nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
        channels = width
    convolution = nn.Conv2d(channels, inner, 3, padding=1, bias=False)
    return nn.Sequential(*steps, convolution, nn.BatchNorm2d(inner), nn.ReLU(inplace=True))


def _predictor(width: int, mean_share: float) -> nn.Sequential:
    last = nn.Conv2d(width, 1, 3, padding=1)
    # small weights let the bias alone decide where training starts
    nn.init.normal_(last.weight, std=1e-3)
    nn.init.constant_(last.bias, math.log(mean_share / (1 - mean_share)))  # type: ignore[arg-type]
    return nn.Sequential(nn.Conv2d(width, width, 3, padding=1), nn.ReLU(inplace=True), last)


def _start_small(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, std=1e-3)
        # the bias of the last one says where training starts
        if module.bias is not None and module.out_channels > 1:
            nn.init.zeros_(module.bias)


def silog(predicted: Tensor, true: Tensor, is_valid: Tensor) -> Tensor:
    """Return sqrt(mean(g^2) - mean(g)^2 / 2) with g = log true - log predicted, valid pixels only.

    All three have one shape, depth in metres. Means are over the pixels of all processes;
    without a valid one the loss is 0. The square root is that of arXiv 1907.10326 with the weight
    1/2 of arXiv 1406.2283.
    """
    count = sum_over_processes(is_valid.sum())
    if not count:
        return predicted.sum() * 0
    gap = true[is_valid].log() - predicted[is_valid].clamp(min=_SMALLEST).log()
    square, mean = sum_over_processes(torch.stack([gap.square().sum(), gap.sum()])) / count
    # the root's slope is infinite at 0
    return (square - 0.5 * mean.square()).clamp(min=_SMALLEST**2).sqrt()
