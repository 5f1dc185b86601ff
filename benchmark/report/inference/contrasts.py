"""Masked image modelling against supervised pretraining, over matched pairs only."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from benchmark.catalog.tasks import GROUPS
from benchmark.report.data.boards import Board
from benchmark.report.data.facts import BackboneFacts
from benchmark.report.data.grids import Grid, build_grid
from benchmark.report.data.normaliser import Scale
from benchmark.report.inference.standings import Estimate
from benchmark.statistics.aggregates import Array
from benchmark.statistics.linear import over_kinds, welch
from benchmark.statistics.pairs import smallest_p, wilcoxon

MASKED, SUPERVISED = 'mim', 'supervised'
ALL = 'all tasks'

PARAMETERS_WITHIN = 0.02
"""Largest relative difference of parameter counts that one architecture may have."""


class MatchedPair(NamedTuple):
    """A masked and a supervised backbone of one architecture, pretrained on the same data."""

    masked: str
    supervised: str


@dataclass(frozen=True)
class Side:
    """What masked minus supervised is for one architecture: its backbones and the mean effect.

    Several backbones of a side, as of several pretraining runs, are averaged. ``effect`` is in
    points of normalised score, task families weighing the same.
    """

    masked: tuple[str, ...]
    supervised: tuple[str, ...]
    effect: float


@dataclass(frozen=True)
class Contrast:
    """What masked minus supervised pretraining makes of a group of tasks.

    Attributes:
        group: name of the group.
        pairs: masked and supervised backbones of one architecture.
        tasks: those of the group that have a scale.
        left_out: those that have none.
        effect: mean of ``sides``, architectures weighing the same, in points of normalised score;
            ``None`` without a pair or a task with a scale.
        wins: on how many tasks masked pretraining is ahead.
        p: Wilcoxon's over the tasks.
        smallest_p: the smallest that this many tasks can attain.
        sides: the effect by architecture.
    """

    group: str
    pairs: tuple[MatchedPair, ...]
    tasks: tuple[str, ...]
    left_out: tuple[str, ...]
    effect: Estimate | None
    wins: int
    p: float
    smallest_p: float
    sides: tuple[Side, ...] = ()

    @property
    def is_one_way(self) -> bool:
        """Whether the effect has the same sign for every architecture."""
        return len({side.effect > 0 for side in self.sides}) == 1


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
    sides = _sides(pairs, facts) if tasks else []
    signs = np.array([_signs(grid.backbones, *side) for side in sides])
    # (architectures, tasks)
    gaps = signs @ grid.means if sides else np.zeros((0, len(tasks)))
    mean = _without_noise(gaps.mean(axis=0)) if sides else np.zeros(0)
    return Contrast(
        group=group,
        pairs=pairs,
        tasks=tasks,
        left_out=tuple(task.name for task in whole.tasks if task not in grid.tasks),
        effect=_effect(grid, signs.mean(axis=0), mean) if sides else None,
        wins=int((mean > 0).sum()),
        p=wilcoxon(mean),
        smallest_p=smallest_p(len(tasks)),
        sides=tuple(
            Side(*side, effect=effect)
            for side, effect in zip(sides, (gaps @ grid.weights).tolist(), strict=True)
        ),
    )


def _without_noise(gaps: Array) -> Array:
    """Round away floating-point noise so that equal scores differ by exactly 0."""
    return np.asarray(np.round(gaps, 9))


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


_Names = tuple[str, ...]


def _sides(
    pairs: Iterable[MatchedPair], facts: Mapping[str, BackboneFacts]
) -> list[tuple[_Names, _Names]]:
    """Return masked and supervised backbones of each architecture among the pairs."""
    found: dict[tuple[object, ...], list[MatchedPair]] = {}
    for pair in pairs:
        of = facts[pair.masked]
        found.setdefault((of.architecture, of.shape, of.data), []).append(pair)
    return [
        (
            tuple(dict.fromkeys(pair.masked for pair in group)),
            tuple(dict.fromkeys(pair.supervised for pair in group)),
        )
        for _, group in sorted(found.items(), key=lambda item: item[1])
    ]


def _signs(backbones: Sequence[str], masked: _Names, supervised: _Names) -> Array:
    """Return what each backbone's score counts in the mean of masked minus that of supervised."""
    return np.array(
        [
            (name in masked) / len(masked) - (name in supervised) / len(supervised)
            for name in backbones
        ]
    )


def _effect(grid: Grid, signs: Array, gaps: Array) -> Estimate:
    value = float(gaps @ grid.weights)
    by_task = over_kinds(gaps[None], grid.families)
    return Estimate(
        value,
        welch(value, grid.scores, grid.runs, signs[:, None] * grid.weights),
        None if by_task is None else by_task[0],
    )
