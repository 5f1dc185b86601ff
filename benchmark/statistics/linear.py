"""Weighted sums of means over seeds, with the interval that few seeds allow."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmark.statistics.aggregates import Array
from benchmark.statistics.resampling import LEVEL, Interval


def welch(value: float, scores: Array, runs: Sequence[int], weights: Array) -> Interval | None:
    """Return the interval over seeds of ``value``, a weighted sum of the means of cells.

    ``scores`` are (backbones, runs, tasks), of which task t has the first ``runs[t]``; ``weights``
    (backbones, tasks). Variances may differ; degrees of freedom are those of Welch and
    Satterthwaite, so that two seeds are not taken for more than they are. ``None`` where a cell
    that counts has one run.
    """
    counts = np.array(runs)
    counted = weights != 0
    if not counted.any() or (counted & (counts < 2)).any():
        return None
    variances = np.stack(
        [
            scores[:, :n, task].var(axis=1, ddof=1) / n if n > 1 else np.zeros(len(scores))
            for task, n in enumerate(runs)
        ],
        axis=1,
    )
    half = half_width(np.where(counted, weights**2 * variances, 0.0), np.maximum(counts - 1, 1))
    return Interval(value - half, value + half)


def half_width(squares: Array, degrees: NDArray[np.intp]) -> float:
    """Return half the interval of a sum of independent terms, as Welch and Satterthwaite have it.

    ``squares`` are the terms' squared standard errors, estimated with ``degrees`` of freedom.
    """
    from scipy.stats import t

    variance = float(squares.sum())
    if variance == 0:
        return 0.0
    freedom = variance**2 / float((squares**2 / degrees).sum())
    return float(t.ppf((1 + LEVEL) / 2, freedom)) * math.sqrt(variance)
