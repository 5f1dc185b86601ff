"""Pairwise comparisons of the backbones of a leaderboard, and the critical-difference diagram."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from benchmark.report.data.grids import Grid
from benchmark.report.inference.standings import Aggregate, generator
from benchmark.statistics.corrections import holm
from benchmark.statistics.diagrams import cliques, friedman
from benchmark.statistics.pairs import (
    Practical,
    improvement,
    signed_rank_draws,
    signed_rank_posteriors,
    smallest_p,
    wilcoxon,
)

ROPE = 1.0
"""Points of normalised score within which two backbones are practically equal."""

LARGEST_POOL = 16
"""Backbones that are compared pair by pair: the best by mean rank."""

SIGNIFICANT = 0.05
"""The chance of a false claim that a test may have."""

_SAMPLES = 2000
"""Draws from a posterior; its probabilities are then good to about a hundredth."""


class Comparison(NamedTuple):
    """The better of two backbones by its mean over tasks, and what tests over tasks say.

    ``difference`` is in points of normalised score, families weighing the same; ``wins`` counts
    the tasks on which ``better`` has the higher mean. ``p`` is Wilcoxon's, ``holm`` the same
    corrected for all pairs; ``practical`` speaks of ``better`` against ``worse``.
    """

    better: str
    worse: str
    difference: float
    wins: int
    p: float
    holm: float
    practical: Practical


@dataclass(frozen=True)
class Comparisons:
    """All pairs of the backbones that were compared, best mean rank first.

    Attributes:
        backbones: those that were compared.
        improvement: by row and column, the probability that a run of the first beats one of the
            second on a task, families weighing the same.
        pairs: the tests.
        tasks: over how many tasks.
        smallest_p: the smallest p that they can attain.
        smallest_holm: the same after correction.
        left_out: how many backbones of lower rank are in no pair.
    """

    backbones: tuple[str, ...]
    improvement: tuple[tuple[float, ...], ...]
    pairs: tuple[Comparison, ...]
    tasks: int
    smallest_p: float
    smallest_holm: float
    left_out: int


def compare(grid: Grid, scaled: Grid, found: Mapping[str, Aggregate]) -> Comparisons | None:
    """Return all pairs of the backbones with a standing; ``None`` for fewer than two."""
    order = sorted(found, key=lambda name: (found[name].mean_rank.value, name))
    pool = order[:LARGEST_POOL]
    if len(pool) < 2:
        return None
    shown = grid.rows(pool)
    matrix = improvement(shown.scores, shown.runs, shown.weights)
    pairs = _pairs(scaled.rows(pool)) if scaled.tasks else []
    return Comparisons(
        backbones=tuple(pool),
        improvement=tuple(tuple(row) for row in matrix.tolist()),
        pairs=tuple(pairs),
        tasks=len(scaled.tasks),
        smallest_p=smallest_p(len(scaled.tasks)),
        smallest_holm=smallest_p(len(scaled.tasks), len(pairs)),
        left_out=len(order) - len(pool),
    )


def _pairs(grid: Grid) -> list[Comparison]:
    overall = grid.means @ grid.weights
    places = list(itertools.combinations(range(len(grid.backbones)), 2))
    turned = [(i, j) if overall[i] >= overall[j] else (j, i) for i, j in places]
    gaps = np.array([grid.means[i] - grid.means[j] for i, j in turned])
    p_values = [wilcoxon(gap) for gap in gaps]
    draws = signed_rank_draws(len(grid.tasks), _SAMPLES, generator())
    practical = signed_rank_posteriors(gaps, ROPE, draws)
    return [
        Comparison(
            better=grid.backbones[i],
            worse=grid.backbones[j],
            difference=float(overall[i] - overall[j]),
            wins=int((gap > 0).sum()),
            p=p,
            holm=corrected,
            practical=verdict,
        )
        for (i, j), gap, p, corrected, verdict in zip(
            turned, gaps, p_values, holm(p_values), practical, strict=True
        )
    ]


@dataclass(frozen=True)
class Diagram:
    """A critical-difference diagram: what it says of a pair depends on the whole pool.

    Attributes:
        mean_ranks: plain means over the tasks, as the test wants them, not the mean ranks of the
            leaderboard.
        critical: difference of mean ranks from which two backbones differ.
        cliques: backbones that are less than that apart.
        p: Friedman's.
        tasks: how many there are.
    """

    mean_ranks: Mapping[str, float]
    critical: float
    cliques: tuple[tuple[str, ...], ...]
    p: float
    tasks: int

    @property
    def tells_apart(self) -> bool:
        """Whether Friedman's test is significant; if not, Nemenyi's test must not be read."""
        return self.p <= SIGNIFICANT

    @property
    def label(self) -> str:
        """The caption that must accompany the diagram."""
        weights = (
            'Every task weighs the same here, so mean ranks differ from those of the leaderboard, '
            'where kinds of task weigh the same.'
        )
        if not self.tells_apart:
            return (
                f'No significant differences: Friedman p = {self.p:.2g} over {self.tasks} tasks, '
                f'above {SIGNIFICANT:g}. {weights}'
            )
        return (
            f'Pool-dependent: whether two of these {len(self.mean_ranks)} backbones differ '
            'significantly depends on the others. Nemenyi test at 5 % after Friedman '
            f'(p = {self.p:.2g}) over {self.tasks} tasks. {weights}'
        )


def diagram(grid: Grid) -> Diagram | None:
    """Return the diagram of at least three backbones on at least two tasks, else ``None``."""
    if len(grid.backbones) < 3 or len(grid.tasks) < 2:
        return None
    test = friedman(grid.means)
    groups = cliques(np.array(test.mean_ranks), test.critical)
    return Diagram(
        mean_ranks=dict(zip(grid.backbones, test.mean_ranks, strict=True)),
        critical=test.critical,
        cliques=tuple(tuple(grid.backbones[place] for place in group) for group in groups),
        p=test.p,
        tasks=len(grid.tasks),
    )
