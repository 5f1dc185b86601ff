"""What backbones look at: activation maps, and how they meet objects and their parts."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from benchmark.analysis.activation import (
    SMALLEST_REGION,
    THRESHOLD,
    Floats,
    Labels,
    Seen,
    eigen_map,
    gradient_map,
    judge,
    normalise_map,
)
from benchmark.analysis.drawing import grid_of_axes
from benchmark.analysis.findings import Finding
from benchmark.analysis.images import ImageSet
from benchmark.analysis.subjects import Subject, open_subject
from benchmark.report.data.analyses import KeyNumbers
from benchmark.specs import Backbone
from benchmark.world import SEMANTIC_CLASSES
from benchmark.world.labels import PARTS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SHOWN = 6
_CAPTION = (
    'Activation maps of the deepest feature map; bright means active. Eigen-CAM projects the '
    'features on their first principal component, with the sign for which the strongest deviation '
    'is positive. Grad-CAM follows the gradient of the squared norm of the pooled features, since '
    'a backbone has no classes. The numbers are means over pictures: how many separate regions '
    "are active, which share of the creatures' masks is active, and which share of their parts is "
    'at least half active. These measures are our own. The sign of a principal component is '
    'arbitrary: where masks show the creature, the numbers (but not the maps shown) use the sign '
    'that separates it better from its surroundings. `turned` is the share of pictures whose sign '
    'was changed for this.'
)


class Method(enum.StrEnum):
    """How a map is made of features."""

    EIGEN = 'eigen'
    GRADIENT = 'grad'


def analyse(
    backbones: Sequence[Backbone],
    images: ImageSet,
    *,
    method: Method,
    batch_size: int,
    device: torch.device,
) -> Finding:
    """Return activation maps of ``backbones`` on ``images`` and what they show.

    Args:
        backbones: backbones to look into, one after the other.
        images: pictures to show to every backbone.
        batch_size: pictures per forward pass.
        device: where the networks run.
        method: how maps are made of features.

    Raises:
        BenchmarkError: a backbone cannot be built.
    """
    parts = None if images.labels is None else part_labels(images.labels)
    height, width = images.pixels.shape[1:3]
    subjects: list[dict[str, Any]] = []
    maps: dict[str, list[Floats]] = {}
    rows: list[dict[str, Any]] = []
    for backbone in backbones:
        subject = open_subject(backbone, images, device)
        found = [
            activation
            for batch in subject.batches(images, batch_size, device)
            for activation in activations(subject, batch, method)
        ]
        subjects.append(subject.facts())
        maps[subject.label] = [normalise_map(one, (height, width)) for one in found[:_SHOWN]]
        for index, (name, one) in enumerate(zip(images.names, found, strict=True)):
            labels = None if parts is None else parts[index]
            shown = numbers(one, (height, width), labels, method)
            rows.append({'backbone': subject.id, 'picture': name, **shown})
    means = {s['id']: _means(rows, s['id']) for s in subjects}
    return Finding(
        analysis='cam',
        key_numbers=_key_numbers(means),
        title=f'What backbones look at: {_TITLES[method]}',
        caption=_CAPTION,
        rows=tuple(rows),
        facts={
            'method': method.value,
            'threshold': THRESHOLD,
            'smallest_region': SMALLEST_REGION,
            'conventions': {'sign': _SIGNS[method]},
            'means': means,
        },
        subjects=tuple(subjects),
        images=images.facts(),
        draw=partial(_draw, images, maps),
    )


_TITLES = {Method.EIGEN: 'Eigen-CAM', Method.GRADIENT: 'Grad-CAM'}

_SIGNS = {
    Method.EIGEN: 'for the numbers, where the mask of the creature is known, the side of greater '
    'AUC against it; elsewhere and in the figure, the strongest deviation is positive',
    Method.GRADIENT: "the gradient's",
}


def part_labels(semantic: Labels) -> Labels:
    """Return the creature's part at each pixel of the world's maps, from 1; 0 elsewhere."""
    numbers = np.zeros(len(SEMANTIC_CLASSES), dtype=np.int64)
    for number, part in enumerate(PARTS, 1):
        numbers[SEMANTIC_CLASSES.index(part)] = number
    return numbers[semantic]


def activations(subject: Subject, batch: Tensor, method: Method) -> Iterator[Floats]:
    """Yield the activation map (h, w) of each picture of ``batch``, from the deepest features."""
    with torch.set_grad_enabled(method is Method.GRADIENT):
        features = subject.network(batch)[-1]
    arrays = features.detach().cpu().numpy()
    if method is Method.EIGEN:
        yield from map(eigen_map, arrays)
        return
    pooled = features.mean((2, 3)).square().sum()
    (gradients,) = torch.autograd.grad(pooled, features)
    for one, gradient in zip(arrays, gradients.cpu().numpy(), strict=True):
        yield gradient_map(one, gradient)


def numbers(
    activation: Floats, size: tuple[int, int], parts: Labels | None, method: Method
) -> dict[str, float]:
    """Return what a map (h, w), of any sign, shows of a picture of ``size``, for a table.

    The sign of a principal component is arbitrary, so either side could count as active. For an
    Eigen-CAM, the side with the higher AUC between object and background is used. That assumes
    that the component separates them at all: a map that does not is shown at its best, for every
    backbone alike. ``turned`` is 1 where the negative side was used, and NaN without an object.

    Args:
        activation: the map (h, w), of any sign.
        size: height and width of the picture in pixels.
        parts: the creature's part at each pixel, from 1, else 0; ``None`` without labels.
        method: how the map was made.
    """
    seen = judge(normalise_map(activation, size), parts)
    if np.isnan(seen.auc):
        return {**seen._asdict(), 'turned': float('nan')}
    if method is Method.EIGEN:
        other = judge(normalise_map(-activation, size), parts)
        if other.auc > seen.auc:
            return {**other._asdict(), 'turned': 1.0}
    return {**seen._asdict(), 'turned': 0.0}


def _key_numbers(means: Mapping[str, Mapping[str, float | None]]) -> KeyNumbers:
    """Return the means over pictures of each backbone."""
    columns = tuple(next(iter(means.values())))
    rows = ((name, tuple(seen[key] for key in columns)) for name, seen in means.items())
    return KeyNumbers('backbone', columns, tuple(rows))


def _means(rows: Sequence[dict[str, Any]], backbone: str) -> dict[str, float | None]:
    means: dict[str, float | None] = {}
    for key in (*Seen._fields, 'turned'):
        values = np.array([row[key] for row in rows if row['backbone'] == backbone])
        known = values[~np.isnan(values)]
        means[key] = float(known.mean()) if len(known) else None
    return means


def _draw(images: ImageSet, maps: dict[str, list[Floats]]) -> Figure:
    shown = min(_SHOWN, len(images))
    figure, axes = grid_of_axes(1 + len(maps), shown, width=1.5, height=1.5)
    for column in range(shown):
        axes[0][column].imshow(images.pixels[column])
        for row, found in enumerate(maps.values(), 1):
            axes[row][column].imshow(images.pixels[column])
            axes[row][column].imshow(found[column], cmap='inferno', alpha=0.6, vmin=0, vmax=1)
    for row, label in enumerate(('picture', *maps)):
        axes[row][0].set_ylabel(label, fontsize=7)
    for ax in axes.flat:
        ax.set_xticks([])
        ax.set_yticks([])
    return figure
