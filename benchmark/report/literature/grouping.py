"""What published numbers say: controlled comparisons, contrasts of pretrainings, coverage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import numpy as np

from benchmark.report.literature.reading import DATA_SETS, Comparison, Published
from benchmark.specs import Metric
from benchmark.statistics.aggregates import ranks
from benchmark.statistics.spread import best


class Entry(NamedTuple):
    """What is compared: a backbone with its pretraining, under a protocol on a split."""

    backbone: str
    pretraining: str
    pretraining_data: str
    protocol: str
    split: str


@dataclass(frozen=True)
class Table:
    """The rows of a comparison on a data set: values by entry and metric.

    Attributes:
        comparison: what the rows share.
        data_set: name of the data set.
        metrics: the columns.
        entries: the rows.
        cells: numbers by entry and key of the metric.
    """

    comparison: Comparison
    data_set: str
    metrics: tuple[Metric, ...]
    entries: tuple[Entry, ...]
    cells: Mapping[tuple[Entry, str], Published]

    @property
    def best(self) -> frozenset[tuple[Entry, str]]:
        """The best entries of each metric; none where there is nothing to compare."""
        found: set[tuple[Entry, str]] = set()
        for metric in self.metrics:
            values = {entry: row.canonical for entry, row in self._column(metric).items()}
            if len(values) > 1:
                winners = best(_by_text(values), higher_is_better=metric.higher_is_better)
                found |= {(entry, metric.key) for entry in values if repr(entry) in winners}
        return frozenset(found)

    def _column(self, metric: Metric) -> dict[Entry, Published]:
        return {
            entry: self.cells[entry, metric.key]
            for entry in self.entries
            if (entry, metric.key) in self.cells
        }

    @property
    def sample(self) -> Published:
        """Any of the rows, for what all of them share."""
        return next(iter(self.cells.values()))


def _by_text(values: Mapping[Entry, float]) -> dict[str, float]:
    return {repr(entry): value for entry, value in values.items()}


def tables(rows: Iterable[Published]) -> list[Table]:
    """Return one table per comparison and data set, in the order of the rows.

    Rows of different sources, heads or recipes never share a table.
    """
    groups: dict[tuple[Comparison, str], list[Published]] = {}
    for row in rows:
        groups.setdefault((row.comparison, row.data_set), []).append(row)
    return [_table(*key, group) for key, group in groups.items()]


def _table(comparison: Comparison, data_set: str, rows: Sequence[Published]) -> Table:
    metrics = {row.metric.key: row.metric for row in rows}
    return Table(
        comparison,
        data_set,
        tuple(metrics.values()),
        tuple(dict.fromkeys(map(entry_of, rows))),
        {(entry_of(row), row.metric.key): row for row in rows},
    )


def entry_of(row: Published) -> Entry:
    """Return what the row is about."""
    return Entry(row.backbone, row.pretraining, row.pretraining_data, row.protocol, row.split)


class PublishedContrast(NamedTuple):
    """A masked and a supervised pretraining of one backbone under one comparison.

    ``gain`` is the canonical difference, positive where masked pretraining is better.
    """

    masked: Published
    supervised: Published
    gain: float


def contrasts(rows: Iterable[Published]) -> list[PublishedContrast]:
    """Return all pairs of masked and supervised pretraining that differ in nothing else.

    They share source, head, recipe, backbone, pretraining data, data set, split and metric;
    the masked one saw no labels.
    """
    groups: dict[tuple[object, ...], list[Published]] = {}
    for row in rows:
        groups.setdefault(_all_but_pretraining(row), []).append(row)
    return [
        PublishedContrast(masked, supervised, _gain(masked, supervised))
        for group in groups.values()
        for masked, supervised in product(group, group)
        if (masked.family, masked.labels) == ('mim', False) and supervised.family == 'supervised'
    ]


def _all_but_pretraining(row: Published) -> tuple[object, ...]:
    return (
        row.comparison,
        row.kind,
        row.data_set,
        row.split,
        row.backbone,
        row.pretraining_data,
        row.metric.key,
    )


def _gain(masked: Published, supervised: Published) -> float:
    difference = masked.canonical - supervised.canonical
    return difference if masked.metric.higher_is_better else -difference


class Entrant(NamedTuple):
    """A backbone with its pretraining."""

    backbone: str
    pretraining: str
    pretraining_data: str

    @classmethod
    def of(cls, row: Published) -> Entrant:
        """Return what the row scores."""
        return cls(row.backbone, row.pretraining, row.pretraining_data)


_Row = dict[tuple[str, str], Published]
"""Numbers of an entrant by kind and data set."""


class Covered(NamedTuple):
    """How much is published on the data set of a task."""

    task: str
    data_set: str
    numbers: int
    backbones: int
    comparisons: int
    contrasts: int


def coverage(rows: Sequence[Published], tasks: Iterable[str]) -> list[Covered]:
    """Return what is published for each of the named tasks, also where that is nothing."""
    found = contrasts(rows)
    return [_coverage(task, rows, found) for task in tasks]


def _coverage(task: str, rows: Sequence[Published], found: Sequence[PublishedContrast]) -> Covered:
    place = DATA_SETS.get(task)
    mine = [row for row in rows if (row.kind, row.data_set) == place]
    return Covered(
        task,
        place[1] if place else '',
        len(mine),
        len({Entrant.of(row) for row in mine}),
        len({row.comparison for row in mine}),
        sum((item.masked.kind, item.masked.data_set) == place for item in found),
    )


class PublishedAggregate(NamedTuple):
    """How far an entry of a comparison reaches over a suite's data sets.

    ``mean_rank`` among the complete entries of the comparison; ``None`` for any other.
    """

    comparison: Comparison
    entry: Entrant
    covered: int
    of: int
    mean_rank: float | None


def standings(rows: Iterable[Published], tasks: Iterable[str]) -> list[PublishedAggregate]:
    """Return every comparison's entries with the number of the suite's data sets they cover.

    A data set counts by the first metric that its source prints. A mean rank exists only for
    entries without a gap over the whole suite.
    """
    wanted = list(dict.fromkeys(DATA_SETS.get(task, ('', task)) for task in tasks))
    groups: dict[Comparison, dict[Entrant, _Row]] = {}
    for row in rows:
        entries = groups.setdefault(row.comparison, {})
        cells = entries.setdefault(Entrant.of(row), {})
        cells.setdefault((row.kind, row.data_set), row)
    return [
        PublishedAggregate(comparison, entry, len(cells), len(wanted), mean_ranks.get(entry))
        for comparison, entries in groups.items()
        for mean_ranks in [_mean_ranks(entries, wanted)]
        for entry, cells in entries.items()
    ]


def _mean_ranks(
    entries: Mapping[Entrant, _Row], wanted: Sequence[tuple[str, str]]
) -> dict[Entrant, float]:
    complete = {entry: cells for entry, cells in entries.items() if set(wanted) <= set(cells)}
    if len(complete) < 2:
        return {}
    values = np.array(
        [[_higher_is_better(cells[place]) for place in wanted] for cells in complete.values()]
    )
    means = ranks(values.T).mean(axis=0)
    return dict(zip(complete, map(float, means), strict=True))


def _higher_is_better(row: Published) -> float:
    return row.canonical if row.metric.higher_is_better else -row.canonical
