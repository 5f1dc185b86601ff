"""A request to pretrain: which architecture learns from which pictures, how, and for how long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from benchmark.specs import Backbone, Features

Config = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Pretrain:
    """What one training is compiled from.

    Attributes:
        method: a key of ``METHODS``.
        encoder: registered name of the module that shows pictures to the network.
        backbone: the architecture; its weights, if it has any, are not used.
        features: its feature maps: widths, and the input normalisation.
        data_root: folder of the pictures.
        annotations: file with one ``picture label`` per line, relative to ``data_root``.
        classes: number of labels; used by methods with labels alone.
        size: height and width of what the network sees, in pixels.
        passes: pictures seen in total, one counted each time.
        batch_size: pictures per step.
        lr: largest learning rate of AdamW.
        mask_ratio: share of the patches to hide; ``None`` for what the method's paper has.
        seed: of initialisation, order, augmentation and masks.
    """

    method: str
    encoder: str
    backbone: Backbone
    features: Features
    data_root: str
    annotations: str
    classes: int
    size: int
    passes: int
    batch_size: int = 32
    lr: float = 1e-3
    mask_ratio: float | None = None
    seed: int = 0

    @property
    def iterations(self) -> int:
        """Number of optimiser steps."""
        return max(1, self.passes // self.batch_size)

    @property
    def architecture(self) -> Config:
        """Which network is built, and how."""
        source = self.backbone.source_at(str(self.backbone.code))
        return {'source': source, 'options': dict(self.backbone.options)}

    @property
    def fixed_size(self) -> Config:
        """The picture size as an argument, for a network that takes one size only."""
        return {'size': (self.size, self.size)} if self.features.is_fixed else {}

    @property
    def stride(self) -> int:
        """Stride of the deepest map in pixels."""
        return self.features.strides[-1]
