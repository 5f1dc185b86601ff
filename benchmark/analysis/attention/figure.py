"""The figure of the attention analysis: a row per measure, a column per backbone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from benchmark.analysis.drawing import ACCENT, BASE, FAINT, grid_of_axes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from benchmark.analysis.attention.values import LayerValues

_MEASURES = (
    ('distance', 'attention distance (px)'),
    ('entropy', 'entropy (nat)'),
    ('divergence', 'KL between heads (nat)'),
)


def draw(values: Mapping[str, Sequence[LayerValues]]) -> Figure:
    """Return dots by layer: each head or pair of heads, and their mean."""
    figure, axes = grid_of_axes(len(_MEASURES), len(values), share_rows=True)
    for column, (label, layers) in enumerate(values.items()):
        axes[0][column].set_title(label, fontsize=9)
        for row, (measure, title) in enumerate(_MEASURES):
            _panel(axes[row][column], layers, measure)
            if column == 0:
                axes[row][column].set_ylabel(title)
        axes[-1][column].set_xlabel('layer')
    for panels in axes:
        panels[0].set_ylim(0, 1.05 * max(panel.dataLim.y1 for panel in panels))
    return figure


def _panel(axes: Any, layers: Sequence[LayerValues], measure: str) -> None:
    means = []
    for number, layer in enumerate(layers, 1):
        dots = _dots(layer, measure)
        axes.plot([number] * len(dots), dots, '.', color=FAINT, markersize=4, alpha=0.6)
        means.append(sum(dots) / len(dots) if dots else float('nan'))
    places = range(1, len(layers) + 1)
    axes.plot(places, means, 'o-', color=ACCENT, markersize=5, linewidth=1)
    if measure != 'divergence':
        uniform = [layer.uniform[measure == 'entropy'] for layer in layers]
        axes.plot(places, uniform, '--', color=BASE, linewidth=1)


def _dots(layer: LayerValues, measure: str) -> list[float]:
    values = getattr(layer, measure).nanmean(0)
    if measure == 'divergence':
        heads = len(values)
        return [float(values[h, k]) for h in range(heads) for k in range(heads) if h != k]
    return [float(value) for value in values]
