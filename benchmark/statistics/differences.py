"""The difference of two backbones on a task, with an interval over seeds and test examples.

A score varies with the seed of a training and with the examples that happen to be in the test
split. Both backbones are tested on the same examples, so examples count in pairs. The variance of
the difference of means is the sum of three parts: those of each backbone's seeds, and that of the
paired examples; what seeds and examples do together is in both and is taken off once (the two-way
clustering of Cameron, Gelbach and Miller, 2011, https://doi.org/10.1198/jbes.2010.07136). The limit
lies between two approximations that err on opposite sides: Student's t of each part, weighted by
the parts (Cochran, Biometrics 20, 1964), is too wide with few runs, and that with Satterthwaite's
degrees of freedom (Biometrics Bulletin 2, 1946) too narrow where few runs agree by chance.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from benchmark.statistics.aggregates import Array
from benchmark.statistics.noise import UNKNOWN, Noise, Spread, pool, within

K = TypeVar('K', bound=Hashable)

_COCHRAN = 1 / 3
"""Weight of Cochran's limit beside Satterthwaite's (``tools/simulate_compare.py``)."""

LEVEL = 0.95
"""The share of intervals that are to contain the true difference."""


class Arm(NamedTuple):
    """The runs of a backbone on a task.

    Attributes:
        scores: of each run (a seed each), higher is better.
        influence: how far each group of test examples pulls each score, (runs, groups), by
            :meth:`benchmark.statistics.outcomes.Form.influence`; ``None`` where it is not known.
        noise: how much the seed alone moves a score; ``sd`` 0 and infinite freedom where it does
            not, as for a deterministic method.
        lent: what :func:`interaction` says of the backbones whose noise a single run takes;
            ``None`` where it is not known.
    """

    scores: tuple[float, ...]
    influence: Array | None = None
    noise: Noise = UNKNOWN
    lent: float | None = None

    @property
    def mean(self) -> float:
        """The mean over runs."""
        return math.fsum(self.scores) / len(self.scores)


class Part(NamedTuple):
    """A part of the variance of a difference, and its degrees of freedom."""

    variance: float
    freedom: float


@dataclass(frozen=True)
class Difference:
    """How far A is ahead of B.

    Attributes:
        value: mean of A minus mean of B, positive where A is better.
        error: standard error; ``nan`` where nothing is known of it.
        p: two-sided, of no difference; 1 where nothing is known.
        low: lower end of the 95 % interval; ``nan`` where nothing is known.
        high: upper end.
        seeds: part of the seeds; ``None`` where it is not known.
        examples: part of the test examples; ``None`` where it is not known.
        groups: independent test examples (sequences, films) behind that part.
        runs: of A and of B.
    """

    value: float
    error: float
    p: float
    low: float
    high: float
    seeds: Part | None
    examples: Part | None
    groups: int
    runs: tuple[int, int]

    @property
    def parts(self) -> tuple[Part, ...]:
        """The parts that make up the variance, without what would count twice."""
        if self.seeds is None or self.examples is None:
            return tuple(part for part in (self.seeds, self.examples) if part)
        rest = max(self.error**2 - self.seeds.variance, 0.0)
        return self.seeds, self.examples._replace(variance=rest)

    @property
    def is_known(self) -> bool:
        """Whether anything is known of how sure the difference is."""
        return math.isfinite(self.error)


def difference(a: Arm, b: Arm, *, most: float = math.inf) -> Difference:
    """Return how far ``a`` is ahead of ``b``, with an interval over seeds and test examples.

    What is not known is left out of the interval; the result says which parts it has.

    Args:
        a: the runs of A.
        b: the runs of B, on the same groups of test examples.
        most: degrees of freedom behind all that is known of the noise of seeds on the task.
    """
    value = a.mean - b.mean
    runs = len(a.scores), len(b.scores)
    seeds, examples = _seeds(a, b, most), _examples(a, b)
    groups = 0 if a.influence is None else a.influence.shape[1]
    parts = [part for part in (seeds, examples) if part]
    if not parts:
        nothing = math.nan
        return Difference(value, nothing, 1.0, nothing, nothing, None, None, groups, runs)
    if seeds and examples:
        left = max(examples.variance - _interaction(a, b), 0.0)
        parts = [seeds, examples._replace(variance=left)]
    return _difference(value, parts, seeds, examples, groups, runs)


def _difference(
    value: float,
    parts: Sequence[Part],
    seeds: Part | None,
    examples: Part | None,
    groups: int,
    runs: tuple[int, int],
) -> Difference:
    error = math.sqrt(sum(part.variance for part in parts))
    low, high, p = _interval(value, parts)
    return Difference(value, error, p, low, high, seeds, examples, groups, runs)


def _seeds(a: Arm, b: Arm, most: float) -> Part | None:
    """Return the part of the seeds of both; ``None`` unless it is known of both."""
    if not (a.noise.freedom > 0 and b.noise.freedom > 0):
        return None
    parts = [Part(arm.noise.sd**2 / len(arm.scores), arm.noise.freedom) for arm in (a, b)]
    total = sum(part.variance for part in parts)
    squares = sum(part.variance**2 / part.freedom for part in parts)
    if squares <= 0:
        return Part(total, math.inf)
    # by Welch; two arms that take the same noise know no more than it does
    return Part(total, min(total**2 / squares, most))


def seed_noises(scores: Mapping[K, Sequence[float]]) -> dict[K, Noise]:
    """Return how much the seed alone moves the score of each backbone on a task.

    One with several runs has its own spread, one with a single run that which the others have in
    common.
    """
    spreads = {key: within([tuple(values)]) for key, values in scores.items()}
    together = pool(spreads.values())
    shared = _noise(together) if together.freedom else UNKNOWN
    return {key: _noise(one) if one.freedom else shared for key, one in spreads.items()}


def _noise(spread: Spread) -> Noise:
    return Noise(math.sqrt(spread.variance), float(spread.freedom))


def _examples(a: Arm, b: Arm) -> Part | None:
    """Return the part of the test examples; ``None`` where fewer than two groups are known."""
    if a.influence is None or b.influence is None or a.influence.shape[1] < 2:
        return None
    gaps = a.influence.mean(axis=0) - b.influence.mean(axis=0)
    return Part(float(gaps.var(ddof=1)) / len(gaps), len(gaps) - 1.0)


def _interaction(a: Arm, b: Arm) -> float:
    """Return what is in the parts of seeds and examples alike.

    A backbone with one run takes what is known of those whose noise it takes, else the other's;
    where nothing is known it is 0.
    """
    found = [_own_or_lent(arm) for arm in (a, b)]
    known = [value for value in found if value is not None]
    if not known:
        return 0.0
    # the smaller one, so that a guess does not make the interval too short
    guess = min(known)
    total = 0.0
    for arm, value in zip((a, b), found, strict=True):
        assert arm.influence is not None
        own = guess if value is None else value
        # nothing of a deterministic method is in the part of its seeds
        if arm.noise.sd > 0:
            total += own / (len(arm.scores) * arm.influence.shape[1])
    return total


def _own_or_lent(arm: Arm) -> float | None:
    own = None if arm.influence is None else interaction([arm.influence])
    return arm.lent if own is None else own


def interaction(influences: Iterable[Array]) -> float | None:
    """Return the variance of what a run does on one group of examples alone.

    Args:
        influences: of each backbone, (runs, groups); those with a single run say nothing.

    Returns:
        The variance that they have in common; ``None`` where no backbone has several runs.
    """
    squares, freedom = 0.0, 0
    for pull in influences:
        rest = pull - pull.mean(axis=0) - pull.mean(axis=1, keepdims=True) + pull.mean()
        squares += float((rest**2).sum())
        freedom += (pull.shape[0] - 1) * (pull.shape[1] - 1)
    return squares / freedom if freedom > 0 else None


def _interval(value: float, parts: Sequence[Part]) -> tuple[float, float, float]:
    """Return the ends of the interval and the p-value of a difference, by :func:`_limit`."""
    total = sum(part.variance for part in parts)
    if total == 0:
        return value, value, 1.0 if value == 0 else 0.0
    error = math.sqrt(total)
    half = error * _limit(1 - LEVEL, parts)
    return value - half, value + half, _p_value(abs(value) / error, parts)


def _limit(level: float, parts: Sequence[Part]) -> float:
    """Return the standard errors that a difference exceeds with the chance ``level``."""
    total = sum(part.variance for part in parts)
    cochran = sum(part.variance / total * _quantile(level, part.freedom) for part in parts)
    squares = sum(part.variance**2 / part.freedom for part in parts)
    satterthwaite = _quantile(level, total**2 / squares if squares > 0 else math.inf)
    return _COCHRAN * cochran + (1 - _COCHRAN) * satterthwaite


def _quantile(level: float, freedom: float) -> float:
    """Return the size that Student's t exceeds with the chance ``level``."""
    from scipy.special import ndtri, stdtrit

    found = ndtri(1 - level / 2) if math.isinf(freedom) else stdtrit(freedom, 1 - level / 2)
    return float(found)


