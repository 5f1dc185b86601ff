"""Means with their uncertainty over independent repetitions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from scipy import stats


class Interval(NamedTuple):
    """A mean and its 95 % t-interval; bounds are ``None`` where one value gives none."""

    mean: float
    low: float | None
    high: float | None
    n: int

    @property
    def sign(self) -> int:
        """1 where the whole interval is above 0, -1 where below, 0 where that is open."""
        if self.low is None or self.high is None or self.low <= 0 <= self.high:
            return 0
        return 1 if self.low > 0 else -1


def t_interval(values: Iterable[float]) -> Interval | None:
    """Return the mean of ``values`` with its 95 % t-interval; NaN are left out."""
    given = np.fromiter(values, dtype=np.float64)
    known = given[~np.isnan(given)]
    if not len(known):
        return None
    mean = float(known.mean())
    if len(known) < 2:
        return Interval(mean, None, None, len(known))
    half = float(stats.t.ppf(0.975, len(known) - 1) * known.std(ddof=1) / len(known) ** 0.5)
    return Interval(mean, mean - half, mean + half, len(known))


def welch_interval(first: Iterable[float], second: Iterable[float]) -> Interval | None:
    """Return mean(first) - mean(second) with Welch's 95 % interval; ``None`` if a side is empty.

    ``n`` is the number of values of the smaller side.
    """
    values = [list(first), list(second)]
    sides = [t_interval(side) for side in values]
    if sides[0] is None or sides[1] is None:
        return None
    difference = sides[0].mean - sides[1].mean
    n = min(side.n for side in sides if side is not None)
    if n < 2:
        return Interval(difference, None, None, n)
    squares = [float(np.nanvar(side, ddof=1)) / len(side) for side in values]
    total = sum(squares)
    if total == 0:
        return Interval(difference, difference, difference, n)
    freedom = total**2 / sum(
        square**2 / (len(side) - 1) for square, side in zip(squares, values, strict=True)
    )
    half = float(stats.t.ppf(0.975, freedom)) * total**0.5
    return Interval(difference, difference - half, difference + half, n)
