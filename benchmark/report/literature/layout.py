"""The literature's leaderboard as headings, paragraphs and grids, before a format is chosen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchmark.report.data.boards import Board, BoardCell, Column
from benchmark.report.data.facts import TRIVIAL
from benchmark.report.data.units import NO_SCORE, difference, heading, listing, show, show_interval
from benchmark.report.literature.grouping import (
    Entry,
    PublishedContrast,
    Table,
    contrasts,
    coverage,
    standings,
    tables,
)
from benchmark.report.literature.reading import (
    DATA_SETS,
    Publication,
    Published,
    for_tasks,
    tested_split,
)
from benchmark.specs import Metric

MINUS = '\N{MINUS SIGN}'


@dataclass(frozen=True)
class Grid:
    """A table of plain texts.

    Attributes:
        columns: headings.
        rows: cells by row.
        strong: (row, column) of cells to set off.
        details: number of last columns with long texts, which a page of limited width sets in a
            line below their row.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    strong: frozenset[tuple[int, int]] = frozenset()
    details: int = 0


@dataclass(frozen=True)
class Block:
    """A heading with paragraphs and at most one grid under it.

    Attributes:
        level: of the heading, from 1.
        title: of the heading.
        paragraphs: texts below it.
        grid: the table below them, if there is one.
    """

    level: int
    title: str
    paragraphs: tuple[str, ...] = ()
    grid: Grid | None = None


_INTRODUCTION = (
    'A table holds one comparison: one source, one head, one recipe. Rows of different tables '
    'differ in more than the pretraining and are never ranked together. Bold is the best of a '
    'column of one table. Where a source states no recipe, what it prints under one head counts '
    'as one comparison. ↑ higher is better, ↓ lower is better.',
    'SUP: supervised pretraining. MIM: masked image modelling without labels; "+ labels" where '
    'labels were used as well, "+ CLIP" or another name where that network made the targets. '
    'ᵃ read in a text that quotes the source, or in a mirror of a leaderboard. ᵇ the row repeats '
    "another source's number.",
)
_ALONE = (
    'Numbers that were read in papers, official code and model cards. Nothing here was run by '
    'this benchmark.'
)
_BESIDE = (
    'Numbers that were read in papers, official code and model cards, beside those of this suite. '
    'Rows measured here stand in tables of their own, above the literature. The recipes differ: '
    'no ranking spans the two.'
)


def blocks(
    suite: str, tasks: Sequence[str], rows: Iterable[Published], boards: Sequence[Board] = ()
) -> list[Block]:
    """Return the literature on a suite's tasks; with ``boards``, beside the suite's own rows.

    Args:
        suite: name of the suite.
        tasks: names of its tasks.
        rows: published numbers, of any task.
        boards: the suite's own leaderboards, to show next to the published numbers.
    """
    mine = for_tasks(rows, tasks)
    introduction = (_BESIDE if boards else _ALONE, *_INTRODUCTION)
    return [
        Block(1, f'Published numbers: suite {suite}', introduction),
        _coverage(mine, tasks),
        _contrasts(contrasts(mine)),
        *_data_sets(mine, tasks, boards),
        _sources(mine),
    ]


def _coverage(rows: Sequence[Published], tasks: Sequence[str]) -> Block:
    found = coverage(rows, tasks)
    columns = ('Task', 'Data set', 'Numbers', 'Backbones', 'Comparisons', 'MIM against SUP')
    lines = ((item.task, item.data_set, *map(_count, item[2:])) for item in found if item.numbers)
    without = [item.task for item in found if not item.numbers]
    covered = len(found) - len(without)
    return Block(
        2,
        'Coverage',
        (
            f'Numbers were found for {covered} of the {len(found)} tasks of the suite'
            + (f'; none for {listing(without)}.' if covered and without else '.'),
            _aggregate(rows, tasks),
        ),
        Grid(columns, tuple(lines)) if covered else None,
    )


def _count(number: int | str) -> str:
    return str(number) if number else NO_SCORE


def _aggregate(rows: Sequence[Published], tasks: Sequence[str]) -> str:
    found = standings(rows, tasks)
    ranked = [item for item in found if item.mean_rank is not None]
    if ranked:
        return 'Mean ranks over all data sets of the suite, within a comparison: ' + '; '.join(
            f'{item.entry.backbone} {item.entry.pretraining} {item.mean_rank:.2f}'
            f' ({item.comparison.source})'
            for item in sorted(ranked, key=lambda item: item.mean_rank or 0.0)
        )
    if not found:
        return 'Nothing is aggregated: there are no rows.'
    widest = max(found, key=lambda item: item.covered)
    return (
        'Nothing is aggregated: no comparison has two rows without a gap. The widest row, '
        f'{widest.entry.backbone} {widest.entry.pretraining} of {widest.comparison.source}, '
        f'covers {widest.covered} of {widest.of} data sets.'
    )


def _contrasts(found: Sequence[PublishedContrast]) -> Block:
    columns = (
        'Data set', 'Metric', 'Backbone', 'Masked', 'SUP', 'MIM', 'MIM better by',
        'Pretraining data', 'Source', 'Head', 'Recipe', 'Note',
    )  # fmt: skip
    lines = tuple(map(_contrast, found))
    what = 'Pairs that share source, head, recipe, backbone, pretraining data and split.'
    paragraph = what if lines else f'{what} There are none on the data sets of the suite.'
    return Block(
        2,
        'Masked against supervised pretraining',
        (paragraph,),
        Grid(columns, lines, details=3) if lines else None,
    )