def _p_value(clearness: float, parts: Sequence[Part]) -> float:
    """Return the probability of a difference of at least that many standard errors."""
    from scipy.optimize import brentq

    if clearness == 0:
        return 1.0
    smallest = 1e-12
    if _limit(smallest, parts) <= clearness:
        return smallest
    return float(
        math.exp(brentq(lambda x: _limit(math.exp(x), parts) - clearness, math.log(smallest), 0))
    )


def paired_shares(first: Array, second: Array) -> Difference:
    """Return the difference of two shares of the same examples: one run each, right or wrong.

    The p-value is McNemar's, exact; the interval is that of Bonett and Price (2012,
    https://doi.org/10.3102/1076998611411915), which adds one example to each of the two kinds on
    which the runs disagree.

    Args:
        first: (examples,) 1 where the run of A is right.
        second: (examples,) 1 where that of B is.
    """
    from scipy.stats import binomtest, norm

    count = len(first)
    only_a = int(((first == 1) & (second == 0)).sum())
    only_b = int(((first == 0) & (second == 1)).sum())
    disagreed = only_a + only_b
    p = float(binomtest(only_a, disagreed).pvalue) if disagreed else 1.0
    ahead, behind = (only_a + 1) / (count + 2), (only_b + 1) / (count + 2)
    error = math.sqrt((ahead + behind - (ahead - behind) ** 2) / (count + 2))
    half = float(norm.ppf(1 - (1 - LEVEL) / 2)) * error
    value, middle = (only_a - only_b) / count, ahead - behind
    examples = Part(error**2, math.inf)
    low, high = max(middle - half, -1.0), min(middle + half, 1.0)
    return Difference(value, error, p, low, high, None, examples, count, (1, 1))


