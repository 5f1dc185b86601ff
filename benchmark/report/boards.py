"""Leaderboards as data: one per protocol, from the primary metrics of a tidy frame."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.report.facts import TRIVIAL, BackboneFacts, TaskFacts
from benchmark.report.frames import Columns
from benchmark.report.statistics import (
    Judgement,
    best,
    family_weights,
    judge,
    mean,
    mean_ranks,
    sample_sd,
)
from benchmark.report.statistics.aggregates import Array


class Cost(NamedTuple):
    """What one training took; what the record does not say is ``nan``."""

    seconds: float
    memory_mb: float
    device: str


@dataclass(frozen=True)
class Cell:
    """A backbone on a task: scores and failures by seed, and seeds that were never run.

    ``costs`` has the seeds with a score of which the record says what they took.
    """

    task: str
    backbone: str
    scores: Mapping[int, float]
    failures: Mapping[int, str]
    missing: tuple[int, ...] = ()
    costs: Mapping[int, Cost] = field(default_factory=dict)

    @cached_property
    def mean(self) -> float | None:
        """The mean over the seeds with a score."""
        return mean(list(self.scores.values())) if self.scores else None

    @cached_property
    def sd(self) -> float | None:
        """The sample standard deviation over seeds; ``None`` for fewer than two."""
        return sample_sd(list(self.scores.values()))

    @cached_property
    def seconds(self) -> float | None:
        """The mean training time over the seeds with costs, ``None`` without any."""
        costs = self.costs.values()
        return sum(cost.seconds for cost in costs) / len(costs) if costs else None

    @cached_property
    def devices(self) -> frozenset[str]:
        """What the runs with costs ran on."""
        return frozenset(cost.device for cost in self.costs.values())

    @property
    def is_complete(self) -> bool:
        """Whether every seed of the column has a score here."""
        return not self.failures and not self.missing

    @property
    def problem(self) -> str:
        """How many seeds lack a score and why; empty when complete."""
        seeds = len(self.scores) + len(self.failures) + len(self.missing)
        reasons: dict[str, list[int]] = {}
        for seed, reason in sorted(self.failures.items()):
            reasons.setdefault(' '.join(reason.split()) or 'no reason recorded', []).append(seed)
        parts = [
            f'{len(failed)} of {_count(seeds)} failed: {reason}'
            for reason, failed in reasons.items()
        ]
        if self.missing:
            parts.append(f'{len(self.missing)} of {_count(seeds)} not run')
        return '; '.join(parts)


def _count(seeds: int) -> str:
    return f'{seeds} seed' if seeds == 1 else f'{seeds} seeds'


class Trivial(NamedTuple):
    """The score of a predictor that looks at no image."""

    name: str
    value: float


@dataclass(frozen=True)
class Column:
    """A task of a leaderboard: its seeds, who is best and second, what differs, and the floor."""

    task: TaskFacts
    seeds: tuple[int, ...]
    best: frozenset[str]
    judgement: Judgement
    trivial: tuple[Trivial, ...]
    second: frozenset[str] = frozenset()

    @property
    def near_best(self) -> frozenset[str]:
        """Backbones that are judged and do not differ clearly from a best one."""
        return self.judgement.unclear_from(self.best) - self.best


@dataclass(frozen=True)
class Row:
    """A backbone of a leaderboard; ``mean_rank`` is ``None`` unless its cells are complete."""

    backbone: BackboneFacts
    cells: tuple[Cell, ...]
    mean_rank: float | None

    @property
    def is_complete(self) -> bool:
        """Whether every cell has all its seeds."""
        return all(cell.is_complete for cell in self.cells)


class Scores(NamedTuple):
    """The cells of a board as arrays, backbones in the order of their ids.

    ``runs`` has the axes (backbones, seeds, tasks) and ``means`` (backbones, tasks); they are
    ``nan`` where a cell is not ``complete``, and where a task has fewer seeds than another.
    """

    backbones: tuple[str, ...]
    runs: Array
    means: Array
    complete: NDArray[np.bool_]


@dataclass(frozen=True)
class Board:
    """The leaderboard of a protocol; cells are in the order of ``columns``."""

    protocol: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]

    @cached_property
    def scores(self) -> Scores:
        """The cells as arrays."""
        rows = sorted(self.rows, key=lambda row: row.backbone.id)
        seeds = max((len(column.seeds) for column in self.columns), default=0)
        runs = np.full((len(rows), seeds, len(self.columns)), np.nan)
        complete = np.array([[cell.is_complete for cell in row.cells] for row in rows], bool)
        complete = complete.reshape(len(rows), len(self.columns))
        for task, column in enumerate(self.columns):
            whole = np.flatnonzero(complete[:, task])
            by_seed = [[rows[i].cells[task].scores[s] for s in column.seeds] for i in whole]
            runs[whole, : len(column.seeds), task] = np.reshape(
                by_seed, (len(whole), len(column.seeds))
            )
        means = [[cell.mean if cell.is_complete else None for cell in row.cells] for row in rows]
        return Scores(
            backbones=tuple(row.backbone.id for row in rows),
            runs=runs,
            means=np.array(means, float).reshape(complete.shape),
            complete=complete,
        )

    @property
    def labels(self) -> dict[str, str]:
        """The label of each backbone by id."""
        return {row.backbone.id: row.backbone.label for row in self.rows}

    @property
    def trivial_depth(self) -> int:
        """The largest number of trivial predictors of any column."""
        return max((len(column.trivial) for column in self.columns), default=0)

    @property
    def kinds(self) -> tuple[tuple[str, int], ...]:
        """Adjacent columns of a kind with their number."""
        groups = itertools.groupby(self.columns, key=lambda column: column.task.kind)
        return tuple((kind, len(list(group))) for kind, group in groups)


def build_boards(
    columns: Columns,
    tasks: Mapping[str, TaskFacts],
    backbones: Mapping[str, BackboneFacts],
) -> tuple[Board, ...]:
    """Return one leaderboard per protocol, by name; trivial predictors are under each of them.

    ``columns`` are those of the tidy frame. A board has the tasks of which its protocol has a
    record, and every backbone that has one.
    """
    found = _runs(columns)
    floors = _trivial(found.pop(TRIVIAL, {}), tasks)
    return tuple(
        _board(protocol, _cells(found[protocol]), floors, tasks, backbones)
        for protocol in sorted(found)
    )


def _trivial(
    runs: Mapping[_Place, _Runs], tasks: Mapping[str, TaskFacts]
) -> dict[str, tuple[Trivial, ...]]:
    found: dict[str, list[Trivial]] = {}
    for cell in _cells(runs).values():
        if cell.mean is not None:
            name = cell.backbone.removeprefix(f'{TRIVIAL}:')
            found.setdefault(cell.task, []).append(Trivial(name, cell.mean))
    return {
        task: tuple(sorted(floor, key=lambda item: _best_first(item.value, tasks[task])))
        for task, floor in found.items()
    }


def _best_first(value: float, task: TaskFacts) -> float:
    return -value if task.primary.higher_is_better else value


class _Runs(NamedTuple):
    """What a cell's records say, by seed."""

    scores: dict[int, float]
    failures: dict[int, str]
    costs: dict[int, Cost]


