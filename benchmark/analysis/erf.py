"""Effective receptive fields: which pixels the centre of the deepest map depends on.

Luo et al. (arXiv 1701.04128) look at the gradient of a central unit with respect to the input;
Ding et al. (RepLKNet, arXiv 2203.06717) add over the positive channels of the centre, average over
pictures, and state the share of the picture that a centred square must cover to hold a share t of
all contributions. Two things differ from their code: gradients count by their magnitude, as a
pixel that lowers a feature contributes too, and without a logarithm, whose effect would depend on
the scale of the features.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from benchmark.analysis.drawing import COLOURS, grid_of_axes
from benchmark.analysis.findings import Finding
from benchmark.analysis.images import ImageSet
from benchmark.analysis.subjects import Subject, open_subject
from benchmark.report.data.analyses import KeyNumbers
from benchmark.report.data.units import interval_text
from benchmark.specs import Backbone
from benchmark.statistics.means import t_interval

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = npt.NDArray[np.float64]

THRESHOLDS = (0.2, 0.3, 0.5, 0.99)
"""Shares of all contributions, as RepLKNet states them."""

_OUTLINED = (0.5, 0.99)
_CAPTION = (
    'How much each pixel contributes to the central cell of the deepest feature map: the '
    "magnitude of the gradient of the cell's summed positive features with respect to the "
    'normalised input, scaled to a total of 1 for each picture and averaged over pictures. The '
    'colour scale is logarithmic. The two squares around the cell hold 50 % and 99 % of all '
    "contributions. Last panel: share of the picture's area that a square needs to hold a given "
    'share of the contributions; a lower line means a more local backbone.'
)


class Field(NamedTuple):
    """The contributions of pixels to one cell, (pictures, H, W), and its place (y, x) in pixels."""

    label: str
    maps: Array
    centre: tuple[float, float]

    @property
    def mean(self) -> Array:
        """Return the mean over pictures, each with a total of 1."""
        return (self.maps / self.maps.sum((1, 2), keepdims=True)).mean(0)


class Square(NamedTuple):
    """A square around a cell: its side in pixels, and its share of the picture's area."""

    side: float
    area: float


def analyse(
    backbones: Sequence[Backbone], images: ImageSet, *, batch_size: int, device: torch.device
) -> Finding:
    """Return the effective receptive field of the deepest map of each backbone.

    Args:
        backbones: backbones to look into, one after the other.
        images: pictures to show to every backbone.
        batch_size: pictures per forward pass.
        device: where the networks run.

    Raises:
        BenchmarkError: a backbone cannot be built.
    """
    subjects: list[dict[str, Any]] = []
    fields: list[Field] = []
    for backbone in backbones:
        subject = open_subject(backbone, images, device)
        fields.append(measure(subject, images, batch_size=batch_size, device=device))
        subjects.append(subject.facts())
    summaries = {
        facts['id']: _summary(field) for facts, field in zip(subjects, fields, strict=True)
    }
    return Finding(
        analysis='erf',
        key_numbers=_key_numbers(summaries),
        title='How far backbones see: effective receptive fields',
        caption=_CAPTION,
        rows=tuple(
            row
            for facts, field in zip(subjects, fields, strict=True)
            for row in _rows(facts['id'], images.names, field)
        ),
        facts={
            'thresholds': list(THRESHOLDS),
            'conventions': 'magnitude of the gradient of the summed positive features of the '
            'central cell of the deepest map, summed over colours',
            'fields': summaries,
        },
        subjects=tuple(subjects),
        images=images.facts(),
        draw=partial(_draw, fields),
    )


def measure(subject: Subject, images: ImageSet, *, batch_size: int, device: torch.device) -> Field:
    """Return the contributions of the pixels of ``images`` to the centre of the deepest map.

    Args:
        subject: the backbone, built and loaded.
        images: pictures to show to every backbone.
        batch_size: pictures per forward pass.
        device: where the networks run.
    """
    parts = [
        contributions(subject.network, batch)
        for batch in subject.batches(images, batch_size, device)
    ]
    stride = subject.features.strides[-1]
    return Field(subject.label, np.concatenate(parts), _centre(images.pixels.shape[1:3], stride))


