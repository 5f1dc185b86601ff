"""What a critical-difference diagram draws: mean ranks, and groups without a clear difference."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from benchmark.statistics.aggregates import Array, ranks


class Friedman(NamedTuple):
    """Friedman's test over tasks and Nemenyi's critical difference of mean ranks at 5 %."""

    mean_ranks: tuple[float, ...]
    p: float
    critical: float


def friedman(means: Array) -> Friedman:
    """Return the test for ``means`` (backbones, tasks), at least three backbones, two tasks."""
    from scipy.stats import friedmanchisquare, studentized_range

    backbones, tasks = means.shape
    mean_ranks = ranks(means.T).mean(axis=0)
    is_constant = bool(np.all(means == means[:1]))
    p = 1.0 if is_constant else float(friedmanchisquare(*means).pvalue)
    quantile = float(studentized_range.ppf(0.95, backbones, math.inf)) / math.sqrt(2)
    critical = quantile * math.sqrt(backbones * (backbones + 1) / (6 * tasks))
    return Friedman(tuple(mean_ranks.tolist()), p, critical)


def cliques(mean_ranks: Array, critical: float) -> list[tuple[int, ...]]:
    """Return the largest groups of places whose mean ranks are less than ``critical`` apart.

    Groups of one are left out; each group is in the order of its ranks.
    """
    order = np.argsort(mean_ranks, kind='stable')
    ranked = mean_ranks[order]
    groups, reached = [], 0
    for start, rank in enumerate(ranked):
        end = int(np.searchsorted(ranked, rank + critical, side='left'))
        if end > max(reached, start + 1):
            groups.append(tuple(order[start:end].tolist()))
        reached = max(reached, end)
    return groups
