"""Masked image modelling against supervised pretraining, over matched pairs only."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from benchmark.catalog.tasks import GROUPS
from benchmark.report.boards import Board
from benchmark.report.facts import BackboneFacts
from benchmark.report.grids import Grid, build_grid
from benchmark.report.normaliser import Scale
from benchmark.report.standings import Estimate, estimates, resamples, seed_draws, task_draws
from benchmark.report.statistics import over_tasks, resampled_means
from benchmark.report.statistics.aggregates import Array
from benchmark.report.statistics.pairs import smallest_p, wilcoxon

MASKED, SUPERVISED = 'mim', 'supervised'
ALL = 'all tasks'

PARAMETERS_WITHIN = 0.02
"""Largest relative difference of parameter counts that one architecture may have."""


class MatchedPair(NamedTuple):
    """Two backbones that differ in how they were pretrained and in nothing else that is known."""

    masked: str
    supervised: str


@dataclass(frozen=True)
class Contrast:
    """What masked minus supervised pretraining makes of a group of tasks.

    ``effect`` is the mean difference over ``pairs``, in points of normalised score, task families
    weighing the same; ``None`` without a pair or a task with a scale. ``wins`` counts the tasks
    on which masked pretraining is ahead. ``p`` is Wilcoxon's over the tasks, ``smallest_p`` the
    smallest that this many tasks can attain. ``left_out`` are tasks without a scale.
    """

    group: str
    pairs: tuple[MatchedPair, ...]
    tasks: tuple[str, ...]
    left_out: tuple[str, ...]
    effect: Estimate | None
    wins: int
    p: float
    smallest_p: float


def contrasts(board: Board, scales: Mapping[str, Scale]) -> tuple[Contrast, ...]:
    """Return a contrast for each group of the board's tasks, and one for all of them."""
    present = sorted({column.task.group for column in board.columns}, key=_group_order)
    found = [_contrast(board, scales, group) for group in present]
    return (*found, _contrast(board, scales, ALL)) if len(found) > 1 else tuple(found)


def _group_order(group: str) -> tuple[int, str]:
    return GROUPS.index(group) if group in GROUPS else len(GROUPS), group


def _contrast(board: Board, scales: Mapping[str, Scale], group: str) -> Contrast:
    whole = build_grid(board, lambda task: group in (task.group, ALL))
    grid = whole.on_scale(scales)
    facts = {row.backbone.id: row.backbone for row in board.rows}
    pairs = matched_pairs({name: facts[name] for name in grid.backbones})
    tasks = tuple(task.name for task in grid.tasks)
    is_known = bool(pairs and tasks)
    gaps = _mean_gap(grid.backbones, pairs, grid.means.T) if is_known else np.zeros(0)
    return Contrast(
        group=group,
        pairs=pairs,
        tasks=tasks,
        left_out=tuple(task.name for task in whole.tasks if task not in grid.tasks),
        effect=_effect(grid, pairs, gaps) if is_known else None,
        wins=int((gaps > 0).sum()),
        p=wilcoxon(gaps),
        smallest_p=smallest_p(len(tasks)),
    )


def matched_pairs(backbones: Mapping[str, BackboneFacts]) -> tuple[MatchedPair, ...]:
    """Return every masked backbone with every supervised one that it is matched with."""
    return tuple(
        MatchedPair(first.id, second.id)
        for first, second in itertools.product(
            _of_family(backbones, MASKED), _of_family(backbones, SUPERVISED)
        )
        if is_matched(first, second)
    )


def _of_family(backbones: Mapping[str, BackboneFacts], family: str) -> Iterator[BackboneFacts]:
    return (facts for _, facts in sorted(backbones.items()) if facts.family == family)


def is_matched(first: BackboneFacts, second: BackboneFacts) -> bool:
    """Whether two backbones have the same architecture and the same pretraining data.

    The architecture is the same when class, channels and strides are and the numbers of
    parameters differ by no more than a class token or a last norm. What is unknown never matches.
    """
    same = (
        bool(first.data and first.architecture)
        and first.data == second.data
        and first.architecture == second.architecture
        and first.shape == second.shape
    )
    if not same or not first.parameters or not second.parameters:
        return False
    larger = max(first.parameters, second.parameters)
    return abs(first.parameters - second.parameters) <= PARAMETERS_WITHIN * larger


def _mean_gap(backbones: Sequence[str], pairs: tuple[MatchedPair, ...], means: Array) -> Array:
    """Return masked minus supervised, mean over pairs, of ``means`` (..., backbones)."""
    place = {name: index for index, name in enumerate(backbones)}
    masked = [place[pair.masked] for pair in pairs]
    supervised = [place[pair.supervised] for pair in pairs]
    return np.asarray((means[..., masked] - means[..., supervised]).mean(axis=-1))


def _effect(grid: Grid, pairs: tuple[MatchedPair, ...], gaps: Array) -> Estimate:
    count = resamples(grid)
    draws, weights = seed_draws(grid, count), task_draws(grid, count)
    by_seed = None
    if draws is not None:
        names = sorted({name for pair in pairs for name in pair}, key=grid.backbones.index)
        part, drawn = grid.rows(names), draws.of([grid.backbones.index(name) for name in names])
        means = resampled_means(part.scores, drawn)
        by_seed = over_tasks(grid.weights, (_mean_gap(names, pairs, line) for line in means))
    return estimates(
        np.array([gaps @ grid.weights]),
        None if by_seed is None else by_seed[:, None],
        None if weights is None else (weights @ gaps)[:, None],
    )[0]
