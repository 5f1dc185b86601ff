"""Multi-view and single-view pictures: patches that hold features of classes."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from studies.feature_capture.setting import Setting


class Pictures(NamedTuple):
    """Patches (seeds, n, P, d) and classes (seeds, n); feature i is the unit vector i."""

    patches: Tensor
    classes: Tensor


def draw(setting: Setting, single_view: float, generator: torch.Generator) -> Pictures:
    """Return pictures; a share ``single_view`` of them shows only one feature of its class.

    The features are orthonormal; that they are unit vectors loses nothing, since noise and
    initial kernels look alike in every direction.
    """
    shape = (setting.seeds, setting.pictures)
    classes = torch.randint(setting.classes, shape, generator=generator)
    own = torch.stack([2 * classes, 2 * classes + 1], -1)
    features = torch.cat([own, _of_others(setting, classes, generator)], -1)
    weights = torch.cat(
        [
            _own_weights(setting, shape, single_view, generator),
            _uniform(0.2, 0.4, (*shape, setting.others), generator),
        ],
        -1,
    )
    return Pictures(_place_features(setting, features, weights, generator), classes)


def _uniform(low: float, high: float, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    return low + (high - low) * torch.rand(shape, generator=generator)


def _own_weights(
    setting: Setting, shape: tuple[int, ...], single_view: float, generator: torch.Generator
) -> Tensor:
    full = _uniform(1, 1.4, (*shape, 2), generator)
    faint = _uniform(setting.faint, 1.5 * setting.faint, (*shape, 2), generator)
    hidden = torch.randint(2, shape, generator=generator)
    is_single = torch.rand(shape, generator=generator) < single_view
    is_faint = is_single.unsqueeze(-1) & (torch.arange(2) == hidden.unsqueeze(-1))
    return torch.where(is_faint, faint, full)


def _of_others(setting: Setting, classes: Tensor, generator: torch.Generator) -> Tensor:
    """Return features of distinct other classes, (seeds, n, others)."""
    order = torch.rand((*classes.shape, setting.classes - 1), generator=generator).argsort(-1)
    others = (classes.unsqueeze(-1) + 1 + order[..., : setting.others]) % setting.classes
    return 2 * others + torch.randint(2, others.shape, generator=generator)


def _place_features(
    setting: Setting, features: Tensor, weights: Tensor, generator: torch.Generator
) -> Tensor:
    """Return patches with every feature divided unevenly over patches of its own, and noise."""
    seeds, count, held = features.shape
    parts = _uniform(0.7, 1.3, (seeds, count, held, setting.spread), generator)
    amounts = (weights.unsqueeze(-1) * parts / parts.sum(-1, keepdim=True)).flatten(2)
    places = torch.rand((seeds, count, setting.patches), generator=generator).argsort(-1)
    cells = places[..., : held * setting.spread] * setting.dimension
    cells = cells + features.repeat_interleave(setting.spread, -1)
    shape = (seeds, count, setting.patches, setting.dimension)
    noise = setting.noise * torch.randn(shape, generator=generator)
    return noise.flatten(2).scatter_add(2, cells, amounts).reshape(shape)
