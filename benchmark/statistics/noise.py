"""How much the seed alone moves a score: own runs of a cell, steadied by cells of the same task."""

from __future__ import annotations

import functools
import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import NamedTuple, TypeVar

K = TypeVar('K', bound=Hashable)


class Noise(NamedTuple):
    """Standard deviation of a single run and its degrees of freedom (0: unknown)."""

    sd: float
    freedom: float


class Spread(NamedTuple):
    """Sum of squared deviations within groups of runs, and its degrees of freedom."""

    squares: float
    freedom: int

    @property
    def variance(self) -> float:
        """The pooled variance; there must be at least one degree of freedom."""
        return self.squares / self.freedom


UNKNOWN = Noise(math.nan, 0)


def mean(values: Sequence[float]) -> float:
    """Return the arithmetic mean of at least one value."""
    return math.fsum(values) / len(values)


@functools.lru_cache(maxsize=1 << 16)
def _group(values: tuple[float, ...]) -> Spread:
    middle = mean(values)
    return Spread(math.fsum((value - middle) ** 2 for value in values), len(values) - 1)


def pool(spreads: Iterable[Spread]) -> Spread:
    """Return the common spread of independent ``spreads``."""
    found = list(spreads)
    return Spread(math.fsum(s.squares for s in found), sum(s.freedom for s in found))


def within(groups: Iterable[Sequence[float]]) -> Spread:
    """Return the spread within ``groups``; differences between group means do not count."""
    return pool(_group(tuple(group)) for group in groups if group)


def moderate(spreads: Mapping[K, Spread], families: Mapping[K, Hashable]) -> dict[K, Noise]:
    """Return the noise of each cell, its variance drawn towards that of its family.

    The weight of the family is an empirical Bayes estimate: as many degrees of freedom as the
    variances of the cells agree (Smyth, Statistical Applications in Genetics and Molecular
    Biology 3(1), 2004). Cells whose variances agree share one estimate, in a suite whose
    variances differ each keeps its own; a cell without spread of its own takes its family's.
    The result never claims more degrees of freedom than its family has.
    """
    pooled = {
        family: pool(spreads[key] for key in spreads if families[key] == family)
        for family in set(families.values())
    }
    prior = prior_freedom(spreads, families)
    return {key: _moderate(s, pooled[families[key]], prior) for key, s in spreads.items()}


def _moderate(own: Spread, family: Spread, prior: float) -> Noise:
    if family.freedom == 0:
        return UNKNOWN
    if own.freedom == 0 or math.isinf(prior):
        return Noise(math.sqrt(family.variance), family.freedom)
    freedom = own.freedom + prior
    variance = (own.squares + prior * family.variance) / freedom
    return Noise(math.sqrt(variance), min(freedom, float(family.freedom)))


def prior_freedom(spreads: Mapping[K, Spread], families: Mapping[K, Hashable]) -> float:
    """Return the degrees of freedom with which a family speaks for its cells; may be infinite.

    By the method of moments on logarithms of variances, around the mean of each family.
    """
    from scipy.special import digamma

    excess, weight = 0.0, 0
    for family in set(families.values()):
        members = [
            spread
            for key, spread in spreads.items()
            if families[key] == family and spread.freedom > 0 and spread.squares > 0
        ]
        if len(members) < 2:
            continue
        halves = [spread.freedom / 2 for spread in members]
        logs = [
            math.log(spread.variance) - float(digamma(half)) + math.log(half)
            for spread, half in zip(members, halves, strict=True)
        ]
        excess += _group(tuple(logs)).squares
        excess -= (len(members) - 1) / len(members) * math.fsum(map(_trigamma, halves))
        weight += len(members) - 1
    if weight == 0 or excess <= 0:
        return math.inf
    return 2 * inverse_trigamma(excess / weight)


def _trigamma(x: float) -> float:
    from scipy.special import zeta

    return float(zeta(2, x))


def inverse_trigamma(value: float) -> float:
    """Return x with trigamma(x) = ``value`` > 0, by Newton's method on the reciprocal."""
    from scipy.special import zeta

    x = 0.5 + 1 / value
    for _ in range(50):
        trigamma = _trigamma(x)
        step = trigamma * (1 - trigamma / value) / float(-2 * zeta(3, x))
        x += step
        if abs(step) < 1e-8 * x:
            break
    return x
