"""Leaderboards as text: Markdown for people, a wide CSV in full precision for programs."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator

import pandas as pd

from benchmark.report.boards import Board, Cell, Column, Row
from benchmark.report.facts import TRIVIAL
from benchmark.report.sentences import RULE, column_sentences, version_notes
from benchmark.report.units import NO_SCORE, heading, show, show_interval


class Footnotes:
    """Numbers for notes; equal notes share one."""

    def __init__(self) -> None:
        """Start without notes."""
        self._numbers: dict[str, int] = {}

    def mark(self, note: str) -> str:
        """Return the Markdown reference of ``note``; nothing for an empty one."""
        if not note:
            return ''
        return f'[^{self._numbers.setdefault(note, len(self._numbers) + 1)}]'

    def lines(self) -> list[str]:
        """Return the definitions in the order of their numbers."""
        return [f'[^{number}]: {escape(note)}' for note, number in self._numbers.items()]


def escape(text: str) -> str:
    """Return ``text`` on one line with all of Markdown's and HTML's own characters disarmed."""
    line = ' '.join(text.split())
    safe = line.replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;')
    return re.sub(r'([\\`*_\[\]|~])', r'\\\1', safe)


def markdown(suite: str, boards: Iterable[Board]) -> str:
    """Return the report of ``suite`` as Markdown: per protocol a table and what it says."""
    notes = Footnotes()
    lines = [
        f'# Suite {escape(suite)}',
        '',
        'Mean ± sample standard deviation over n seeds; the best mean of a column is **bold**. '
        '↑ higher is better, ↓ lower is better. A dash has no score: its note says why. '
        'Mean rank: over tasks, averaged within groups of tasks first, only among rows without '
        'a gap.',
        '',
        RULE,
    ]
    for board in boards:
        lines += ['', *_section(board, notes)]
    if definitions := notes.lines():
        lines += ['', *definitions]
    return '\n'.join(lines) + '\n'


def _section(board: Board, notes: Footnotes) -> Iterator[str]:
    yield f'## Protocol: {escape(board.protocol)}'
    yield ''
    yield from _table(board, notes)
    yield ''
    for index, column in enumerate(board.columns):
        sentences = ' '.join(column_sentences(board, index))
        yield f'- **{escape(column.task.title)}.** {escape(sentences)}'
    for note in version_notes(board):
        yield f'- **Warning.** {escape(note)}'


def _table(board: Board, notes: Footnotes) -> Iterator[str]:
    yield _line(['Backbone', 'Pretraining', *map(_heading, board.columns), 'Mean rank ↓'])
    yield _line([':--', ':--', *['--:'] * (len(board.columns) + 1)])
    for row in board.rows:
        yield _line(_row(row, board.columns, notes))
    for depth in range(board.trivial_depth):
        yield _line(['*trivial predictor*', '', *_trivial(board, depth), ''])


def _line(cells: Iterable[str]) -> str:
    return f'| {" | ".join(cells)} |'


def _heading(column: Column) -> str:
    task = column.task
    metric = escape(heading(task.primary))
    return f'{escape(task.kind)}<br>{escape(task.title)}<br>{metric}<br>n = {len(column.seeds)}'


def _row(row: Row, columns: tuple[Column, ...], notes: Footnotes) -> Iterator[str]:
    yield escape(row.backbone.label)
    yield escape(', '.join(filter(None, [row.backbone.family, row.backbone.method])))
    for cell, column in zip(row.cells, columns, strict=True):
        yield _score(cell, column) + notes.mark(cell.problem)
    yield NO_SCORE if row.mean_rank is None else f'{row.mean_rank:.2f}'


def _score(cell: Cell, column: Column) -> str:
    if cell.mean is None:
        return NO_SCORE
    text = show_interval(cell.mean, cell.sd, column.task.primary.unit)
    return f'**{text}**' if cell.backbone in column.best else text


def _trivial(board: Board, depth: int) -> Iterator[str]:
    for column in board.columns:
        if depth < len(column.trivial):
            floor = column.trivial[depth]
            yield f'*{show(floor.value, column.task.primary.unit)}* ({escape(floor.name)})'
        else:
            yield ''


def long_csv(frame: pd.DataFrame) -> str:
    """Return the tidy frame as CSV, numbers in full precision."""
    return frame.to_csv(index=False, lineterminator='\n')


def wide_csv(boards: Iterable[Board]) -> str:
    """Return one line per protocol and backbone as CSV: mean, sd and n per task.

    Numbers are canonical and in full precision; what is unknown is empty.
    """
    boards = tuple(boards)
    tasks = {column.task.name: column.task for board in boards for column in board.columns}
    ordered = sorted(tasks.values(), key=lambda task: task.order)
    fields = [f'{task.name}:{part}' for task in ordered for part in ('mean', 'sd', 'n')]
    facts = ['protocol', 'backbone', 'title', 'family', 'method', 'data', 'epochs', 'labels']
    text = io.StringIO()
    writer = csv.DictWriter(text, [*facts, *fields, 'mean_rank'], lineterminator='\n')
    writer.writeheader()
    for board in boards:
        writer.writerows(_wide_row(board, row) for row in board.rows)
    writer.writerows(_wide_trivial(boards))
    return text.getvalue()


def _wide_row(board: Board, row: Row) -> dict[str, object]:
    backbone = row.backbone
    values: dict[str, object] = {
        'protocol': board.protocol,
        'backbone': backbone.id,
        'title': backbone.label,
        'family': backbone.family,
        'method': backbone.method,
        'data': backbone.data,
        'epochs': backbone.epochs,
        'labels': backbone.uses_labels,
        'mean_rank': row.mean_rank,
    }
    for cell in row.cells:
        values[f'{cell.task}:mean'] = cell.mean
        values[f'{cell.task}:sd'] = cell.sd
        values[f'{cell.task}:n'] = len(cell.scores)
    return values


def _wide_trivial(boards: Iterable[Board]) -> list[dict[str, object]]:
    lines: dict[str, dict[str, object]] = {}
    for column in (column for board in boards for column in board.columns):
        for floor in column.trivial:
            line = lines.setdefault(floor.name, {'protocol': TRIVIAL, 'backbone': floor.name})
            line[f'{column.task.name}:mean'] = floor.value
    return [lines[name] for name in sorted(lines)]