_Place = tuple[str, str]
"""Task and backbone."""

_RUN_COLUMNS = (
    'is_primary', 'protocol', 'task', 'backbone', 'seed', 'value', 'error', 'train_seconds',
    'peak_memory_mb', 'device',
)  # fmt: skip


def _runs(columns: Columns) -> dict[str, dict[_Place, _Runs]]:
    """Return the runs of each cell by protocol."""
    found: dict[str, dict[_Place, _Runs]] = {}
    lines = zip(*(columns[name] for name in _RUN_COLUMNS), strict=True)
    for is_primary, protocol, task, backbone, seed, value, error, *cost in lines:
        if not is_primary:
            continue
        cells = found.setdefault(protocol, {})
        runs = cells.get((task, backbone)) or cells.setdefault((task, backbone), _Runs({}, {}, {}))
        if math.isnan(value):
            runs.failures[seed] = error
            continue
        runs.scores[seed] = float(value)
        if not math.isnan(cost[0]):
            runs.costs[seed] = Cost._make(cost)
    return found


def _cells(runs: Mapping[_Place, _Runs]) -> dict[_Place, Cell]:
    return {
        place: Cell(*place, found.scores, found.failures, costs=found.costs)
        for place, found in sorted(runs.items())
    }


def _board(
    protocol: str,
    cells: Mapping[tuple[str, str], Cell],
    floors: Mapping[str, tuple[Trivial, ...]],
    tasks: Mapping[str, TaskFacts],
    backbones: Mapping[str, BackboneFacts],
) -> Board:
    by_task: dict[str, list[Cell]] = {}
    for cell in cells.values():
        by_task.setdefault(cell.task, []).append(cell)
    columns = tuple(
        _column(task, by_task[name], floors.get(name, ()))
        for name, task in tasks.items()
        if name in by_task
    )
    competitors = sorted({backbone for _, backbone in cells})
    table = {name: tuple(_cell(cells, column, name) for column in columns) for name in competitors}
    overall = _mean_ranks(columns, table)
    rows = [Row(backbones[name], table[name], overall.get(name)) for name in competitors]
    return Board(protocol, columns, tuple(sorted(rows, key=lambda row: _row_order(row, columns))))


