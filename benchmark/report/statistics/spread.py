"""What seeds allow to say: spread, clear differences and ranks, as pure functions of numbers.

Sums are exact, so that the order of the runs changes no digit.
"""

from __future__ import annotations

import itertools
import math
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

CLEAR_BEYOND = 2.0
"""A difference of means is clear beyond this many pooled seed standard deviations."""


def mean(values: Sequence[float]) -> float:
    """Return the arithmetic mean of at least one value."""
    return statistics.fmean(values)


def sample_sd(values: Sequence[float]) -> float | None:
    """Return the standard deviation with n - 1 degrees of freedom; ``None`` for one value."""
    return statistics.stdev(values) if len(values) > 1 else None


def pooled_sd(groups: Iterable[Sequence[float]]) -> float | None:
    """Return the common standard deviation within ``groups``; ``None`` if all have one value.

    It is the root of the squared deviations from each group's own mean over the
    summed degrees of freedom.
    """
    several = [group for group in groups if len(group) > 1]
    freedom = sum(len(group) - 1 for group in several)
    if freedom == 0:
        return None
    squares = math.fsum((len(group) - 1) * statistics.variance(group) for group in several)
    return math.sqrt(squares / freedom)


class Pair(NamedTuple):
    """Two names in the order of their means, and how far apart the means are."""

    better: str
    worse: str
    difference: float


class Judgement(NamedTuple):
    """Which pairs differ clearly; ``spread`` is ``None`` where seeds allow no judgement.

    ``unjudged`` are names with a single value: shown, but in no pair.
    """

    spread: float | None
    clear: tuple[Pair, ...]
    unclear: tuple[Pair, ...]
    unjudged: tuple[str, ...]
    reason: str = ''

    @property
    def order(self) -> tuple[str, ...]:
        """The judged names, best mean first."""
        worse_than: Counter[str] = Counter()
        for pair in (*self.clear, *self.unclear):
            worse_than[pair.worse] += 1
            worse_than[pair.better] += 0
        return tuple(sorted(worse_than, key=lambda name: worse_than[name]))

    @property
    def threshold(self) -> float | None:
        """The difference beyond which means differ clearly."""
        return None if self.spread is None else CLEAR_BEYOND * self.spread


def judge(values: Mapping[str, Sequence[float]], *, higher_is_better: bool) -> Judgement:
    """Return which of the named groups of seed scores differ clearly.

    A group with one value takes no part. Nothing is judged with fewer than two
    groups left, or where the seeds change no score: a zero spread says that the
    seeds were without effect, not that the measurement is exact.
    """
    groups = {name: group for name, group in sorted(values.items()) if len(group) > 1}
    unjudged = tuple(sorted(values.keys() - groups.keys()))
    spread = pooled_sd(groups.values())
    if reason := _why_not(groups, spread, values):
        return Judgement(None, (), (), tuple(sorted(values)), reason)
    pairs = list(_pairs(groups, higher_is_better=higher_is_better))
    limit = CLEAR_BEYOND * (spread or 0.0)
    clear = tuple(pair for pair in pairs if pair.difference > limit)
    unclear = tuple(pair for pair in pairs if pair.difference <= limit)
    return Judgement(spread, clear, unclear, unjudged)


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


def _pairs(groups: Mapping[str, Sequence[float]], *, higher_is_better: bool) -> Iterable[Pair]:
    sign = -1 if higher_is_better else 1
    means = {name: mean(group) for name, group in groups.items()}
    ordered = sorted(means, key=lambda name: (sign * means[name], name))
    for better, worse in itertools.combinations(ordered, 2):
        yield Pair(better, worse, abs(means[better] - means[worse]))


def best(means: Mapping[str, float], *, higher_is_better: bool) -> frozenset[str]:
    """Return the names with the best mean: several on a tie, none without means."""
    if not means:
        return frozenset()
    target = (max if higher_is_better else min)(means.values())
    return frozenset(name for name, value in means.items() if value == target)
