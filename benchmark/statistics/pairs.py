"""Two backbones over many tasks: how often better, by how much, and how sure."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from benchmark.statistics.aggregates import Array


def improvement(scores: Array, runs: Sequence[int], weights: Array) -> Array:
    """Return the probability that a run of one backbone beats a run of another.

    ``scores`` has the shape (backbones, runs, tasks); the result (backbones, backbones) holds
    in row i, column j the weighted mean over tasks of P(i better than j), ties counting half.
    """
    total = np.zeros((len(scores), len(scores)))
    for task, (n, weight) in enumerate(zip(runs, weights, strict=True)):
        seen = scores[:, :n, task]
        gaps = seen[:, None, :, None] - seen[None, :, None, :]
        total += weight * ((gaps > 0) + 0.5 * (gaps == 0)).mean(axis=(2, 3))
    return total


def wilcoxon(differences: Array) -> float:
    """Return the exact two-sided p of Wilcoxon's signed-rank test; 1 without a difference.

    Zeros are left out and equal sizes share their rank; p is exact for any ties, being counted
    over all assignments of signs to the ranks at hand.
    """
    from scipy.stats import rankdata

    moved = differences[differences != 0]
    if not len(moved):
        return 1.0
    # ranks are halves at most: twice a rank is a whole number
    doubled = np.rint(2 * rankdata(np.abs(moved))).astype(int)
    positive = int(doubled[moved > 0].sum())
    counts = _sums(tuple(sorted(doubled.tolist())))
    extreme = min(positive, len(counts) - 1 - positive)
    return float(min(1.0, 2 * counts[: extreme + 1].sum()))


@lru_cache(maxsize=256)
def _sums(ranks: tuple[int, ...]) -> Array:
    """Return the probability of each sum of a random subset of ``ranks``."""
    chances: Array = np.zeros(sum(ranks) + 1)
    chances[0] = 1.0
    for rank in ranks:
        moved = np.zeros_like(chances)
        moved[rank:] = chances[: len(chances) - rank]
        chances = (chances + moved) / 2
    return chances


def smallest_p(tasks: int, comparisons: int = 1) -> float:
    """Return the smallest p that a signed-rank test over ``tasks`` can attain, after Holm.

    It is attained where one backbone wins every task, and Holm multiplies the smallest of
    several p by the number of ``comparisons``.
    """
    return min(1.0, comparisons * 2.0 ** (1 - tasks)) if tasks else 1.0


class Practical(NamedTuple):
    """Posterior probabilities that a backbone is worse, practically equal, or better."""

    worse: float
    equal: float
    better: float


def signed_rank_draws(tasks: int, samples: int, random: np.random.Generator) -> Array:
    """Return posterior weights of the tasks, shape (samples, tasks + 1), lines sum to 1.

    The prior is a Dirichlet process of strength 1/2 with one pseudo-task, the first column
    (Benavoli et al., ICML 2014).
    """
    return random.dirichlet([0.5, *[1.0] * tasks], samples)


_DRAWS_AT_ONCE = 200


def signed_rank_posteriors(differences: Array, rope: float, draws: Array) -> list[Practical]:
    """Return what a Bayesian signed-rank test says of each line of differences over tasks.

    ``differences`` are (pairs, tasks). The pseudo-task has the difference 0. ``rope``, in the
    unit of the differences, is the half-width of the region of practical equivalence. A
    verdict's probability is the share of the ``draws`` in which it weighs most.
    """
    values = np.pad(differences, ((0, 0), (1, 0)))
    first, second = np.triu_indices(values.shape[1])
    sums = values[:, first] + values[:, second]
    better, worse = _beyond(sums, 2 * rope).T, _beyond(-sums, 2 * rope).T
    # two tasks: both orders occur
    times = np.where(first == second, 1.0, 2.0)
    counts = np.zeros((3, len(values)))
    for start in range(0, len(draws), _DRAWS_AT_ONCE):
        part = draws[start : start + _DRAWS_AT_ONCE]
        weights = times * part[:, first] * part[:, second]
        ahead, behind = weights @ better, weights @ worse
        verdicts = np.argmax(np.stack([behind, 1 - behind - ahead, ahead]), axis=0)
        counts += [(verdicts == verdict).sum(axis=0) for verdict in range(3)]
    return [Practical(*shares) for shares in (counts / len(draws)).T.tolist()]


def _beyond(sums: Array, limit: float) -> Array:
    return np.asarray((sums > limit) + 0.5 * (sums == limit))
