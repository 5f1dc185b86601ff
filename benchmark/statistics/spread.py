"""What seeds allow to say: spread, clear differences and ranks, as pure functions of numbers.

Sums are exact, so that the order of the runs changes no digit.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from benchmark.statistics.aggregates import Array

LEVEL = 0.05
"""The chance, aimed at, that any of a task's pairs is called clear where only seeds differ."""


def mean(values: Sequence[float]) -> float:
    """Return the arithmetic mean of at least one value."""
    return math.fsum(values) / len(values)


def sample_sd(values: Sequence[float]) -> float | None:
    """Return the standard deviation with n - 1 degrees of freedom; ``None`` for one value."""
    return math.sqrt(_squares(values) / (len(values) - 1)) if len(values) > 1 else None


def _squares(values: Sequence[float]) -> float:
    """Return the sum of squared deviations from the mean."""
    centre = mean(values)
    return math.fsum([(value - centre) ** 2 for value in values])


def pooled_sd(groups: Iterable[Sequence[float]]) -> float | None:
    """Return the common standard deviation within ``groups``; ``None`` if all have one value.

    It is the root of the squared deviations from each group's own mean over the
    summed degrees of freedom.
    """
    several = [group for group in groups if len(group) > 1]
    freedom = sum(len(group) - 1 for group in several)
    if freedom == 0:
        return None
    return math.sqrt(math.fsum(map(_squares, several)) / freedom)


class Pair(NamedTuple):
    """Two names in the order of their means, and how far apart the means are."""

    better: str
    worse: str
    difference: float


_KNOTS = 9
_LEAST = 1e-12


@functools.lru_cache(maxsize=256)
def _range_curve(groups: int) -> Callable[[Array], Array]:
    """Return a polynomial in 1 / freedom: the logarithm of the studentized range over Bonferroni's.

    It goes through Chebyshev's points between 0 and 1; scipy's own values take some milliseconds
    each, and every pair of a task has a freedom of its own.
    """
    from numpy.polynomial import Chebyshev
    from scipy.optimize import brentq
    from scipy.stats import studentized_range

    def exact(freedom: float) -> float:
        def excess(value: float) -> float:
            # far beyond the level, at Bonferroni's end, scipy's own value is lost in rounding
            chance = max(float(studentized_range.sf(value, groups, freedom)), _LEAST)
            return math.log(chance / LEVEL)

        # two groups are less, and Bonferroni's limit for all pairs is more
        low, high = (float(_bonferroni(pairs, freedom)) for pairs in (1, math.comb(groups, 2)))
        return math.log(float(brentq(excess, low, high, xtol=1e-6)) / high)

    inverse = (1 - np.cos(np.pi * np.arange(_KNOTS) / (_KNOTS - 1))) / 2
    values = [exact(1 / x if x else math.inf) for x in inverse.tolist()]
    return cast(
        'Callable[[Array], Array]', Chebyshev.fit(inverse, values, _KNOTS - 1, domain=[0, 1])
    )


def _bonferroni(pairs: int, freedom: Array | float) -> Array:
    """Return Bonferroni's limit over ``pairs``, in standard errors of one mean."""
    from scipy.special import ndtri, stdtrit

    tail = LEVEL / 2 / pairs
    normal = -float(ndtri(tail))
    return np.asarray(math.sqrt(2) * np.where(np.isinf(freedom), normal, -stdtrit(freedom, tail)))


def studentized_range(groups: int, freedom: Array | float) -> Array:
    """Return what the range of ``groups`` equal means exceeds with the chance ``LEVEL``.

    It is in units of a mean's standard error, estimated with ``freedom`` (at least 1) degrees of
    freedom, and good to 0.1 % up to 100 groups.
    """
    freedom = np.asarray(freedom, dtype=np.float64)
    bound = _bonferroni(math.comb(groups, 2), freedom)
    return bound if groups == 2 else bound * np.exp(_range_curve(groups)(1 / freedom))


