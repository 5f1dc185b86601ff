"""Measure the attention of backbones over a set of pictures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from benchmark.analysis.attention import measures
from benchmark.analysis.attention.figure import draw
from benchmark.analysis.attention.layout import Layout
from benchmark.analysis.attention.reading import AttentionReader, Map, does_not_apply
from benchmark.analysis.attention.values import LayerValues
from benchmark.analysis.findings import Finding
from benchmark.analysis.heads import key_numbers
from benchmark.analysis.images import ImageSet
from benchmark.analysis.subjects import Subject, open_subject
from benchmark.models.inspection import inspect_backbone
from benchmark.specs import Architecture, Backbone

DISTANCE, ENTROPY, DIVERGENCE = 'distance', 'entropy', 'divergence'
UNITS = {DISTANCE: 'px', ENTROPY: 'nat', DIVERGENCE: 'nat'}

_CAPTION = (
    'Small dots are single heads (distance and entropy) or ordered pairs of heads (divergence), '
    'each the mean over pictures and queries; large dots are means over the heads of a layer. '
    'Distance is how far the attended keys are from the query, in pixels of the input, weighted '
    'by attention. The dashed line shows uniform attention over all keys that a query can reach. '
    'Class tokens, register tokens, padding and neighbours across the cyclic shift are left out, '
    'and the remaining attention is rescaled to sum to 1. Divergence is KL(head h || head k).'
)


def analyse(
    backbones: Sequence[Backbone], images: ImageSet, *, batch_size: int, device: torch.device
) -> Finding:
    """Return distance, entropy and divergence of every head of ``backbones`` on ``images``.

    Args:
        backbones: backbones to look into, one after the other.
        images: pictures to show to every backbone.
        batch_size: pictures per forward pass.
        device: where the networks run.

    Raises:
        IncompatibleError: a backbone has no self-attention, or a layer cannot be read.
        BenchmarkError: a backbone cannot be built.
    """
    for backbone in backbones:
        if inspect_backbone(backbone).architecture is Architecture.CONVNET:
            raise does_not_apply(backbone.id)
    subjects: list[dict[str, Any]] = []
    values: dict[str, list[LayerValues]] = {}
    for backbone in backbones:
        subject = open_subject(backbone, images, device)
        values[subject.label] = measure(subject, images, batch_size=batch_size, device=device)
        subjects.append(subject.facts())
    rows = [
        {'backbone': facts['id'], **row}
        for facts, layers in zip(subjects, values.values(), strict=True)
        for row in _rows(layers)
    ]
    return Finding(
        analysis='attention',
        key_numbers=key_numbers(rows),
        title='Where the heads look: distance, entropy and divergence of attention',
        caption=_CAPTION,
        rows=tuple(rows),
        facts={
            'units': UNITS,
            'conventions': {
                'tokens': 'class and register tokens and padding dropped, rows renormalised',
                'divergence': 'KL(h || k) for every ordered pair of heads, mean over queries; keys '
                f'with A_h = 0 add nothing, A_k is at least {measures.SMALLEST:g}',
                'sd': 'over pictures',
            },
            'rows_left_out': {
                name: max(layer.left_out for layer in layers) for name, layers in values.items()
            },
        },
        subjects=tuple(subjects),
        images=images.facts(),
        draw=partial(draw, values),
    )


def measure(
    subject: Subject, images: ImageSet, *, batch_size: int, device: torch.device
) -> list[LayerValues]:
    """Return what was measured of each attention layer of ``subject``, first to last.

    Args:
        subject: the backbone, built and loaded.
        images: pictures to show to every backbone.
        batch_size: pictures per forward pass.
        device: where the networks run.

    Raises:
        IncompatibleError: a layer cannot be read.
    """
    parts: dict[str, list[LayerValues]] = defaultdict(list)

    def receive(found: Map) -> None:
        parts[found.layer].append(_measure_layer(found))

    reader = AttentionReader(
        subject.network,
        name=subject.id,
        stride=subject.features.strides[-1],
        is_plain=subject.features.architecture is Architecture.PLAIN_VIT,
        receive=receive,
    )
    for batch in subject.batches(images, batch_size, device):
        reader.read(batch)
    return [_join_batches(found) for found in parts.values()]


def _measure_layer(found: Map) -> LayerValues:
    layout: Layout = found.layout
    allowed = layout.allowed.to(found.values.device)
    separation = layout.separation(found.stride).to(found.values.device)
    attention, counts = measures.restrict(found.values, allowed)
    expected = allowed.any(-1)
    average = partial(measures.averages, counts=counts)
    pairs = measures.divergence(attention)
    # a query counts for a pair when it counts for both heads
    both = (counts.unsqueeze(2) & counts.unsqueeze(3)).movedim(-1, 2)
    weights = both.to(pairs.dtype)
    divergence = (pairs * weights).sum((1, 2)) / weights.sum((1, 2))
    possible = int(expected.sum()) * counts.shape[0] * counts.shape[2]
    return LayerValues(
        found.layer,
        average(measures.distance(attention, separation)),
        average(measures.entropy(attention)),
        divergence,
        uniform_values(layout, found.stride),
        1 - float(counts.sum()) / possible,
    )


def uniform_values(layout: Layout, stride: float) -> tuple[float, float]:
    """Return distance in pixels and entropy in nats of uniform attention over reachable keys."""
    allowed = layout.allowed.double()
    attention, counts = measures.restrict(allowed / allowed.shape[-1], allowed)
    return tuple(  # type: ignore[return-value]
        float(measures.averages(value.unsqueeze(0), counts.unsqueeze(0)).squeeze())
        for value in (
            measures.distance(attention, layout.separation(stride)),
            measures.entropy(attention),
        )
    )


def _join_batches(parts: Sequence[LayerValues]) -> LayerValues:
    distance, entropy, divergence = (
        torch.cat([getattr(part, key) for part in parts]).cpu()
        for key in (DISTANCE, ENTROPY, DIVERGENCE)
    )
    left_out = sum(part.left_out * len(part.distance) for part in parts) / len(distance)
    return LayerValues(parts[0].name, distance, entropy, divergence, parts[0].uniform, left_out)


def _rows(layers: Sequence[LayerValues]) -> Iterator[dict[str, Any]]:
    for number, layer in enumerate(layers, 1):
        place = {'layer': number, 'module': layer.name}
        for measure_, values, uniform in (
            (DISTANCE, layer.distance, layer.uniform[0]),
            (ENTROPY, layer.entropy, layer.uniform[1]),
        ):
            for head, column in enumerate(values.T):
                yield {**place, 'measure': measure_, 'head': head, 'other_head': None,
                       **_moments(column), 'unit': UNITS[measure_], 'uniform': uniform}  # fmt: skip
        heads = range(layer.divergence.shape[1])
        for head, other in ((h, k) for h in heads for k in heads if h != k):
            yield {**place, 'measure': DIVERGENCE, 'head': head, 'other_head': other,
                   **_moments(layer.divergence[:, head, other]), 'unit': UNITS[DIVERGENCE],
                   'uniform': 0.0}  # fmt: skip


def _moments(values: Tensor) -> dict[str, float | None]:
    known = values[~values.isnan()]
    return {
        'value': float(known.mean()) if len(known) else None,
        'sd': float(known.std()) if len(known) > 1 else None,
    }
