"""Loss curves for the page: iterations and one list per loss term, averaged and rounded."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

Curves = Mapping[str, Sequence[float]]
ITERATION = 'iteration'


def curves_for_page(curves: Curves, most: int) -> dict[str, list[float | None]]:
    """Return the curves of a run with at most ``most`` points, ``None`` for what is not finite.

    Each point is the mean of its neighbours, with four significant digits. Terms without a
    finite point are left out; without terms there is nothing.
    """
    terms = {term: curves[term] for term in sorted(curves) if term != ITERATION}
    known = {term: values for term, values in terms.items() if any(map(math.isfinite, values))}
    if not known:
        return {}
    length = max(map(len, known.values()))
    places = curves.get(ITERATION) or range(1, length + 1)
    step = math.ceil(length / most)
    return {
        ITERATION: average_down(places, step),
        **{term: average_down(values, step) for term, values in known.items()},
    }


def average_down(values: Sequence[float], step: int) -> list[float | None]:
    """Return the mean of every ``step`` values, ``None`` where none of them is finite."""
    if step == 1:
        return [_round_significant(value) for value in values]
    return [_mean(values[i : i + step]) for i in range(0, len(values), step)]


def _mean(values: Sequence[float]) -> float | None:
    finite = [value for value in values if math.isfinite(value)]
    return _round_significant(sum(finite) / len(finite)) if finite else None


def _round_significant(value: float) -> float | None:
    """Return four significant digits, whole numbers without a decimal point."""
    if not math.isfinite(value):
        return None
    short = float(f'{value:.4g}')
    return int(short) if short.is_integer() else short
