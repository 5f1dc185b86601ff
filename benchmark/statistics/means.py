"""Means with their uncertainty over independent repetitions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from scipy import stats

from benchmark.statistics.linear import half_width


class MeanInterval(NamedTuple):
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


def t_interval(values: Iterable[float]) -> MeanInterval | None:
    """Return the mean of ``values`` with its 95 % t-interval; NaN are left out."""
    given = np.fromiter(values, dtype=np.float64)
    known = given[~np.isnan(given)]
    if not len(known):
        return None
    mean = float(known.mean())
    if len(known) < 2:
        return MeanInterval(mean, None, None, len(known))
    half = float(stats.t.ppf(0.975, len(known) - 1) * known.std(ddof=1) / len(known) ** 0.5)
    return MeanInterval(mean, mean - half, mean + half, len(known))


def welch_interval(first: Iterable[float], second: Iterable[float]) -> MeanInterval | None:
    """Return mean(first) - mean(second) with Welch's 95 % interval; ``None`` if a side is empty."""
    return contrast_interval([first], [second])


def contrast_interval(
    added: Iterable[Iterable[float]], taken: Iterable[Iterable[float]]
) -> MeanInterval | None:
    """Return the sum of means of ``added`` less that of ``taken``, with its 95 % interval.

    Degrees of freedom are Welch's and Satterthwaite's, variances may differ. ``n`` is the number
    of values of the smallest group; ``None`` where one is empty.
    """
    groups = [(1, list(group)) for group in added] + [(-1, list(group)) for group in taken]
    n = min(len(group) for _, group in groups)
    if n == 0:
        return None
    total = float(sum(sign * np.mean(group) for sign, group in groups))
    if n < 2:
        return MeanInterval(total, None, None, n)
    squares = np.array([np.var(group, ddof=1) / len(group) for _, group in groups])
    half = half_width(squares, np.array([len(group) - 1 for _, group in groups]))
    return MeanInterval(total, total - half, total + half, n)
