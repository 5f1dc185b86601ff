"""Loss curves for the page: per seed and loss term, thinned to what can be seen."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

Curves = Mapping[str, Sequence[float]]
Points = list[tuple[float, float]]


def drawn(curves: Curves, most: int) -> dict[str, list[list[float]]]:
    """Return iterations and values of every loss term, at most ``most`` points each.

    Values keep four significant digits; terms without a finite point are left out.
    """
    found = {term: thinned(_points(curves, term), most) for term in curves if term != 'iteration'}
    return {
        term: [[_rounded(x) for x, _ in points], [_rounded(y) for _, y in points]]
        for term, points in sorted(found.items())
        if points
    }


def _points(curves: Curves, term: str) -> Points:
    values = curves.get(term, ())
    places = curves.get('iteration') or range(1, len(values) + 1)
    pairs = zip(places, values, strict=False)
    return [(x, y) for x, y in pairs if math.isfinite(x) and math.isfinite(y)]


def thinned(points: Points, most: int) -> Points:
    """Return at most ``most`` points, each the mean of its neighbours."""
    step = math.ceil(len(points) / most) or 1
    chunks = [points[i : i + step] for i in range(0, len(points), step)]
    return [
        (sum(x for x, _ in chunk) / len(chunk), sum(y for _, y in chunk) / len(chunk))
        for chunk in chunks
    ]


def _rounded(value: float) -> float:
    """Return four significant digits, whole numbers without a decimal point."""
    short = float(f'{value:.4g}')
    return int(short) if short.is_integer() else short
