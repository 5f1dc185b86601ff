"""Leaderboards as data: one per protocol, from the primary metrics of the newest records."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.protocols import takes_no_seed
from benchmark.report.data.baselines import Baseline
from benchmark.report.data.facts import TRIVIAL, BackboneFacts, TaskFacts
from benchmark.report.data.frames import reason
from benchmark.report.data.units import count_noun
from benchmark.results.briefs import Brief
from benchmark.results.counting import Runs, draws_weights
from benchmark.specs import CellKey
from benchmark.statistics.aggregates import Array, family_weights, mean_ranks
from benchmark.statistics.spread import (
    DETERMINISTIC,
    Judgement,
    best,
    judge,
    mean,
    sample_sd,
)


class TrainingCost(NamedTuple):
    """What one training took; what the record does not say is ``nan``."""

    seconds: float
    memory_mb: float
    device: str


@dataclass(frozen=True)
class BoardCell:
    """A backbone on a task: scores and failures by seed, and seeds that were never run.

    Attributes:
        task: name of the task.
        backbone: id of the backbone.
        scores: by seed, in canonical units.
        failures: the error by seed.
        missing: seeds that were never run.
        costs: what runs took, for the seeds with a score whose record says it.
        is_deterministic: whether no seed changes the score: one run counts for all seeds of the
            column.
        stuck: seeds whose loss did not fall.
        flags: what is suspicious about the score.
    """

    task: str
    backbone: str
    scores: Mapping[int, float]
    failures: Mapping[int, str]
    missing: tuple[int, ...] = ()
    costs: Mapping[int, TrainingCost] = field(default_factory=dict)
    is_deterministic: bool = False
    stuck: tuple[int, ...] = ()
    flags: tuple[str, ...] = ()

    @cached_property
    def mean(self) -> float | None:
        """The mean over the seeds with a score."""
        return mean(list(self.scores.values())) if self.scores else None

    @cached_property
    def sd(self) -> float | None:
        """The sample standard deviation over seeds; ``None`` for one or without any effect."""
        return None if self.is_deterministic else sample_sd(list(self.scores.values()))

    @cached_property
    def seconds(self) -> float | None:
        """The mean training time over the seeds with costs, ``None`` without any."""
        costs = self.costs.values()
        return sum([cost.seconds for cost in costs]) / len(costs) if costs else None

    @property
    def is_complete(self) -> bool:
        """Whether every seed of the column has a score here."""
        return not self.failures and not self.missing

    @property
    def problem(self) -> str:
        """How many seeds lack a score and why; empty when complete."""
        if self.is_complete:
            return ''
        seeds = len(self.scores) + len(self.failures) + len(self.missing)
        reasons: dict[str, list[int]] = {}
        for seed, why in sorted(self.failures.items()):
            reasons.setdefault(' '.join(why.split()) or 'no reason recorded', []).append(seed)
        parts = [
            f'{len(failed)} of {count_noun(seeds, "seed")} failed: {why}'
            for why, failed in reasons.items()
        ]
        if self.missing:
            parts.append(f'{len(self.missing)} of {count_noun(seeds, "seed")} not run')
        return '; '.join(parts)


class TrivialScore(NamedTuple):
    """The score of a predictor that looks at no image."""

    name: str
    value: float


@dataclass(frozen=True)
class Column:
    """A task of a leaderboard: its seeds, who is best and second, what differs, and the floor.

    Attributes:
        task: the task.
        seeds: all that occur.
        best: ids of the best backbones.
        judgement: which pairs differ clearly.
        trivial: scores of the trivial predictor.
        second: ids of the second best.
    """

    task: TaskFacts
    seeds: tuple[int, ...]
    best: frozenset[str]
    judgement: Judgement
    trivial: tuple[TrivialScore, ...]
    second: frozenset[str] = frozenset()

    @property
    def is_judged(self) -> bool:
        """Whether the seeds of the best backbones allow a judgement.

        A column in which seeds change no score counts as judged.
        """
        judged = set(self.judgement.order)
        return bool(self.best) and (self.judgement.is_deterministic or self.best <= judged)

    @property
    def marked(self) -> tuple[frozenset[str], frozenset[str]]:
        """The best and the second as tables mark them; nobody where they are not judged."""
        return (self.best, self.second) if self.is_judged else (frozenset(), frozenset())

    @property
    def near_best(self) -> frozenset[str]:
        """Backbones that are judged and do not differ clearly from a best one."""
        return self.judgement.unclear_from(self.best) - self.best


@dataclass(frozen=True)
class Row:
    """A backbone of a leaderboard; ``mean_rank`` is ``None`` unless its cells are complete."""

    backbone: BackboneFacts
    cells: tuple[BoardCell, ...]
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
    """The leaderboard of a protocol.

    Attributes:
        protocol: name of the protocol.
        columns: its tasks.
        rows: its backbones, cells in the order of the columns.
        not_run: tasks that the suite asks for and no backbone has a record of.
        set_aside: by task and backbone, how many results of a cell were made with other settings
            than those that count.
        baselines: published rows that were measured elsewhere.
    """

    protocol: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    not_run: tuple[TaskFacts, ...] = ()
    set_aside: Mapping[tuple[str, str], int] = field(default_factory=dict)
    baselines: tuple[Baseline, ...] = ()

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
    runs: Runs,
    tasks: Mapping[str, TaskFacts],
    backbones: Mapping[str, BackboneFacts],
) -> tuple[Board, ...]:
    """Return one leaderboard per protocol, by name; trivial predictors are under each of them.

    A board has every task and every backbone with at least one record under its protocol.
    """
    found: dict[str, dict[_Place, BoardCell]] = {}
    for place, records in runs.items():
        cell = _build_cell(place, records, tasks[place.task].primary.key)
        found.setdefault(place.protocol, {})[place.task, place.backbone] = cell
    floors = _trivial(found.pop(TRIVIAL, {}).values(), tasks)
    return tuple(
        _board(protocol, cells, floors, tasks, backbones) for protocol, cells in found.items()
    )


def with_set_aside(boards: Iterable[Board], counts: Mapping[CellKey, int]) -> tuple[Board, ...]:
    """Return leaderboards that know how many results of each cell do not count."""
    return tuple(
        replace(
            board,
            set_aside={
                (cell.task, cell.backbone): count
                for cell, count in counts.items()
                if cell.protocol == board.protocol
            },
        )
        for board in boards
    )


_Place = tuple[str, str]
"""Task and backbone."""


def _build_cell(place: CellKey, records: Sequence[Brief], primary: str) -> BoardCell:
    """Return what the records of a cell say of the metric ``primary``."""
    scores: dict[int, float] = {}
    failures: dict[int, str] = {}
    costs: dict[int, TrainingCost] = {}
    stuck: list[int] = []
    for record in records:
        seed = record.spec.seed
        value = record.scores.get(primary, math.nan) if record.is_ok else math.nan
        if math.isnan(value):
            failures[seed] = reason(record, primary)
            continue
        scores[seed] = float(value)
        if record.loss_fell is False:
            stuck.append(seed)
        if record.seconds is not None:
            memory = math.nan if record.memory_mb is None else record.memory_mb
            costs[seed] = TrainingCost(record.seconds, memory, record.device)
    return BoardCell(
        place.task,
        place.backbone,
        scores,
        failures,
        costs=costs,
        is_deterministic=len(scores) == 1 and not failures and _is_exact(place, records),
        stuck=tuple(stuck),
    )


def _is_exact(place: CellKey, records: Iterable[Brief]) -> bool:
    """Return whether no seed changes the score: nothing is drawn, not even weights."""
    draws = any(draws_weights(place.backbone, record.backbone) for record in records)
    return takes_no_seed(place.protocol) and not draws


def _repeat_exact(cells: Iterable[BoardCell]) -> list[BoardCell]:
    """Return the cells of a column; the one score of a cell without seeds counts for them all."""
    whole = list(cells)
    seeds = sorted({seed for cell in whole for seed in (*cell.scores, *cell.failures)})
    return [
        replace(cell, scores=dict.fromkeys(seeds, *cell.scores.values()))
        if cell.is_deterministic
        else cell
        for cell in whole
    ]


def _trivial(
    cells: Iterable[BoardCell], tasks: Mapping[str, TaskFacts]
) -> dict[str, tuple[TrivialScore, ...]]:
    found: dict[str, list[TrivialScore]] = {}
    for cell in cells:
        if cell.mean is not None:
            name = cell.backbone.removeprefix(f'{TRIVIAL}:')
            found.setdefault(cell.task, []).append(TrivialScore(name, cell.mean))
    return {
        task: tuple(sorted(floor, key=lambda item: _best_first(item.value, tasks[task])))
        for task, floor in found.items()
    }


def _best_first(value: float, task: TaskFacts) -> float:
    return -value if task.primary.higher_is_better else value


def _board(
    protocol: str,
    cells: Mapping[tuple[str, str], BoardCell],
    floors: Mapping[str, tuple[TrivialScore, ...]],
    tasks: Mapping[str, TaskFacts],
    backbones: Mapping[str, BackboneFacts],
) -> Board:
    by_task: dict[str, list[BoardCell]] = {}
    for cell in cells.values():
        by_task.setdefault(cell.task, []).append(cell)
    by_task = {name: _repeat_exact(some) for name, some in by_task.items()}
    cells = {(cell.task, cell.backbone): cell for some in by_task.values() for cell in some}
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


def _column(task: TaskFacts, cells: list[BoardCell], trivial: tuple[TrivialScore, ...]) -> Column:
    higher = task.primary.higher_is_better
    means = {cell.backbone: cell.mean for cell in cells if cell.mean is not None}
    values = {cell.backbone: list(cell.scores.values()) for cell in cells if cell.scores}
    first = best(means, higher_is_better=higher)
    others = {name: value for name, value in means.items() if name not in first}
    return Column(
        task=task,
        seeds=tuple(sorted({seed for cell in cells for seed in (*cell.scores, *cell.failures)})),
        best=first,
        judgement=_judge(cells, values, higher_is_better=higher),
        trivial=trivial,
        second=best(others, higher_is_better=higher),
    )


def _judge(
    cells: Iterable[BoardCell], values: Mapping[str, list[float]], *, higher_is_better: bool
) -> Judgement:
    """Return which backbones differ clearly; one run each is enough where seeds change nothing."""
    if values and all(cell.is_deterministic for cell in cells if cell.scores):
        names = tuple(sorted(values))
        return Judgement(None, (), names, DETERMINISTIC, is_deterministic=True)
    return judge(values, higher_is_better=higher_is_better)


def _cell(cells: Mapping[tuple[str, str], BoardCell], column: Column, backbone: str) -> BoardCell:
    task = column.task.name
    found = cells.get((task, backbone), BoardCell(task, backbone, {}, {}))
    if column.judgement.is_deterministic:
        found = replace(found, is_deterministic=True)
    if len(found.scores) + len(found.failures) == len(column.seeds):
        return found
    missing = sorted(set(column.seeds) - found.scores.keys() - found.failures.keys())
    return replace(found, missing=tuple(missing))


def _mean_ranks(
    columns: tuple[Column, ...], table: Mapping[str, tuple[BoardCell, ...]]
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
