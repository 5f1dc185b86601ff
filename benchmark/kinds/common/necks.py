"""Necks: from a backbone's maps to what a head expects."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.nn import functional

from benchmark.registry import MODELS

_EPS = 1e-6
"""Epsilon of variances: far below that of features a hundred times smaller than usual."""


@MODELS.register_module()
class PooledFeatures(BaseModule):
    """The deepest map averaged over space, then normalised per image or per channel.

    Args:
        channels: channels of the deepest map.
        norm: ``'layer'`` as MAE's fine-tuning does, ``'batch'`` (without learnt scale) as its
            linear probing does (arXiv 2111.06377, appendix A).
    """

    def __init__(self, *, channels: int, norm: str, init_cfg: None = None) -> None:
        super().__init__(init_cfg)
        self.norm = {
            'layer': lambda: nn.LayerNorm(channels, eps=_EPS),
            'batch': lambda: _BatchNorm1d(channels, affine=False, eps=_EPS),
        }[norm]()

    def forward(self, maps: tuple[Tensor, ...]) -> tuple[Tensor]:
        """Return features (B, C) of the last map (B, C, h, w)."""
        return (self.norm(maps[-1].mean(dim=(2, 3))),)


class _BatchNorm1d(nn.BatchNorm1d):
    """Batch norm that uses the running statistics for a batch of one."""

    def forward(self, features: Tensor) -> Tensor:
        if self.training and len(features) == 1:
            return functional.batch_norm(
                features, self.running_mean, self.running_var, eps=self.eps
            )
        return super().forward(features)


@MODELS.register_module()
class WhitenedMaps(BaseModule):
    """Every map normalised per channel, without a learnt scale, then the next neck, if any.

    Heads that start from random weights learn at one rate whatever the scale of a backbone's
    features. Statistics are those of the batch in training, their moving averages in testing.

    Args:
        channels: channels of each map.
        then: configuration of the neck that gets the whitened maps; ``None`` for none.
    """

    def __init__(
        self,
        *,
        channels: Sequence[int],
        then: dict[str, Any] | None = None,
        init_cfg: None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.norms = nn.ModuleList(nn.BatchNorm2d(c, affine=False, eps=_EPS) for c in channels)
        self.then = None if then is None else MODELS.build(then)

    def forward(self, maps: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Return the whitened maps (B, C, h, w), or the output of the next neck on them."""
        whitened = tuple(norm(item) for norm, item in zip(self.norms, maps, strict=True))
        found: tuple[Tensor, ...] = whitened if self.then is None else self.then(whitened)
        return found


@MODELS.register_module()
class SimplePyramid(BaseModule):
    """Maps at several strides from the deepest map alone: ViTDet's simple feature pyramid.

    After arXiv 2203.16527, section 3: the map is brought up by 2x2 stride-2 deconvolutions or
    down by max pooling, then each level passes a 1x1 and a 3x3 convolution, both layer-normed.
    A native stride that is no power of two (14, say) is first resampled bilinearly to the
    nearest one, such that pixel centres stay where they are.

    Args:
        in_channels: channels of the deepest map.
        in_stride: its stride in pixels.
        out_channels: channels of every level.
        strides: strides of the levels in pixels, powers of two, rising.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        in_stride: int,
        out_channels: int,
        strides: Sequence[int],
        init_cfg: None = None,
    ) -> None:
        super().__init__(init_cfg)
        self._base = 2 ** round(math.log2(in_stride))
        self._in_stride = in_stride
        self.levels = nn.ModuleList(
            _level(in_channels, out_channels, self._base, stride) for stride in strides
        )

    def forward(self, maps: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Return one map (B, out_channels, H / s, W / s) per stride s for an input of H x W px."""
        base = resample(maps[-1], self._in_stride, self._base)
        return tuple(level(base) for level in self.levels)


@MODELS.register_module()
class ResampledMap(BaseModule):
    """The deepest map, resampled so that pixel centres stay where they are.

    Args:
        in_stride: its native stride in pixels.
        out_stride: the wanted one.
    """

    def __init__(self, *, in_stride: int, out_stride: int, init_cfg: None = None) -> None:
        super().__init__(init_cfg)
        self._in_stride = in_stride
        self._out_stride = out_stride

    def forward(self, maps: tuple[Tensor, ...]) -> tuple[Tensor]:
        """Return the last map (B, C, h, w) as (B, C, h', w') with h' = floor(h * in / out)."""
        return (resample(maps[-1], self._in_stride, self._out_stride),)


def resample(features: Tensor, stride: int, target: int) -> Tensor:
    """Return a map (B, C, h, w) of ``stride`` px bilinearly resampled to ``target`` px.

    The centre of output cell j lies at input coordinate (j + 1/2) * target / stride - 1/2, so
    boxes in pixels keep their place. Cells beyond the last whole one are cut.
    """
    if stride == target:
        return features
    return functional.interpolate(
        features,
        scale_factor=stride / target,
        mode='bilinear',
        align_corners=False,
        recompute_scale_factor=False,
    )


def _level(in_channels: int, out_channels: int, base: int, stride: int) -> nn.Sequential:
    channels = in_channels
    steps: list[nn.Module] = []
    size = base
    while size > stride:
        narrow = max(channels // 2, out_channels)
        steps += [nn.ConvTranspose2d(channels, narrow, 2, 2)]
        channels, size = narrow, size // 2
        if size > stride:
            steps += [_LayerNorm2d(channels), nn.GELU()]
    while size < stride:
        steps += [nn.MaxPool2d(2)]
        size *= 2
    return nn.Sequential(*steps, *_projection(channels, out_channels))


def _projection(in_channels: int, out_channels: int) -> list[nn.Module]:
    return [
        nn.Conv2d(in_channels, out_channels, 1, bias=False),
        _LayerNorm2d(out_channels),
        nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False),
        _LayerNorm2d(out_channels),
    ]


class _LayerNorm2d(nn.LayerNorm):
    """Layer norm over the channels of (B, C, h, w)."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, eps=1e-6)

    def forward(self, features: Tensor) -> Tensor:
        return super().forward(features.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
