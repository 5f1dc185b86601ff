"""The backbones of an analysis, one at a time in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from benchmark.analysis.images import ImageSet
from benchmark.engine.audit import hash_weights
from benchmark.models.inspection import build, inspect_backbone
from benchmark.specs import Backbone, Features


@dataclass(frozen=True)
class Subject:
    """A backbone with its weights, ready to run; ``label`` is what figures call it."""

    backbone: Backbone
    features: Features
    network: Any

    @property
    def id(self) -> str:
        """The backbone's id."""
        return self.backbone.id

    @property
    def label(self) -> str:
        """The title where one is declared, else the id."""
        return self.backbone.title or self.backbone.id

    def facts(self) -> dict[str, Any]:
        """Return what a record says of the backbone."""
        return {
            'id': self.id,
            'title': self.label,
            'source': self.backbone.source,
            'is_random': self.backbone.is_random,
            'family': self.backbone.pretraining.family,
            'method': self.backbone.pretraining.method,
            'architecture': self.features.architecture.value,
            'parameters': self.features.parameters,
            'weights_sha256': hash_weights(self.network),
        }

    def batches(self, images: ImageSet, size: int, device: torch.device) -> Iterator[Tensor]:
        """Yield the normalised pictures, (B, 3, H, W) with B at most ``size``, on ``device``."""
        mean, std = (
            torch.tensor(numbers).view(1, 3, 1, 1)
            for numbers in (self.features.mean, self.features.std)
        )
        pixels = torch.from_numpy(images.pixels).permute(0, 3, 1, 2)
        for part in pixels.split(size):
            yield ((part.float() - mean) / std).to(device)


def open_subject(backbone: Backbone, images: ImageSet, device: torch.device) -> Subject:
    """Return ``backbone`` built for ``images``, loaded and in evaluation mode on ``device``.

    A random backbone gets the same weights every time.

    Raises:
        BenchmarkError: the architecture is unknown or the weights do not load.
    """
    features = inspect_backbone(backbone)
    height, width = images.pixels.shape[1:3]
    torch.manual_seed(0)
    network = build(backbone, size=(height, width) if features.is_fixed else None)
    return Subject(backbone, features, network.to(device).eval())
