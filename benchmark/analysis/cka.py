"""How alike the layers of one backbone are, and those of two."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import combinations_with_replacement
from textwrap import fill
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from scipy import stats
from torch import Tensor

from benchmark.analysis.drawing import grid_of_axes
from benchmark.analysis.findings import Finding
from benchmark.analysis.images import ImageSet
from benchmark.analysis.layers import layer_modules, watching
from benchmark.analysis.similarity import SMALLEST_BATCH, centred_gram, cka
from benchmark.analysis.subjects import Subject, open_subject
from benchmark.errors import DataError
from benchmark.report.data.analyses import KeyNumbers
from benchmark.specs import Backbone

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_CAPTION = (
    'Linear CKA between the layers of one backbone, and between those of two, from shallow to '
    'deep: 1 if two layers represent the pictures in the same way up to rotation and scale, about '
    '0 if their representations are independent. HSIC is estimated without bias on mini-batches '
    '(arXiv 2010.15327, equation 3) and averaged over them before the ratio is taken; features '
    'are flattened over space and channels.'
)


class Grams(NamedTuple):
    """The layers of a backbone: names, and U-centred Gram matrices (layers, batches, n, n)."""

    label: str
    layers: tuple[str, ...]
    values: Tensor


def analyse(
    backbones: Sequence[Backbone], images: ImageSet, *, batch_size: int, device: torch.device
) -> Finding:
    """Return CKA between all layers of each backbone and of each pair of backbones.

    One backbone is in memory at a time, and of its features one batch of one layer.

    Args:
        backbones: backbones to look into, one after the other.
        images: pictures to show to every backbone.
        batch_size: pictures per forward pass.
        device: where the networks run.

    Raises:
        DataError: a batch would hold fewer than 4 pictures.
        BenchmarkError: a backbone cannot be built.
    """
    size = _check_batch_size(batch_size, len(images))
    subjects, grams = [], []
    for backbone in backbones:
        subject = open_subject(backbone, images, device)
        grams.append(collect(subject, images, batch_size=size, device=device))
        subjects.append(subject.facts())
    pairs = [
        (first, second, cka(grams[first].values, grams[second].values))
        for first, second in combinations_with_replacement(range(len(grams)), 2)
    ]
    similarity = {
        facts['id']: _similarity(found.values)._asdict()
        for facts, found in zip(subjects, grams, strict=True)
    }
    return Finding(
        analysis='cka',
        key_numbers=_key_numbers(similarity),
        title='How alike the layers are: linear CKA',
        caption=_CAPTION,
        rows=tuple(row for pair in pairs for row in _rows(subjects, grams, *pair)),
        facts={
            'batch_size': size,
            'batches': len(images) // size,
            'similarity': similarity,
        },
        subjects=tuple(subjects),
        images=images.facts(),
        draw=partial(_draw, grams, pairs),
    )


def _check_batch_size(batch_size: int, count: int) -> int:
    size = min(batch_size, count)
    if size < SMALLEST_BATCH:
        raise DataError(
            f'cka: a batch holds {size} pictures, the unbiased estimate needs {SMALLEST_BATCH} or '
            'more: raise --batch-size or --count'
        )
    return size


def collect(subject: Subject, images: ImageSet, *, batch_size: int, device: torch.device) -> Grams:
    """Return the Gram matrices of every layer over whole batches; a last smaller one is left out.

    A layer that runs several times in a pass counts with its last output.

    Args:
        subject: the backbone, built and loaded.
        images: pictures to show to every backbone.
        batch_size: pictures per forward pass.
        device: where the networks run.
    """
    modules = layer_modules(subject.network)
    batches: list[dict[str, Tensor]] = []

    def receive(name: str, features: Tensor) -> None:
        batches[-1][name] = centred_gram(features).cpu()

    with watching(modules, receive), torch.no_grad():
        for batch in subject.batches(images, batch_size, device):
            if len(batch) == batch_size:
                batches.append({})
                subject.network(batch)
    # parts that no feature map depends on, such as a pooling head, never run
    names = tuple(name for name in modules if name in batches[0])
    values = torch.stack([torch.stack([grams[name] for grams in batches]) for name in names])
    return Grams(subject.label, names, values)


class Similarity(NamedTuple):
    """The mean CKA between different layers of a backbone, and its interval over pictures."""

    mean: float | None
    low: float | None = None
    high: float | None = None


def _key_numbers(similarity: Mapping[str, Mapping[str, Any]]) -> KeyNumbers:
    """Return how alike the layers of each backbone are on average."""
    columns = (
        'mean CKA between different layers',
        'jackknife interval over pictures (coverage not simulated)',
    )
    rows = ((name, (facts['mean'], _bounds(facts))) for name, facts in similarity.items())
    return KeyNumbers('backbone', columns, tuple(rows))


def _bounds(facts: Mapping[str, Any]) -> str | None:
    return None if facts['low'] is None else f'{facts["low"]:.2f} to {facts["high"]:.2f}'


def _similarity(grams: Tensor) -> Similarity:
    """Return how alike the layers are; the interval is a jackknife over mini-batches."""
    mean, batches = _off_diagonal(grams), grams.shape[1]
    if mean is None or batches < 2:
        return Similarity(mean)
    kept = [[other for other in range(batches) if other != left] for left in range(batches)]
    parts = [_off_diagonal(grams[:, places]) for places in kept]
    known = torch.tensor([part for part in parts if part is not None], dtype=torch.float64)
    if len(known) < batches:
        return Similarity(mean)
    error = float(((batches - 1) / batches * (known - known.mean()).square().sum()).sqrt())
    half = float(stats.t.ppf(0.975, batches - 1)) * error
    return Similarity(mean, mean - half, mean + half)


def _off_diagonal(grams: Tensor) -> float | None:
    values = cka(grams, grams)
    others = values[~torch.eye(len(values), dtype=torch.bool)]
    known = others[~others.isnan()]
    return float(known.mean()) if len(known) else None


def _rows(
    subjects: Sequence[dict[str, Any]],
    grams: Sequence[Grams],
    first: int,
    second: int,
    values: Tensor,
) -> Iterator[dict[str, Any]]:
    for i, layer in enumerate(grams[first].layers):
        for j, other in enumerate(grams[second].layers):
            yield {
                'backbone': subjects[first]['id'],
                'layer': i,
                'module': layer,
                'other_backbone': subjects[second]['id'],
                'other_layer': j,
                'other_module': other,
                'cka': float(values[i, j]),
            }


_LABEL_WIDTH = 30
_MOST_CROSSED = 3
"""Up to how many backbones the figure shows every pair; of more, each with itself."""


def _draw(grams: Sequence[Grams], pairs: Sequence[tuple[int, int, Tensor]]) -> Figure:
    if len(grams) > _MOST_CROSSED:
        pairs = [pair for pair in pairs if pair[0] == pair[1]]
    columns = min(len(pairs), 3)
    figure, axes = grid_of_axes(-(-len(pairs) // columns), columns, width=3.2, height=3.0)
    for ax, (first, second, values) in zip(axes.flat, pairs, strict=False):
        ax.imshow(values, vmin=0, vmax=1, origin='lower', cmap='magma')
        ax.set_xlabel(fill(f'layer of {grams[second].label}', _LABEL_WIDTH), fontsize=8)
        ax.set_ylabel(fill(f'layer of {grams[first].label}', _LABEL_WIDTH), fontsize=8)
    for ax in axes.flat[len(pairs) :]:
        ax.set_visible(False)
    figure.colorbar(axes.flat[0].images[0], ax=axes.ravel().tolist(), label='CKA', shrink=0.8)
    return figure
