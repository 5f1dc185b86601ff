"""Loss curves as coordinates for inline SVG: a panel per loss term, a line per seed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

WIDTH = 220.0
HEIGHT = 72.0
MOST_POINTS = 120

Curves = Mapping[str, Sequence[float]]


class Line(NamedTuple):
    """The polyline of a seed, as the ``points`` of an SVG."""

    seed: int
    points: str


class Panel(NamedTuple):
    """A loss term: lines in a ``WIDTH`` x ``HEIGHT`` box and the values at its edges."""

    term: str
    lines: tuple[Line, ...]
    low: float
    high: float
    last_iteration: float
    summary: str


def panels(curves: Mapping[int, Curves]) -> list[Panel]:
    """Return a panel for every loss term of the curves by seed."""
    terms = sorted({term for curve in curves.values() for term in curve} - {'iteration'})
    found = (_panel(term, curves) for term in terms)
    return [panel for panel in found if panel is not None]


def _panel(term: str, curves: Mapping[int, Curves]) -> Panel | None:
    series = {
        seed: points
        for seed, curve in sorted(curves.items())
        if (points := thinned(_points(curve, term)))
    }
    if not series:
        return None
    every = [point for points in series.values() for point in points]
    low, high = min(y for _, y in every), max(y for _, y in every)
    last = max(x for x, _ in every)
    lines = [Line(seed, _polyline(points, last, low, high)) for seed, points in series.items()]
    return Panel(term, tuple(lines), low, high, last, _summary(term, series, last))


def _points(curve: Curves, term: str) -> list[tuple[float, float]]:
    values = curve.get(term, ())
    places = curve.get('iteration') or range(1, len(values) + 1)
    pairs = zip(places, values, strict=False)
    return [(x, y) for x, y in pairs if math.isfinite(x) and math.isfinite(y)]


def thinned(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return at most about ``MOST_POINTS`` points, each the mean of its neighbours."""
    step = math.ceil(len(points) / MOST_POINTS) or 1
    chunks = [points[i : i + step] for i in range(0, len(points), step)]
    return [
        (sum(x for x, _ in chunk) / len(chunk), sum(y for _, y in chunk) / len(chunk))
        for chunk in chunks
    ]


def _polyline(points: Sequence[tuple[float, float]], last: float, low: float, high: float) -> str:
    span = (high - low) or 1.0
    return ' '.join(
        f'{x / (last or 1.0) * WIDTH:.1f},{(1 - (y - low) / span) * HEIGHT:.1f}' for x, y in points
    )


def _summary(term: str, series: Mapping[int, Sequence[tuple[float, float]]], last: float) -> str:
    ends = '; '.join(
        f'seed {seed} from {points[0][1]:.3g} to {points[-1][1]:.3g}'
        for seed, points in series.items()
    )
    return f'{term} over {last:.0f} iterations: {ends}'
