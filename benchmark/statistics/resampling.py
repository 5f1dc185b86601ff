"""Two bootstraps that answer two questions: other seeds, and other tasks.

Other seeds: the tasks stay and the runs of each backbone on each task are drawn anew, which is
the bootstrap stratified by task. Other tasks: the means stay, families are drawn anew and then
tasks within each drawn family, the same for all backbones.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from benchmark.statistics.aggregates import Array, middle_mean

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


def draw_seeds(
    runs: Sequence[int], backbones: int, count: int, random: np.random.Generator
) -> SeedDraws:
    """Return ``count`` resamples, with replacement, of the runs of each task.

    Args:
        runs: number of runs of each task.
        backbones: number of backbones, which are drawn independently.
        count: number of resamples.
        random: source of randomness.
    """
    shares = tuple(random.multinomial(n, np.full(n, 1 / n), size=count) / n for n in runs)
    return SeedDraws(shares, random.integers(count, size=(len(runs), backbones)))


def widen(scores: Array) -> Array:
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


def resampled_means(scores: Array, draws: SeedDraws) -> Iterator[Array]:
    """Yield for each task the means over runs in each resample, shape (resamples, backbones).

    ``scores`` has the shape (backbones, runs, tasks). All tasks at once would not stay in a
    processor's cache.
    """
    backbones = np.arange(len(scores))
    for task, share in enumerate(draws.shares):
        drawn = widen(scores[:, : share.shape[1], task]) @ share.T
        yield np.ascontiguousarray(_turns(drawn)[backbones, draws.starts[task]].T)


def over_tasks(weights: Array, values: Iterable[Array]) -> Array:
    """Return the weighted sum of one array per task."""
    weighted = (weight * value for weight, value in zip(weights, values, strict=True))
    return functools.reduce(operator.iadd, weighted)


def _turns(lines: Array) -> Array:
    """Return each line begun at each of its places and gone on around its end, as a view.

    ``lines`` has the shape (lines, n), the result (lines, n + 1, n).
    """
    return sliding_window_view(np.concatenate([lines, lines], axis=1), lines.shape[1], axis=1)


def resampled_iqm(scores: Array, draws: SeedDraws, weights: Array) -> Array:
    """Return the interquartile mean over runs and tasks in each resample.

    ``scores`` has the shape (backbones, runs, tasks), ``weights`` (tasks,); the result has the
    shape (resamples, backbones).
    """
    runs = [share.shape[1] for share in draws.shares]
    spread = [widen(scores[:, :n, task]) for task, n in enumerate(runs)]
    values = np.concatenate(spread, axis=1)
    masses = [share.T * weight for share, weight in zip(draws.shares, weights, strict=True)]
    drawn, starts = _turns(np.concatenate(masses)), np.repeat(draws.starts, runs, axis=0)
    return middle_means(values, lambda run, backbone: drawn[run, starts[run, backbone]])


_SIDE_BY_SIDE = 4
"""Backbones whose weights of all runs in all resamples stay in a processor's cache together."""


def middle_means(
    values: Array, weigh: Callable[[NDArray[np.intp], NDArray[np.intp]], Array]
) -> Array:
    """Return the interquartile mean of each backbone's runs, shape (resamples, backbones).

    ``values`` are (backbones, runs). ``weigh`` gets places of runs and the backbones they are of,
    as arrays that broadcast, and returns their weights, with an axis for the resamples behind.
    """
    order = np.argsort(values, axis=1, kind='stable').T
    ascending = np.take_along_axis(values.T, order, axis=0)
    found = []
    for start in range(0, len(values), _SIDE_BY_SIDE):
        part = np.arange(start, min(start + _SIDE_BY_SIDE, len(values)))
        found.append(middle_mean(ascending[:, part], weigh(order[:, part], part)))
    return np.concatenate(found).T


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