def _column(task: TaskFacts, cells: list[Cell], trivial: tuple[Trivial, ...]) -> Column:
    higher = task.primary.higher_is_better
    means = {cell.backbone: cell.mean for cell in cells if cell.mean is not None}
    values = {cell.backbone: list(cell.scores.values()) for cell in cells if cell.scores}
    first = best(means, higher_is_better=higher)
    others = {name: value for name, value in means.items() if name not in first}
    return Column(
        task=task,
        seeds=tuple(sorted({seed for cell in cells for seed in (*cell.scores, *cell.failures)})),
        best=first,
        judgement=judge(values, higher_is_better=higher),
        trivial=trivial,
        second=best(others, higher_is_better=higher),
    )


def _cell(cells: Mapping[tuple[str, str], Cell], column: Column, backbone: str) -> Cell:
    task = column.task.name
    found = cells.get((task, backbone), Cell(task, backbone, {}, {}))
    if len(found.scores) + len(found.failures) == len(column.seeds):
        return found
    missing = sorted(set(column.seeds) - found.scores.keys() - found.failures.keys())
    return replace(found, missing=tuple(missing))


def _mean_ranks(
    columns: tuple[Column, ...], table: Mapping[str, tuple[Cell, ...]]
) -> dict[str, float]:
    """Return the mean rank of each complete row, among complete rows; families weigh the same."""
    complete = [name for name, row in table.items() if all(c.is_complete for c in row)]
    if len(columns) < 2 or len(complete) < 2:
        return {}
    signs = np.array([1.0 if c.task.primary.higher_is_better else -1.0 for c in columns])
    means = np.array([[cell.mean for cell in table[name]] for name in complete], float)
    weights = family_weights([column.task.family for column in columns])
    return dict(zip(complete, mean_ranks(signs * means, weights).tolist(), strict=True))


def _row_order(row: Row, columns: Iterable[Column]) -> tuple[float, float, str, str]:
    rank = math.inf if row.mean_rank is None else row.mean_rank
    first = next(
        (
            _best_first(cell.mean, column.task)
            for cell, column in zip(row.cells, columns, strict=True)
            if cell.mean is not None
        ),
        math.inf,
    )
    return rank, first, row.backbone.label, row.backbone.id