def contributions(network: Callable[[Tensor], Sequence[Tensor]], images: Tensor) -> Array:
    """Return how much each pixel of ``images`` (B, 3, H, W) contributes, (B, H, W)."""
    seen = images.detach().requires_grad_()
    features = network(seen)[-1]
    rows, columns = features.shape[-2:]
    # the positive part: a sum over normalised features is the same whatever the picture
    centre = features[:, :, rows // 2, columns // 2].relu().sum()
    (gradient,) = torch.autograd.grad(centre, seen)
    return gradient.abs().sum(1).double().cpu().numpy()


def _centre(size: Sequence[int], stride: int) -> tuple[float, float]:
    """Return the place in pixels of the middle of the central cell."""
    y, x = ((-(-side // stride) // 2 + 0.5) * stride - 0.5 for side in size)
    return y, x


def square(weights: Array, centre: tuple[float, float], share: float) -> Square:
    """Return the smallest square around ``centre`` that holds ``share`` of ``weights`` (H, W).

    Where it reaches beyond the picture, only what lies inside counts for its area.
    """
    distance = _distance(weights.shape, centre)
    order = np.argsort(distance, axis=None, kind='stable')
    held = np.cumsum(weights.ravel()[order])
    # a sum of many small numbers may end a little below the whole
    place = min(int(np.searchsorted(held, share * held[-1] * (1 - 1e-9))), len(order) - 1)
    reach = distance.ravel()[order[place]]
    return Square(2 * float(reach) + 1, float((distance <= reach).mean()))


def _distance(shape: tuple[int, ...], centre: tuple[float, float]) -> Array:
    """Return the larger of the two distances of every pixel from ``centre``."""
    rows, columns = (
        np.abs(np.arange(side) - place) for side, place in zip(shape, centre, strict=True)
    )
    return np.maximum(rows[:, None], columns[None, :])


def spread(weights: Array, centre: tuple[float, float]) -> float:
    """Return the root mean square distance from ``centre``, in pixels, weighted by ``weights``."""
    rows, columns = (
        (np.arange(side) - place) ** 2 for side, place in zip(weights.shape, centre, strict=True)
    )
    return float(np.sqrt((weights * (rows[:, None] + columns[None, :])).sum() / weights.sum()))


def _rows(name: str, pictures: Sequence[str], field: Field) -> Iterator[dict[str, Any]]:
    for picture, weights in zip(pictures, field.maps, strict=True):
        distance = spread(weights, field.centre)
        for share in THRESHOLDS:
            found = square(weights, field.centre, share)
            yield {
                'backbone': name,
                'picture': picture,
                'share': share,
                'side_px': found.side,
                'area_ratio': found.area,
                'spread_px': distance,
            }


def _key_numbers(fields: Mapping[str, Mapping[str, Any]]) -> KeyNumbers:
    """Return the area and the spread of the field of each backbone."""
    shares = [f'{share:g}' for share in THRESHOLDS]
    rows = (
        (
            name,
            (
                *(interval_text(field['area_ratio'][share], 3) for share in shares),
                interval_text(field['spread_px'], 1),
            ),
        )
        for name, field in fields.items()
    )
    columns = (*(f'area for {float(share):.0%}' for share in shares), 'spread (px)')
    return KeyNumbers('backbone', columns, tuple(rows))


def _summary(field: Field) -> dict[str, Any]:
    """Return the mean field's squares, and means over pictures with their intervals."""
    whole = {share: square(field.mean, field.centre, share) for share in THRESHOLDS}
    each = {
        share: t_interval(square(m, field.centre, share).area for m in field.maps)
        for share in THRESHOLDS
    }
    distances = t_interval(spread(m, field.centre) for m in field.maps)
    return {
        'mean_field': {f'{share:g}': found._asdict() for share, found in whole.items()},
        'area_ratio': {f'{s:g}': found._asdict() if found else None for s, found in each.items()},
        'spread_px': distances._asdict() if distances else None,
    }


def _draw(fields: Sequence[Field]) -> Figure:
    from matplotlib.colors import LogNorm
    from matplotlib.patches import Rectangle

    columns = min(len(fields) + 1, 4)
    figure, axes = grid_of_axes(-(-(len(fields) + 1) // columns), columns, width=2.4, height=2.4)
    panels = list(axes.flat)
    for ax, field in zip(panels, fields, strict=False):
        top = field.mean.max()
        ax.imshow(np.maximum(field.mean, top * 1e-4), norm=LogNorm(top * 1e-4, top), cmap='magma')
        for share in _OUTLINED:
            side = square(field.mean, field.centre, share).side
            corner = (field.centre[1] - side / 2, field.centre[0] - side / 2)
            ax.add_patch(Rectangle(corner, side, side, fill=False, color='white', linewidth=0.8))
        ax.set_title(field.label, fontsize=8)
        ax.set_axis_off()
    last = panels[len(fields)]
    for number, field in enumerate(fields):
        _curve(last, field, COLOURS[number % len(COLOURS)])
    last.set_xlabel('share of contributions', fontsize=8)
    last.set_ylabel('share of area', fontsize=8)
    last.legend(fontsize=5, frameon=False)
    for ax in panels[len(fields) + 1 :]:
        ax.set_visible(False)
    return figure


def _curve(ax: Any, field: Field, colour: str) -> None:
    shares = np.linspace(0.02, 0.99, 50)
    areas = [square(field.mean, field.centre, float(share)).area for share in shares]
    ax.plot(shares, areas, color=colour, linewidth=1, label=field.label)
