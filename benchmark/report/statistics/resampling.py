"""Two bootstraps that answer two questions: other seeds, and other tasks.

Other seeds: the tasks stay and the runs of each backbone on each task are drawn anew, which is
the bootstrap stratified by task. Other tasks: the means stay, families are drawn anew and then
tasks within each drawn family, the same for all backbones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.report.statistics.aggregates import Array, middle_mean

LEVEL = 0.95
"""Share of the resamples that an interval holds."""


class Interval(NamedTuple):
    """The middle ``LEVEL`` of what resamples gave."""

    low: float
    high: float


def interval(samples: Array, *, attained: bool = False) -> Interval:
    """Return the percentile interval of ``samples``; ``attained`` ends are among the samples."""
    return intervals(samples[:, None], attained=attained)[0]


def intervals(samples: Array, *, attained: bool = False) -> list[Interval]:
    """Return the interval of each column of ``samples``, shape (resamples, columns)."""
    tail = (1 - LEVEL) / 2
    method = 'inverted_cdf' if attained else 'linear'
    low, high = np.quantile(  # type: ignore[call-overload]
        samples, [tail, 1 - tail], axis=0, method=method
    )
    return [Interval(*ends) for ends in zip(low.tolist(), high.tolist(), strict=True)]


@dataclass(frozen=True)
class SeedDraws:
    """How often each run is drawn, per resample.

    ``shares[t]`` of shape (resamples, runs of task t) sums to 1 along the runs. A backbone takes
    these lines from line ``starts[t, backbone]`` on, around the end: each line is a random draw,
    so what two backbones get in the same resample is independent.
    """

    shares: tuple[Array, ...]
    starts: NDArray[np.intp]

    @property
    def count(self) -> int:
        """The number of resamples."""
        return len(self.shares[0])

    def of(self, backbones: Sequence[int]) -> SeedDraws:
        """Return what the backbones at these places are given, as it is among all."""
        return SeedDraws(self.shares, self.starts[:, backbones])


def draw_seeds(
    runs: Sequence[int], backbones: int, count: int, random: np.random.Generator
) -> SeedDraws:
    """Return ``count`` resamples, with replacement, of the runs of each task."""
    shares = tuple(random.multinomial(n, np.full(n, 1 / n), size=count) / n for n in runs)
    return SeedDraws(shares, random.integers(count, size=(len(runs), backbones)))


def widened(scores: Array) -> Array:
    """Return ``scores`` (backbones, runs) with deviations from the mean made larger.

    A resample of n runs varies by (n - 1) / n of the runs' own variance, half of it for two
    seeds; the factor sqrt(n / (n - 1)) makes up for that, so that resampled means vary by
    exactly the squared standard error. One run is left as it is.
    """
    runs = scores.shape[1]
    if runs < 2:
        return scores
    centre = scores.mean(axis=1, keepdims=True)
    return np.asarray(centre + np.sqrt(runs / (runs - 1)) * (scores - centre))


def resampled_means(scores: Array, draws: SeedDraws) -> Array:
    """Return the means over runs in each resample, shape (resamples, backbones, tasks).

    ``scores`` has the shape (backbones, runs, tasks).
    """
    lines, backbones = np.arange(draws.count)[:, None], np.arange(len(scores))
    means = np.empty((draws.count, scores.shape[0], scores.shape[2]))
    for task, share in enumerate(draws.shares):
        drawn = _twice(share @ widened(scores[:, : share.shape[1], task]).T)
        means[:, :, task] = drawn[lines + draws.starts[task], backbones]
    return means


def _twice(lines: Array) -> Array:
    """Return the lines and then again, so that those from any line on are there in a row."""
    return np.concatenate([lines, lines])


def resampled_iqm(scores: Array, draws: SeedDraws, weights: Array) -> Array:
    """Return the interquartile mean over runs and tasks in each resample.

    ``scores`` has the shape (backbones, runs, tasks), ``weights`` (tasks,); the result has the
    shape (resamples, backbones).
    """
    runs = [share.shape[1] for share in draws.shares]
    spread = [widened(scores[:, :n, task]) for task, n in enumerate(runs)]
    values = np.concatenate(spread, axis=1)
    masses = [share * weight for share, weight in zip(draws.shares, weights, strict=True)]
    drawn = np.ascontiguousarray(_twice(np.concatenate(masses, axis=1)).T)
    lines, starts = np.arange(draws.count), np.repeat(draws.starts, runs, axis=0)
    found = np.empty((draws.count, len(scores)))
    for backbone, line in enumerate(values):
        order = np.argsort(line, kind='stable')
        mass = drawn[order[:, None], starts[order, backbone, None] + lines]
        found[:, backbone] = middle_mean(line[order], mass.T)
    return found


def draw_tasks(families: Sequence[str], count: int, random: np.random.Generator) -> Array:
    """Return the weight of each task in each resample, shape (resamples, tasks), rows sum to 1.

    As many families as there are are drawn with replacement, and for each drawn one as many of
    its tasks as it has.
    """
    names = sorted(set(families))
    drawn = random.multinomial(len(names), np.full(len(names), 1 / len(names)), size=count)
    weights = np.empty((count, len(families)))
    for name, times in zip(names, drawn.T, strict=True):
        members = [place for place, family in enumerate(families) if family == name]
        size = len(members)
        tasks = random.multinomial(times * size, np.full(size, 1 / size))
        weights[:, members] = tasks / (size * len(names))
    return weights
