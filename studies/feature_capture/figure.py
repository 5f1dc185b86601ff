"""The figure of the capture analysis: methods over training, and sweeps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from benchmark.analysis.drawing import COLOURS, grid_of_axes
from studies.feature_capture.outcomes import METHODS, MethodOutcome, Sweep, interval

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_AXES = {
    'classes': 'classes',
    'single_view': 'share of single-view pictures',
    'keep': 'share of masked patches',
    'kernels': 'kernels per class',
}
_LINES = {'captured': '-', 'single_view': '--'}


def draw(outcomes: Sequence[MethodOutcome], sweeps: Sequence[Sweep]) -> Figure:
    """Return panels of curves and bars per method, and below one panel per sweep."""
    columns = max(4, len(sweeps))
    rows = 2 if sweeps else 1
    figure, axes = grid_of_axes(rows, columns, width=3.4, height=2.8)
    _curves(axes[0][0], outcomes)
    for panel, (measure, title) in zip(
        axes[0][1:],
        (
            ('per_kernel', 'features per kernel'),
            ('multi_view', 'multi-view accuracy'),
            ('single_view', 'single-view accuracy'),
        ),
        strict=False,
    ):
        _bars(panel, outcomes, measure, title)
    for panel in axes.flat[4:columns]:
        panel.set_visible(False)
    for panel, sweep in zip(axes[-1], sweeps, strict=False):
        _draw_sweep(panel, sweep)
    if sweeps:
        axes[-1][0].set_ylabel('captured (solid),\nsingle-view accuracy (dashed)', fontsize=8)
    return figure


def _curves(axes: Any, outcomes: Sequence[MethodOutcome]) -> None:
    for colour, outcome in zip(COLOURS, outcomes, strict=False):
        points = (outcome.pretraining or outcome.training).points
        bands = [interval(point.captured) for point in points]
        # trainings differ in length: each is drawn over its own
        places = [point.step / max(1, points[-1].step) for point in points]
        axes.plot(places, [band['mean'] for band in bands], color=colour, label=outcome.method)
        if all(band['low'] is not None for band in bands):
            lows, highs = ([band[key] for band in bands] for key in ('low', 'high'))
            axes.fill_between(places, lows, highs, color=colour, alpha=0.15, linewidth=0)
    axes.set_xlabel('share of its training', fontsize=8)
    axes.set_ylabel('features captured', fontsize=8)
    axes.set_ylim(0, 1.05)
    axes.legend(fontsize=6, frameon=False)


def _bars(axes: Any, outcomes: Sequence[MethodOutcome], measure: str, title: str) -> None:
    for place, (colour, outcome) in enumerate(zip(COLOURS, outcomes, strict=False)):
        band = interval(getattr(outcome.last, measure))
        if band['mean'] is None:
            continue
        axes.bar(place, band['mean'], color=colour, width=0.7)
        if band['low'] is not None:
            axes.plot([place] * 2, [band['low'], band['high']], color='black', linewidth=1)
    axes.set_xticks(range(len(outcomes)))
    names = [outcome.method.replace(', ', ',\n') for outcome in outcomes]
    axes.set_xticklabels(names, rotation=40, ha='right', fontsize=6)
    axes.set_title(title, fontsize=9)


def _draw_sweep(axes: Any, sweep: Sweep) -> None:
    masked = sweep.name == 'keep'
    places = [1 - value if masked else value for value in sweep.values]
    for method, outcomes in sweep.outcomes.items():
        colour = COLOURS[METHODS.index(method)]
        for measure, style in _LINES.items():
            bands = [interval(getattr(outcome.last, measure)) for outcome in outcomes]
            axes.plot(places, [b['mean'] for b in bands], style, marker='o', ms=3, color=colour)
            if all(band['low'] is not None for band in bands):
                lows, highs = ([band[key] for band in bands] for key in ('low', 'high'))
                axes.fill_between(places, lows, highs, color=colour, alpha=0.12, linewidth=0)
    axes.set_xlabel(_AXES[sweep.name], fontsize=8)
    axes.set_ylim(0, 1.05)
