"""What seeds allow to say: spread, clear differences and ranks, as pure functions of numbers.

Sums are exact, so that the order of the runs changes no digit.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

LEVEL = 0.05
"""The chance that any of a task's pairs is called clearly different where none is."""


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


@functools.lru_cache(maxsize=1000)
def studentized_range(groups: int, freedom: int) -> float:
    """Return what the range of ``groups`` equal means exceeds with the chance ``LEVEL``.

    It is in units of a mean's standard error, estimated with ``freedom`` degrees of freedom, and
    good to 1e-5; scipy's own inverse takes several times as long.
    """
    from scipy.optimize import brentq
    from scipy.stats import studentized_range, t

    def excess(value: float) -> float:
        return math.log(studentized_range.sf(value, groups, freedom) / LEVEL)

    # two groups are less, and Bonferroni's limit for all pairs is more
    low, high = (
        math.sqrt(2) * float(t.isf(LEVEL / 2 / pairs, freedom))
        for pairs in (1, math.comb(groups, 2))
    )
    return low if groups == 2 else float(brentq(excess, low, high, xtol=1e-5))


def clear_beyond(groups: Sequence[Sequence[float]]) -> float:
    """Return the difference beyond which two means of ``groups`` differ clearly.

    It is Tukey's honestly significant difference (Tukey 1949) over all pairs, with the spread
    pooled over the groups; where they are not equally large, that of the smallest.
    """
    freedom = sum(len(group) - 1 for group in groups)
    error = (pooled_sd(groups) or 0.0) / math.sqrt(min(map(len, groups)))
    return studentized_range(len(groups), freedom) * error


@dataclass(frozen=True)
class Judgement:
    """Which pairs differ clearly; ``spread`` is ``None`` where seeds allow no judgement.

    ``ranked`` are the judged names with their means, best first. ``unjudged`` are names with a
    single value: shown, but in no pair. Means more than ``threshold`` apart differ clearly.
    """

    spread: float | None
    ranked: tuple[tuple[str, float], ...]
    unjudged: tuple[str, ...]
    reason: str = ''
    threshold: float | None = None

    @property
    def order(self) -> tuple[str, ...]:
        """The judged names, best mean first."""
        return tuple(name for name, _ in self.ranked)

    @property
    def clear(self) -> tuple[Pair, ...]:
        """The pairs that differ clearly, by the better one's rank."""
        return tuple(pair for pair in self._pairs() if pair.difference > (self.threshold or 0.0))

    @property
    def unclear(self) -> tuple[Pair, ...]:
        """The pairs that do not differ clearly, by the better one's rank."""
        return tuple(pair for pair in self._pairs() if pair.difference <= (self.threshold or 0.0))

    def _pairs(self) -> Iterator[Pair]:
        for (better, high), (worse, low) in itertools.combinations(self.ranked, 2):
            yield Pair(better, worse, abs(high - low))

    @property
    def pair_count(self) -> int:
        """The number of judged pairs."""
        return math.comb(len(self.ranked), 2)

    @functools.cached_property
    def clear_count(self) -> int:
        """The number of pairs that differ clearly, found in one walk down the ranks."""
        limit, far, count = self.threshold or 0.0, 0, 0
        for place, (_, value) in enumerate(self.ranked):
            far = max(far, place + 1)
            while far < len(self.ranked) and abs(value - self.ranked[far][1]) <= limit:
                far += 1
            count += len(self.ranked) - far
        return count

    def unclear_from(self, names: frozenset[str]) -> frozenset[str]:
        """Return the judged names that do not differ clearly from one of ``names``."""
        limit = self.threshold or 0.0
        values = [value for name, value in self.ranked if name in names]
        return frozenset(
            name for name, value in self.ranked if any(abs(value - v) <= limit for v in values)
        )


def judge(values: Mapping[str, Sequence[float]], *, higher_is_better: bool) -> Judgement:
    """Return which of the named groups of seed scores differ clearly.

    A group with one value takes no part. Nothing is judged with fewer than two
    groups left, or where the seeds change no score: a zero spread says that the
    seeds were without effect, not that the measurement is exact.
    """
    groups = {name: group for name, group in sorted(values.items()) if len(group) > 1}
    spread = pooled_sd(groups.values())
    if reason := _why_not(groups, spread, values):
        return Judgement(None, (), tuple(sorted(values)), reason)
    sign = -1 if higher_is_better else 1
    means = {name: mean(group) for name, group in groups.items()}
    ranked = sorted(means.items(), key=lambda item: (sign * item[1], item[0]))
    alone = tuple(sorted(values.keys() - groups.keys()))
    return Judgement(spread, tuple(ranked), alone, threshold=clear_beyond(list(groups.values())))


def _why_not(
    groups: Mapping[str, Sequence[float]],
    spread: float | None,
    values: Mapping[str, Sequence[float]],
) -> str:
    if len(values) < 2:
        return 'fewer than two backbones have a score'
    if not groups or spread is None:
        return 'one seed per backbone, so the spread over seeds is unknown'
    if len(groups) < 2:
        return 'fewer than two backbones have two or more seeds'
    largest = max(abs(value) for group in groups.values() for value in group)
    return 'the seeds change no score' if spread <= 1e-9 * largest else ''


def best(means: Mapping[str, float], *, higher_is_better: bool) -> frozenset[str]:
    """Return the names with the best mean: several on a tie, none without means."""
    if not means:
        return frozenset()
    target = (max if higher_is_better else min)(means.values())
    return frozenset(name for name, value in means.items() if value == target)
