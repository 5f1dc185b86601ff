"""Can a cheap protocol replace fine-tuning? Agreement of rankings, and relative cost."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from benchmark.report.data.boards import Board
from benchmark.report.data.grids import Grid, build_grid
from benchmark.report.inference.standings import Estimate, estimates, generator, seed_draws
from benchmark.statistics.aggregates import Array
from benchmark.statistics.agreement import kendall, kendall_weighted, weighted_mean
from benchmark.statistics.linear import Precision, half_widths, intervals_around, over_kinds
from benchmark.statistics.resampling import Interval, interval, resampled_means

REFERENCE = 'finetune'
"""The protocol that the others are measured against."""

FEWEST_BACKBONES = 3
_LARGEST = 40_000_000
"""Pairs of backbones on tasks that all resamples together may hold."""


def _resamples(grid: Grid) -> int:
    pairs = len(grid.backbones) ** 2 * len(grid.tasks)
    return int(np.clip(_LARGEST // max(1, pairs), 40, 500))


class CostRatio(NamedTuple):
    """Training seconds of a protocol over those of the reference, on the same device.

    It is taken over ``cells`` cells that both protocols have, as the ratio of the sums.
    """

    value: float
    cells: int


@dataclass(frozen=True)
class Agreement:
    """How alike ``protocol`` and ``reference`` rank ``backbones`` on ``tasks``.

    ``tau`` is the mean over tasks of Kendall's tau-b between both protocols' means, families
    weighing the same; its third interval, ``backbones_interval``, is over the choice of
    backbones. ``by_task`` has the tasks where both give an order. ``cost`` is ``None`` where
    no cell of both was measured on one device.
    """

    protocol: str
    reference: str
    backbones: tuple[str, ...]
    tau: Estimate
    backbones_interval: Interval
    by_task: Mapping[str, float]
    cost: CostRatio | None


def agreements(boards: Iterable[Board]) -> tuple[Agreement, ...]:
    """Return the agreement of each protocol with fine-tuning, where enough backbones have both."""
    known = {board.protocol: board for board in boards}
    reference = known.pop(REFERENCE, None)
    if reference is None:
        return ()
    return tuple(
        found
        for board in known.values()
        if (found := _compare_rankings(board, reference)) is not None
    )


def _compare_rankings(board: Board, reference: Board) -> Agreement | None:
    shared = {c.task.name for c in board.columns} & {c.task.name for c in reference.columns}
    first, second = (build_grid(b, lambda task: task.name in shared) for b in (board, reference))
    backbones = [name for name in first.backbones if name in second.backbones]
    if len(backbones) < FEWEST_BACKBONES:
        return None
    first, second = first.rows(backbones), second.rows(backbones)
    taus = kendall(first.means, second.means)
    if np.isnan(taus).all():
        return None
    return Agreement(
        protocol=board.protocol,
        reference=reference.protocol,
        backbones=tuple(backbones),
        tau=_tau(first, second, taus),
        backbones_interval=_over_backbones(first, second),
        by_task={
            task.name: float(tau)
            for task, tau in zip(first.tasks, taus, strict=True)
            if not np.isnan(tau)
        },
        cost=cost_ratio(board, reference),
    )


def _tau(first: Grid, second: Grid, taus: Array) -> Estimate:
    known = ~np.isnan(taus)
    families = list(itertools.compress(first.families, known))
    value = np.array([weighted_mean(taus, first.weights)])
    return estimates(
        value,
        _over_seeds(first, second, value),
        over_kinds(taus[known][None], families, -1, 1),
    )[0]


def _over_seeds(first: Grid, second: Grid, value: Array) -> list[Interval] | None:
    """Return the interval of ``value`` over the seeds of both protocols, ``None`` if unknown.

    It is centred on the value: resampled scores are noisier than the measured ones, so that
    resampled taus lie too low, and only their spread is of use.
    """
    count = _resamples(first)
    random = generator()
    draws, others = (seed_draws(grid, count, random) for grid in (first, second))
    if draws is None or others is None:
        return None
    pairs = zip(
        resampled_means(first.scores, draws), resampled_means(second.scores, others), strict=True
    )
    taus = np.stack([kendall(one.T, other.T) for one, other in pairs], axis=-1)
    errors = weighted_mean(taus, first.weights).var()
    freedom = float(np.minimum(first.freedom, second.freedom).sum())
    return intervals_around(
        value, half_widths(Precision(np.array([errors]), np.array([freedom]))), -1, 1
    )


def _over_backbones(first: Grid, second: Grid) -> Interval:
    size = len(first.backbones)
    drawn = generator().multinomial(size, np.full(size, 1 / size), size=_resamples(first))
    taus = kendall_weighted(first.means, second.means, drawn.astype(float))
    found = weighted_mean(taus, first.weights)
    return interval(found[~np.isnan(found)])


def cost_ratio(board: Board, reference: Board) -> CostRatio | None:
    """Return what ``board``'s protocol costs relative to ``reference``'s."""
    others = dict(_seconds(reference))
    both = [(own, others[key]) for key, own in _seconds(board) if key in others]
    total = sum(other for _, other in both)
    return CostRatio(sum(own for own, _ in both) / total, len(both)) if total > 0 else None


def _seconds(board: Board) -> Iterator[tuple[tuple[str, str, str], float]]:
    """Yield the mean training seconds of each cell by backbone, task and device."""
    for row in board.rows:
        for cell in row.cells:
            devices = {cost.device for cost in cell.costs.values()}
            if cell.seconds is not None and len(devices) == 1:
                yield (cell.backbone, cell.task, *devices), cell.seconds