def runs_needed(found: Difference) -> int | None:
    """Return how many runs of each backbone would make a difference of this size clear.

    ``None`` where no number would, since the test examples alone leave it open, or where the part
    of the seeds is not known.
    """
    if found.seeds is None or found.value == 0 or not found.seeds.variance:
        return None
    from scipy.stats import t

    # the part of the seeds shrinks as one over the number of runs of each
    now = 2 / (1 / found.runs[0] + 1 / found.runs[1])
    examples = found.examples.variance if found.examples else 0.0
    if examples >= _clear_variance(found):
        return None
    runs = np.arange(2, _MOST_RUNS)
    seeds = now * found.seeds.variance / runs
    # few runs say little about their own spread (Satterthwaite, 1946)
    own = np.maximum(found.seeds.freedom, 2 * (runs - 1))
    freedom = ((seeds + examples) / seeds) ** 2 * own
    half = t.ppf(1 - (1 - LEVEL) / 2, freedom) * np.sqrt(seeds + examples)
    enough = np.flatnonzero(half <= abs(found.value))
    return int(runs[enough[0]]) if enough.size else _MOST_RUNS


_MOST_RUNS = 1000
"""Number of runs up to which they are counted."""


def _clear_variance(found: Difference) -> float:
    """Return the largest variance at which a difference of this size is clear."""
    from scipy.stats import norm

    return (found.value / float(norm.ppf(1 - (1 - LEVEL) / 2))) ** 2


def needs_both(found: Difference) -> bool:
    """Return whether neither more runs alone nor more test examples alone would settle it."""
    if found.seeds is None or found.examples is None:
        return False
    limit = _clear_variance(found)
    return found.seeds.variance >= limit and found.examples.variance >= limit


def examples_needed(found: Difference) -> int | None:
    """Return how many test examples would make a difference of this size clear, seeds aside."""
    if found.examples is None or found.value == 0:
        return None
    return math.ceil(found.groups * found.examples.variance / _clear_variance(found))


def weighted(differences: Sequence[Difference], weights: Sequence[float]) -> Difference | None:
    """Return the weighted sum of the differences on several tasks, taken as independent.

    Its interval is over seeds and test examples of these tasks; ``None`` where one of them is not
    known.
    """
    if not differences or not all(item.is_known for item in differences):
        return None
    value = math.fsum(w * item.value for w, item in zip(weights, differences, strict=True))
    parts = [
        Part(w**2 * part.variance, part.freedom)
        for w, item in zip(weights, differences, strict=True)
        for part in item.parts
    ]
    groups, fewest = sum(item.groups for item in differences), min(d.runs for d in differences)
    return _difference(value, parts, None, None, groups, fewest)


def grouped(names: Sequence[object]) -> NDArray[np.intp]:
    """Return the number of the group of each example, from 0, equal names in one group."""
    places: dict[object, int] = {}
    return np.array([places.setdefault(name, len(places)) for name in names], np.intp)
