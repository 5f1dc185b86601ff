"""Leaderboards as CSV: one line per backbone, or one per record and metric."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from benchmark.report.boards import Board, Row
from benchmark.report.facts import TRIVIAL
from benchmark.report.findings import Findings
from benchmark.report.frames import NUMBERS, Columns
from benchmark.report.standings import Estimate, Standing

_AGGREGATES = ('score', 'iqm', 'borda', 'mean_rank', 'place')
_PARTS = ('', '_seeds_low', '_seeds_high', '_tasks_low', '_tasks_high')


def long_csv(columns: Columns) -> str:
    """Return the tidy frame as CSV, numbers in full precision, what is unknown empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator='\n')
    writer.writerow(columns)
    known = {name: _known(columns[name]) for name in NUMBERS}
    writer.writerows(zip(*{**columns, **known}.values(), strict=True))
    return text.getvalue()


def _known(values: Sequence[Any]) -> list[Any]:
    # nan alone differs from itself
    return [value if value == value else None for value in values]


def wide_csv(boards: Iterable[Board], findings: Findings) -> str:
    """Return one line per protocol and backbone as CSV: mean, sd and n per task, aggregates.

    Scores are canonical and in full precision; what is unknown is empty.
    """
    rows = list(wide_rows(boards, findings))
    names = list(dict.fromkeys(name for row in rows for name in row))
    first = [name for name in names if ':' not in name and not name.startswith(_AGGREGATES)]
    tasks = [name for name in names if ':' in name]
    overall = [name for name in names if name.startswith(_AGGREGATES)]
    text = io.StringIO()
    writer = csv.DictWriter(text, [*first, *tasks, *overall], lineterminator='\n')
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def wide_rows(boards: Iterable[Board], findings: Findings) -> Iterator[dict[str, Any]]:
    """Yield the lines of the wide table by column name: backbones, then trivial predictors."""
    boards = tuple(boards)
    tasks = {column.task.name: column.task for board in boards for column in board.columns}
    ordered = sorted(tasks.values(), key=lambda task: task.order)
    empty = {f'{task.name}:{part}': None for task in ordered for part in ('mean', 'sd', 'n')}
    for board, found in zip(boards, findings.boards, strict=True):
        for row in board.rows:
            standing = found.standings.get(row.backbone.id)
            yield {**_facts(board, row), **empty, **_scores(row), **aggregates(standing)}
    for line in _trivial(boards):
        yield {**empty, **line}


def _facts(board: Board, row: Row) -> dict[str, Any]:
    backbone = row.backbone
    return {
        'protocol': board.protocol,
        'backbone': backbone.id,
        'title': backbone.label,
        'family': backbone.family,
        'method': backbone.method,
        'data': backbone.data,
        'epochs': backbone.epochs,
        'labels': backbone.uses_labels,
    }


def _scores(row: Row) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for cell in row.cells:
        values[f'{cell.task}:mean'] = cell.mean
        values[f'{cell.task}:sd'] = cell.sd
        values[f'{cell.task}:n'] = len(cell.scores)
    return values


def aggregates(standing: Standing | None) -> dict[str, float | None]:
    """Return the aggregates of a backbone with the ends of their intervals, ``None`` for gaps."""
    values: dict[str, float | None] = {}
    for name in _AGGREGATES:
        numbers = flat(None if standing is None else getattr(standing, name))
        values |= {f'{name}{part}': value for part, value in numbers.items()}
    return values


def flat(estimate: Estimate | None) -> dict[str, float | None]:
    """Return an estimate and the ends of its intervals by the suffix of their columns.

    They have nine digits: the ones behind depend on the machine's linear algebra, and tables
    must be equal everywhere.
    """
    if estimate is None:
        return dict.fromkeys(_PARTS)
    seeds, tasks = estimate.seeds or (None, None), estimate.tasks or (None, None)
    values = (estimate.value, *seeds, *tasks)
    rounded = (None if value is None else float(f'{value:.9g}') for value in values)
    return dict(zip(_PARTS, rounded, strict=True))


def _trivial(boards: Iterable[Board]) -> list[Mapping[str, Any]]:
    lines: dict[str, dict[str, Any]] = {}
    for column in (column for board in boards for column in board.columns):
        for floor in column.trivial:
            line = lines.setdefault(floor.name, {'protocol': TRIVIAL, 'backbone': floor.name})
            line[f'{column.task.name}:mean'] = floor.value
    return [lines[name] for name in sorted(lines)]