def prior_freedom(own: Array, groups: int) -> Array:
    """Return the degrees of freedom with which a task's mean variance speaks for a backbone.

    A tenth of the square of the backbone's ``own``, at most one: the variance of two runs is
    drawn to the mean by a tenth, that of three by a sixth. Chosen by simulation
    (``tools/simulate_statistics.py``) so that false alarms stay near ``LEVEL`` whether spreads
    are equal or not. Two backbones are left with Welch's test as it is.
    """
    return np.asarray(np.minimum(0.1 * own**2, 1.0) if groups > 2 else np.zeros_like(own))


def clear_limits(variances: Array, runs: NDArray[np.intp]) -> Array:
    """Return the difference of means beyond which each pair of backbones differs clearly.

    It is the limit of Games and Howell (1976), which lets spreads differ, with variances drawn a
    little towards their mean. ``variances`` (..., backbones) are those of single runs, ``runs``
    (backbones,) at least 2; the result is (..., backbones, backbones), symmetric. Where numbers
    of runs differ, the smaller one of a pair decides how far its variances are trusted.
    """
    groups, own = len(runs), (runs - 1).astype(np.float64)
    shares = own * variances / own.sum()
    mean_variance = shares.sum(axis=-1)[..., None, None]
    fewest = np.minimum(own[:, None], own[None, :])
    prior = prior_freedom(fewest, groups)
    # squared standard errors: of the row's backbone, then of the column's
    rows = (own * variances)[..., :, None] + prior * mean_variance
    rows = rows / (own[:, None] + prior) / runs[:, None]
    columns = np.swapaxes(rows, -1, -2)
    total = rows + columns
    spread = (rows**2 + columns**2) / (fewest + prior)
    # no pair is surer of its spread than the task is of the mean one
    most = _unbiased_freedom(shares, own)[..., None, None]
    freedom = np.divide(total**2, spread, out=np.full(total.shape, np.inf), where=spread > 0)
    freedom = np.clip(np.minimum(freedom, most), 1, own.sum())
    return np.asarray(studentized_range(groups, freedom) * np.sqrt(total / 2))


def _unbiased_freedom(terms: Array, freedom: Array) -> Array:
    """Return Satterthwaite's degrees of freedom of a sum of variances, free of its bias.

    A squared variance with d degrees of freedom is (d + 2) / d times too large on average.
    """
    squares = (terms**2 / (freedom + 2)).sum(axis=-1)
    total = terms.sum(axis=-1) ** 2
    found = np.divide(total, squares, out=np.full(total.shape, np.inf), where=squares > 0)
    return np.asarray(found - 2)


class Limits(NamedTuple):
    """The smallest and the largest difference at which some pair of a task differs clearly."""

    smallest: float
    largest: float


