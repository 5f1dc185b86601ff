"""What all tasks together say of each backbone: aggregates, each with two intervals.

``seeds`` is what other seeds might have given on the same tasks, ``tasks`` what other tasks of
the same families might have given with the same seeds. They answer different questions and are
never merged.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from benchmark.report.data.grids import Grid
from benchmark.statistics.aggregates import (
    Array,
    interquartile_mean,
    mean_ranks,
    places,
    ranks,
    round_off_noise,
)
from benchmark.statistics.linear import (
    Precision,
    half_widths,
    intervals_around,
    kind_means,
    mean_errors,
    over_kinds,
    satterthwaite,
)
from benchmark.statistics.resampling import (
    Interval,
    SeedDraws,
    draw_seeds,
    draw_tasks,
    intervals,
    middle_means,
    over_tasks,
    resampled_iqm,
    resampled_means,
)

RESAMPLES = 2000
"""Resamples of an interval; fewer on boards with more than ``_LARGEST`` resampled scores."""

_LARGEST = 3_000_000
_FEWEST = 300
_SEED = 20_260_101


class Estimate(NamedTuple):
    """A number and its 95 % intervals over seeds and over the choice of tasks.

    An interval is ``None`` where it cannot be known: with one seed on any task, or fewer than
    three kinds of task (of a single kind: three tasks).
    """

    value: float
    seeds: Interval | None = None
    tasks: Interval | None = None


@dataclass(frozen=True)
class Aggregate:
    """The aggregates of a backbone that has every seed of every task; task families weigh the same.

    Attributes:
        backbone: its id.
        score: mean of normalised scores; ``None`` where no task has a scale.
        iqm: interquartile mean of normalised scores; ``None`` likewise.
        mean_rank: 1 for the best of all tasks.
        borda: percentage of rivals beaten, ties counting half.
        place: the place by mean rank.
    """

    backbone: str
    score: Estimate | None
    iqm: Estimate | None
    mean_rank: Estimate
    borda: Estimate
    place: Estimate


def generator() -> np.random.Generator:
    """Return the generator of all resamples, in the same state whenever it is asked for."""
    return np.random.Generator(np.random.PCG64(_SEED))


def resamples(grid: Grid) -> int:
    """Return how many resamples a board of this size gets."""
    return int(np.clip(_LARGEST // max(1, grid.means.size), _FEWEST, RESAMPLES))


def standings(grid: Grid, scaled: Grid) -> dict[str, Aggregate]:
    """Return the aggregates of each backbone in ``grid``, by id.

    ``scaled`` is the part of ``grid`` whose tasks have a scale, in normalised scores. The result is
    empty for fewer than two backbones or no task.
    """
    if len(grid.backbones) < 2 or not grid.tasks:
        return {}
    count = resamples(grid)
    rank, position = _ranks(grid, count)
    scores, iqms = _scores(scaled, count) if scaled.tasks else (None, None)
    rivals = len(grid.backbones) - 1
    return {
        name: Aggregate(
            backbone=name,
            score=scores[place] if scores else None,
            iqm=iqms[place] if iqms else None,
            mean_rank=rank[place],
            borda=_transform(rank[place], lambda mean: 100 * (1 - (mean - 1) / rivals)),
            place=position[place],
        )
        for place, name in enumerate(grid.backbones)
    }


def seed_draws(
    grid: Grid, count: int, random: np.random.Generator | None = None
) -> SeedDraws | None:
    """Return resamples of the seeds, ``None`` where their spread is unknown.

    Two boards whose runs have nothing to do with each other need one generator for both.
    """
    if not grid.has_seeds:
        return None
    return draw_seeds(grid.runs, len(grid.backbones), count, random or generator())


def task_draws(grid: Grid, count: int) -> Array | None:
    """Return resampled weights of the tasks, ``None`` where there are too few."""
    if kind_means(grid.means, grid.families) is None:
        return None
    return draw_tasks(grid.families, count, generator())


def _ranks(grid: Grid, count: int) -> tuple[list[Estimate], list[Estimate]]:
    """Return mean ranks and places by backbone."""
    found = mean_ranks(grid.means, grid.weights)
    most = float(len(grid.backbones))
    draws, weights = seed_draws(grid, count), task_draws(grid, count)
    by_seed = places_by_seed = None
    if draws is not None:
        by_task = [ranks(means) for means in resampled_means(grid.scores, draws)]
        errors = np.stack([drawn.var(axis=0) for drawn in by_task], axis=1) * grid.weights**2
        halves = half_widths(satterthwaite(errors, grid.freedom))
        by_seed = intervals_around(found, halves, 1, most)
        drawn = round_off_noise(over_tasks(grid.weights, by_task))
        places_by_seed = intervals(places(drawn), attained=True)
    return (
        estimates(found, by_seed, over_kinds(ranks(grid.means.T).T, grid.families, 1, most)),
        estimates(
            places(found),
            places_by_seed,
            None
            if weights is None
            else intervals(places(mean_ranks(grid.means, weights)), attained=True),
        ),
    )


def _scores(scaled: Grid, count: int) -> tuple[list[Estimate], list[Estimate]]:
    """Return mean and interquartile mean of normalised scores by backbone."""
    draws, weights = seed_draws(scaled, count), task_draws(scaled, count)
    found = scaled.means @ scaled.weights
    errors = scaled.weights**2 * mean_errors(scaled.scores, scaled.runs)
    precision = satterthwaite(errors, scaled.freedom)
    means = estimates(
        found,
        None if draws is None else intervals_around(found, half_widths(precision)),
        over_kinds(scaled.means, scaled.families),
    )
    values, shares = flat(scaled)
    middle = interquartile_mean(values, shares @ scaled.weights)
    by_seed = by_task = None
    if draws is not None:
        squares = resampled_iqm(scaled.scores, draws, scaled.weights).var(axis=0)
        by_seed = intervals_around(middle, half_widths(Precision(squares, precision.freedom)))
    if weights is not None:
        by_run = shares @ weights.T
        squares = middle_means(values, lambda run, _: by_run[run]).var(axis=0)
        units = len(set(scaled.families)) if len(set(scaled.families)) > 1 else len(scaled.tasks)
        # resamples of n units vary by (n - 1) / n of what their mean does
        widened = Precision(squares * units / (units - 1), np.full(len(squares), units - 1.0))
        by_task = intervals_around(middle, half_widths(widened))
    return means, estimates(middle, by_seed, by_task)


def flat(grid: Grid) -> tuple[Array, Array]:
    """Return all runs of all tasks in a line, and the share of each run in its task.

    The shapes are (backbones, all runs) and (all runs, tasks).
    """
    values = np.concatenate([grid.scores[:, :n, task] for task, n in enumerate(grid.runs)], axis=1)
    shares = np.zeros((values.shape[1], len(grid.runs)))
    end = 0
    for task, n in enumerate(grid.runs):
        shares[end : end + n, task] = 1 / n
        end += n
    return values, shares


def estimates(
    found: Array, seeds: list[Interval] | None, tasks: list[Interval] | None
) -> list[Estimate]:
    """Return an estimate per backbone from its value and its intervals."""
    unknown = [None] * len(found)
    return [
        Estimate(*parts)
        for parts in zip(found.tolist(), seeds or unknown, tasks or unknown, strict=True)
    ]


def _transform(estimate: Estimate, change: Callable[[float], float]) -> Estimate:
    """Return an estimate of a falling function of what ``estimate`` estimates."""
    seeds, tasks = (
        None if ends is None else Interval(change(ends.high), change(ends.low))
        for ends in (estimate.seeds, estimate.tasks)
    )
    return Estimate(change(estimate.value), seeds, tasks)
