"""Intervals of weighted means: over seeds by Welch and Satterthwaite, over kinds of task by t."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from benchmark.statistics.aggregates import Array
from benchmark.statistics.resampling import LEVEL, Interval

FEWEST_UNITS = 3
"""Kinds of task, or tasks of a single kind, from which on an interval over them is given.

With two, Student's t has one degree of freedom: the interval would be thirteen standard errors
wide to either side and say nothing.
"""


class Precision(NamedTuple):
    """Squared standard errors of estimates, and their degrees of freedom; both of one shape."""

    squares: Array
    freedom: Array


def t_quantile(freedom: Array | float) -> Array:
    """Return how many standard errors half an interval of ``LEVEL`` is wide; infinite freedom too.

    >>> round(float(t_quantile(1.0)), 2), round(float(t_quantile(float('inf'))), 2)
    (12.71, 1.96)
    """
    from scipy.special import ndtri, stdtrit

    freedom = np.asarray(freedom, dtype=np.float64)
    top = (1 + LEVEL) / 2
    return np.where(np.isinf(freedom), float(ndtri(top)), stdtrit(freedom, top))


def satterthwaite(terms: Array, freedom: Array) -> Precision:
    """Return the precision of sums, along the last axis, of independent estimates.

    ``terms`` are their squared standard errors, estimated with ``freedom`` degrees of freedom.
    Where all terms are 0 the freedom is infinite.
    """
    total = terms.sum(axis=-1)
    below = (terms**2 / freedom).sum(axis=-1)
    found = np.divide(total**2, below, out=np.full(total.shape, np.inf), where=below > 0)
    return Precision(total, found)


def mean_errors(scores: Array, runs: Sequence[int]) -> Array:
    """Return squared standard errors of the means over seeds, shape (backbones, tasks).

    ``scores`` are (backbones, runs, tasks); task t has the first ``runs[t]``. 0 for one run.
    """
    lines = [
        scores[:, :n, task].var(axis=1, ddof=1) / n if n > 1 else np.zeros(len(scores))
        for task, n in enumerate(runs)
    ]
    return np.stack(lines, axis=1)


def half_width(squares: Array, degrees: NDArray[np.intp]) -> float:
    """Return half the interval of a sum of independent terms, by Welch and Satterthwaite.

    ``squares`` are the terms' squared standard errors, estimated with ``degrees`` of freedom.
    """
    return float(half_widths(satterthwaite(squares, np.asarray(degrees, dtype=np.float64))))


def half_widths(precision: Precision) -> Array:
    """Return half the widths of intervals: t standard errors."""
    return cast('Array', t_quantile(precision.freedom) * np.sqrt(precision.squares))


def welch(value: float, scores: Array, runs: Sequence[int], weights: Array) -> Interval | None:
    """Return the interval over seeds of ``value``, a weighted sum of the means of cells.

    ``scores`` are (backbones, runs, tasks), where task t has the first ``runs[t]``; ``weights``
    (backbones, tasks). Variances may differ; degrees of freedom are those of Welch and
    Satterthwaite, so that two seeds are not taken for more than they are. ``None`` where a cell
    that counts has one run.

    Args:
        value: the estimate.
        scores: scores by seed, (backbones, runs, tasks).
        runs: number of runs of each task.
        weights: weight of each cell, (backbones, tasks).
    """
    counts = np.array(runs)
    counted = weights != 0
    if not counted.any() or (counted & (counts < 2)).any():
        return None
    squares = np.where(counted, weights**2 * mean_errors(scores, runs), 0.0)
    degrees = np.broadcast_to(np.maximum(counts - 1, 1), squares.shape)
    half = half_width(squares.ravel(), degrees.ravel())
    return Interval(value - half, value + half)


def intervals_around(
    values: Array, halves: Array, low: float = -np.inf, high: float = np.inf
) -> list[Interval]:
    """Return intervals around ``values``, clipped to the least and largest possible value.

    Args:
        values: estimates.
        halves: half widths of their intervals.
        low: least possible value.
        high: largest possible value.
    """
    ends = np.clip([values - halves, values + halves], low, high)
    return [Interval(*pair) for pair in ends.T.tolist()]


def kind_means(values: Array, families: Sequence[str]) -> Array | None:
    """Return what an interval over tasks repeats: means of kinds, or the tasks of a single kind.

    ``values`` are (lines, tasks), the result (lines, units). ``None`` for fewer than
    ``FEWEST_UNITS``.
    """
    names = sorted(set(families))
    if len(names) > 1:
        member = np.array([[family == name for name in names] for family in families], float)
        values = values @ (member / member.sum(axis=0))
    return values if values.shape[1] >= FEWEST_UNITS else None


def over_kinds(
    values: Array, families: Sequence[str], low: float = -np.inf, high: float = np.inf
) -> list[Interval] | None:
    """Return Student's interval of each line over kinds of task, which weigh the same.

    ``values`` are (lines, tasks). Kinds are the repetitions, since tasks of one kind are alike;
    with a single kind its tasks are. ``None`` where there are fewer than ``FEWEST_UNITS``.

    Args:
        values: values per line and task.
        families: family of each task.
        low: least possible value.
        high: largest possible value.
    """
    units = kind_means(values, families)
    if units is None:
        return None
    count = units.shape[1]
    squares = units.var(axis=1, ddof=1) / count
    halves = half_widths(Precision(squares, np.full(len(units), count - 1.0)))
    return intervals_around(units.mean(axis=1), halves, low, high)
