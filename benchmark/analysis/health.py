"""Label-free health of a backbone: what its features of some pictures look like."""

from __future__ import annotations

import importlib
import math
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import torch
from mmengine.dataset import pseudo_collate
from mmengine.registry import MODELS, DefaultScope
from torch import Tensor
from torch.nn.functional import interpolate
from torch.utils.data import DataLoader, Subset

import benchmark.registry  # noqa: F401  (makes 'benchmark.X' known to mmengine)
from benchmark.analysis.attention import measures
from benchmark.analysis.attention.reading import AttentionReader, Map
from benchmark.errors import IncompatibleError
from benchmark.execution.precision import computed_by
from benchmark.kinds.common.opening import opened
from benchmark.probes.reading import read_blocks
from benchmark.statistics.health import health_of, lidar

ATTENTION, LIDAR = 'attention_entropy', 'lidar'
_WITH_ATTENTION = 8
"""How many pictures the entropy of attention is a mean over."""

_WITH_VIEWS, _VIEWS = 64, 8
"""Of how many pictures LiDAR is computed, and from how many views of each."""

_LEAST_AREA = 0.2
_SEED = 0

Config = dict[str, Any]


def health_job(request: Config) -> Config:
    """Return as ``health`` what is measured of the backbone of ``request['config']``.

    The pictures are ``request['count']`` of those that the configuration tests on, evenly spread.
    """
    config = request['config']
    for module in config['custom_imports']:
        importlib.import_module(module)
    scope = DefaultScope.overwrite_default_scope(config['default_scope'])
    with scope, computed_by(config):
        return {'health': _measure(config, request)}


def _measure(config: Config, request: Config) -> dict[str, float | None]:
    device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')
    model = config.get('model', config)
    backbone: Any = MODELS.build(model['backbone']).to(device).eval()
    declared = config.get('preprocessor') or model['data_preprocessor']
    preprocessor: Any = MODELS.build(declared).to(device).eval()
    features: list[Tensor] = []
    views: list[Tensor] = []
    shown: list[Tensor] = []
    draws = torch.Generator().manual_seed(_SEED)
    with torch.no_grad():
        for batch in _batches(config, request['count']):
            images = preprocessor(batch, training=False)['inputs']

            def read(seen: Tensor) -> Tensor:
                maps = read_blocks(backbone, seen, request['stride']).maps
                return maps[-1].mean((2, 3)).double().cpu()

            features.append(read(images))
            if (missing := _WITH_VIEWS - sum(map(len, views))) > 0:
                some = images[:missing]
                seen = [read(random_views(some, draws)) for _ in range(_VIEWS)]
                views.append(torch.stack(seen, dim=1))
            if sum(map(len, shown)) < _WITH_ATTENTION:
                shown.append(images[:_WITH_ATTENTION])
    found = health_of(torch.cat(features).numpy())
    found[LIDAR] = lidar(torch.cat(views).numpy())
    entropy = attention_entropy(
        backbone, shown, stride=request['stride'], is_plain=request['is_plain']
    )
    plain = {name: value if math.isfinite(value) else None for name, value in found.items()}
    return {**plain, ATTENTION: entropy}


def random_views(images: Tensor, draws: torch.Generator) -> Tensor:
    """Return a random crop of each picture at the size of the whole, half of them mirrored.

    A crop has between a fifth and all of the area. The normalised pictures are cropped, so that
    views need no data of their own.

    Args:
        images: (B, 3, H, W).
        draws: where the random numbers come from.
    """
    height, width = images.shape[-2:]
    found: list[Tensor] = []
    for image in images:
        share, top, left, side = torch.rand(4, generator=draws).tolist()
        scale = math.sqrt(_LEAST_AREA + (1 - _LEAST_AREA) * share)
        rows, columns = max(1, round(scale * height)), max(1, round(scale * width))
        y, x = int(top * (height - rows + 1)), int(left * (width - columns + 1))
        crop = image[None, :, y : y + rows, x : x + columns]
        view = interpolate(crop, (height, width), mode='bilinear', align_corners=False)
        found.append(view.flip(-1) if side < 0.5 else view)
    return torch.cat(found)


def _batches(config: Config, count: int) -> Iterator[Any]:
    """Yield batches of pictures of the configuration's test split, evenly spread over it."""
    loading = config['test_dataloader']
    dataset = opened(of=loading['dataset'])
    most = min(count, len(dataset))
    chosen = [int(place) for place in np.linspace(0, len(dataset) - 1, most)]
    yield from DataLoader(Subset(dataset, chosen), loading['batch_size'], collate_fn=pseudo_collate)


def attention_entropy(
    backbone: Any, batches: list[Tensor], *, stride: int, is_plain: bool
) -> float | None:
    """Return the entropy of attention in nats, the mean over layers, heads and queries.

    ``None`` for a network whose attention cannot be read, or that has none.

    Args:
        backbone: the network, in evaluation mode.
        batches: pictures (B, 3, H, W) as the network takes them.
        stride: stride of its deepest map in pixels.
        is_plain: whether it is a plain ViT.
    """
    layers: dict[str, list[float]] = {}
    receive = partial(_take, layers)
    try:
        reader = AttentionReader(
            backbone, name='backbone', stride=stride, is_plain=is_plain, receive=receive
        )
        for images in batches:
            reader.read(images)
    except IncompatibleError:
        return None
    means = [sum(values) / len(values) for values in layers.values()]
    return sum(means) / len(means) if means else None


def _take(layers: dict[str, list[float]], found: Map) -> None:
    allowed = found.layout.allowed.to(found.values.device)
    attention, counts = measures.restrict(found.values, allowed)
    average = measures.averages(measures.entropy(attention), counts)
    layers.setdefault(found.layer, []).append(float(average.nanmean()))