def _contrast(item: PublishedContrast) -> tuple[str, ...]:
    masked, metric = item.masked, item.masked.metric
    return (
        masked.data_set,
        heading(metric),
        masked.backbone,
        f'{masked.pretraining} ({masked.tag})',
        show(item.supervised.canonical, metric.unit),
        show(masked.canonical, metric.unit),
        _format_gain(item.gain, metric),
        masked.pretraining_data,
        masked.source.source + _marks(masked),
        masked.head,
        masked.recipe,
        f'SUP: {item.supervised.note}' if item.supervised.note else '',
    )


def _format_gain(gain: float, metric: Metric) -> str:
    text = difference(abs(gain), metric.unit)
    if text == difference(0.0, metric.unit):
        return text
    return f'{"+" if gain > 0 else MINUS}{text}'


def _data_sets(
    rows: Sequence[Published], tasks: Sequence[str], boards: Sequence[Board]
) -> Iterator[Block]:
    groups: dict[tuple[str, str], list[str]] = {}
    for task in tasks:
        groups.setdefault(DATA_SETS.get(task, ('', task)), []).append(task)
    for (kind, data_set), names in groups.items():
        published = [row for row in rows if (row.kind, row.data_set) == (kind, data_set)]
        own = [block for name in names for block in _own_tables(name, boards, published)]
        if published or own:
            label = f'{data_set} ({", ".join(names)})' if data_set not in names else data_set
            yield Block(2, label)
            yield from own
            yield from map(_published_table, tables(published))


def _own_tables(
    task: str, boards: Sequence[Board], published: Sequence[Published]
) -> Iterator[Block]:
    note = _on_another_split(task, published)
    for board in boards:
        for index, column in enumerate(board.columns):
            if column.task.name == task and board.protocol != TRIVIAL:
                yield _own(board, index, column, note)


def _on_another_split(task: str, published: Sequence[Published]) -> tuple[str, ...]:
    """Return the sentence that numbers of different splits do not compare, where they do not."""
    own = tested_split(task)
    others = dict.fromkeys(row.split for row in published)
    if not others or own in others:
        return ()
    return (
        f'Measured on the split {own}; the published numbers are of {listing(list(others))} and do '
        'not compare.',
    )


def _own(board: Board, index: int, column: Column, note: tuple[str, ...]) -> Block:
    metric = column.task.primary
    cells = [(row.backbone, row.cells[index]) for row in board.rows]
    lines = tuple(
        (facts.label, ', '.join(filter(None, [facts.family, facts.method])), _score(cell, metric))
        for facts, cell in cells
    )
    grid = Grid(('Backbone', 'Pretraining', f'{heading(metric)}, n = {len(column.seeds)}'), lines)
    split = f' on {tested_split(column.task.name)}' if column.task.name in DATA_SETS else ''
    return Block(3, f'Measured here: {column.task.title}, {board.protocol}{split}', note, grid)


def _score(cell: BoardCell, metric: Metric) -> str:
    return NO_SCORE if cell.mean is None else show_interval(cell.mean, cell.sd, metric.unit)


def _published_table(table: Table) -> Block:
    columns = ('Backbone', 'Pretraining', 'Family')
    metrics = tuple(heading(metric) for metric in table.metrics)
    lines = tuple(_line(table, entry) for entry in table.entries)
    best = frozenset(
        (row, len(columns) + column)
        for row, entry in enumerate(table.entries)
        for column, metric in enumerate(table.metrics)
        if (entry, metric.key) in table.best
    )
    return Block(
        3,
        _title(table.sample),
        (),
        Grid(
            (*columns, *metrics, 'Data', 'Learned', 'Split', 'Where', 'Note'),
            lines,
            best,
            details=1,
        ),
    )


def _title(row: Published) -> str:
    return ' · '.join(
        filter(None, [f'{row.source.title} ({row.source.year})', row.head, row.recipe])
    )


def _line(table: Table, entry: Entry) -> tuple[str, ...]:
    cells = [table.cells.get((entry, metric.key)) for metric in table.metrics]
    row = next(cell for cell in cells if cell is not None)
    return (
        entry.backbone,
        entry.pretraining,
        row.tag,
        *(_number(cell) for cell in cells),
        entry.pretraining_data or 'not stated',
        entry.protocol,
        entry.split,
        row.place,
        '; '.join(dict.fromkeys(cell.note for cell in cells if cell and cell.note)),
    )


def _number(cell: Published | None) -> str:
    return NO_SCORE if cell is None else show(cell.canonical, cell.metric.unit) + _marks(cell)


def _marks(row: Published) -> str:
    return ('ᵃ' if row.status == 'read-secondary' else '') + ('ᵇ' if row.same_as else '')


def _sources(rows: Sequence[Published]) -> Block:
    cited: Mapping[str, Publication] = {row.source.source: row.source for row in rows}
    lines = tuple(
        (name, source.title, source.where, source.type, str(source.year), source.commit_date)
        for name, source in sorted(cited.items())
    )
    return Block(
        2, 'Sources', (), Grid(('Name', 'Title', 'Where', 'Type', 'Year', 'Commit of'), lines)
    )