@dataclass(frozen=True)
class Judgement:
    """Which pairs differ clearly.

    Attributes:
        spread: standard deviation over seeds; ``None`` where seeds allow no judgement.
        ranked: the judged names with their means, best first.
        unjudged: names with a single value: shown, but in no pair.
        reason: why nothing could be judged; empty otherwise.
        ends: smallest and largest of the limits.
        limits: (judged, judged) in the order of ``ranked``: differences beyond which two means
            differ clearly.
        is_deterministic: whether every backbone has several seeds and all of them the same score.
    """

    spread: float | None
    ranked: tuple[tuple[str, float], ...]
    unjudged: tuple[str, ...]
    reason: str = ''
    ends: Limits | None = None
    limits: Array = field(default_factory=lambda: np.zeros((0, 0)), compare=False, repr=False)
    is_deterministic: bool = False

    @property
    def order(self) -> tuple[str, ...]:
        """The judged names, best mean first."""
        return tuple(name for name, _ in self.ranked)

    @property
    def clear(self) -> tuple[Pair, ...]:
        """The pairs that differ clearly, by the better one's rank."""
        return tuple(self._pairs(np.triu(self._is_clear)))

    @property
    def unclear(self) -> tuple[Pair, ...]:
        """The pairs that do not differ clearly, by the better one's rank."""
        return tuple(self._pairs(np.triu(~self._is_clear, 1)))

    def _pairs(self, wanted: NDArray[np.bool_]) -> Iterator[Pair]:
        for i, j in np.argwhere(wanted).tolist():
            (better, high), (worse, low) = self.ranked[i], self.ranked[j]
            yield Pair(better, worse, abs(high - low))

    @functools.cached_property
    def _is_clear(self) -> NDArray[np.bool_]:
        """Whether two judged backbones differ clearly, in the order of ``ranked``."""
        means = np.array([value for _, value in self.ranked])
        return np.asarray(np.abs(means[:, None] - means[None, :]) > self.limits)

    @property
    def pair_count(self) -> int:
        """The number of judged pairs."""
        return math.comb(len(self.ranked), 2)

    @property
    def clear_count(self) -> int:
        """The number of pairs that differ clearly."""
        return int(np.count_nonzero(np.triu(self._is_clear)))

    def unclear_from(self, names: frozenset[str]) -> frozenset[str]:
        """Return the judged names that do not differ clearly from one of ``names``."""
        among = [place for place, name in enumerate(self.order) if name in names]
        near = np.flatnonzero(~self._is_clear[:, among].all(axis=1))
        return frozenset(self.order[place] for place in near)


DETERMINISTIC = 'the method is deterministic; seeds give the same score'


def judge(values: Mapping[str, Sequence[float]], *, higher_is_better: bool) -> Judgement:
    """Return which of the named groups of seed scores differ clearly.

    A group with one value takes no part. Nothing is judged with fewer than two
    groups left, or where the seeds change no score: a zero spread says that the
    seeds were without effect, not that the measurement is exact.
    """
    groups = {name: group for name, group in sorted(values.items()) if len(group) > 1}
    spread = pooled_sd(groups.values())
    if reason := _why_not(groups, spread, values):
        names = tuple(sorted(values))
        return Judgement(None, (), names, reason, is_deterministic=reason == DETERMINISTIC)
    sign = -1 if higher_is_better else 1
    means = {name: mean(group) for name, group in groups.items()}
    ranked = sorted(means.items(), key=lambda item: (sign * item[1], item[0]))
    judged = [groups[name] for name, _ in ranked]
    limits = clear_limits(
        np.array([_squares(group) / (len(group) - 1) for group in judged]),
        np.array([len(group) for group in judged]),
    )
    alone = tuple(sorted(values.keys() - groups.keys()))
    of_pairs = limits[np.triu_indices(len(judged), 1)]
    ends = Limits(float(of_pairs.min()), float(of_pairs.max()))
    return Judgement(spread, tuple(ranked), alone, ends=ends, limits=limits)


def _why_not(
    groups: Mapping[str, Sequence[float]],
    spread: float | None,
    values: Mapping[str, Sequence[float]],
) -> str:
    largest = max((abs(value) for group in groups.values() for value in group), default=0.0)
    without_effect = spread is not None and spread <= 1e-9 * largest
    if without_effect and len(groups) == len(values):
        return DETERMINISTIC
    if len(values) < 2:
        return 'fewer than two backbones have a score'
    if not groups or spread is None:
        return 'one seed per backbone, so the spread over seeds is unknown'
    if len(groups) < 2:
        return 'fewer than two backbones have two or more seeds'
    return 'every seed of a backbone gives the same score' if without_effect else ''


def best(means: Mapping[str, float], *, higher_is_better: bool) -> frozenset[str]:
    """Return the names with the best mean: several on a tie, none without means."""
    if not means:
        return frozenset()
    target = (max if higher_is_better else min)(means.values())
    return frozenset(name for name, value in means.items() if value == target)
