"""Leaderboards as CSV: one line per backbone, or one per record and metric."""

from __future__ import annotations

import csv
import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

import orjson

from benchmark.report.data.boards import Board, Row
from benchmark.report.data.facts import TRIVIAL
from benchmark.report.data.frames import COLUMNS, NOT_SHOWN, Line, Values, cell_of
from benchmark.report.inference.findings import Findings
from benchmark.report.inference.standings import Aggregate, Estimate
from benchmark.specs import CellKey

_AGGREGATES = ('score', 'iqm', 'borda', 'mean_rank', 'place')
_PARTS = ('', '_seeds_low', '_seeds_high', '_tasks_low', '_tasks_high')


def long_csv(
    cells: Iterable[tuple[Values, Iterable[Line]]], aside: Mapping[CellKey, int] | None = None
) -> str:
    """Return the tidy frame as CSV, numbers in full precision, what is unknown empty.

    Where cells have results with other settings than those that count, a last column,
    ``not_shown``, says how many.

    Args:
        cells: the rows, cell by cell.
        aside: how many results of a cell do not count.
    """
    # the csv module takes its time, so it writes but once what many lines share
    shared = functools.lru_cache(maxsize=1000)(_join_values)
    texts = [_join_values((*COLUMNS, NOT_SHOWN) if aside else COLUMNS)]
    for cell, lines in cells:
        first = _join_values(cell)
        last = f',{aside.get(cell_of(cell), 0)}' if aside else ''
        numbers = _numbers([number for line in lines for number in (*line[2], *line[4])])
        for seed, metric, _, said, _, run in lines:
            texts.append(
                f'{first},{seed},{shared(metric)},{next(numbers)},{next(numbers)},{shared(said)},'
                f'{next(numbers)},{next(numbers)},{_texts(run)}{last}'
            )
    return '\n'.join(texts) + '\n'


class _Echo:
    """A file that hands back what is written into it."""

    def write(self, text: str) -> str:
        return text


def _join_values(values: Values) -> str:
    """Return several values as they stand in a line of CSV."""
    line = cast('str', _LINES.writerow(map(as_text, values)))
    return line.removesuffix('\r\n')


# only what ends lines is quoted among what breaks them
_LINES = csv.writer(_Echo(), lineterminator='\r\n')
_is_special = re.compile('[",\r\n]').search


def _texts(values: tuple[str, ...]) -> str:
    """Return texts as they stand in a line of CSV; few of them need the module for it."""
    values = tuple(map(as_text, values))
    return _join_values(values) if _is_special(''.join(values)) else ','.join(values)


def as_text(value: Any) -> Any:
    """Return a cell that spreadsheets take for a text, by an apostrophe before a formula."""
    is_formula = isinstance(value, str) and value[1:] and value[0] in _FORMULA
    return f"'{value}" if is_formula and not _is_number(value) else value


_FORMULA = tuple('=+-@\t\r')
_is_number = re.compile(r'[+-]?[0-9.]+(e[+-]?[0-9]+)?').fullmatch


def _numbers(values: list[float | None]) -> Iterator[str]:
    """Yield numbers in full precision; an empty text for ``None``, NaN and infinity.

    They are written all at once, which takes a tenth of the time that ``repr`` does.
    """
    return iter(orjson.dumps(values)[1:-1].decode().replace('null', '').split(','))


def wide_csv(boards: Iterable[Board], findings: Findings) -> str:
    """Return one line per protocol and backbone as CSV: mean, sd and n per task, aggregates.

    Scores are canonical and in full precision; what is unknown is empty. Where cells have results
    with other settings than those shown, the column ``not_shown`` says how many by task.
    """
    rows = list(wide_rows(boards, findings))
    names = list(dict.fromkeys(name for row in rows for name in row))
    first = [name for name in names if ':' not in name and not name.startswith(_AGGREGATES)]
    tasks = [name for name in names if ':' in name]
    overall = [name for name in names if name.startswith(_AGGREGATES)]
    order = (*first, *tasks, *overall)
    texts = [_join_values(order), *(_join_values(tuple(map(row.get, order))) for row in rows)]
    return '\n'.join(texts) + '\n'


def wide_rows(boards: Iterable[Board], findings: Findings) -> Iterator[dict[str, Any]]:
    """Yield the lines of the wide table by column name: backbones, then trivial predictors."""
    boards = tuple(boards)
    tasks = {column.task.name: column.task for board in boards for column in board.columns}
    tasks |= {task.name: task for board in boards for task in board.not_run}
    ordered = sorted(tasks.values(), key=lambda task: task.order)
    empty = {f'{task.name}:{part}': None for task in ordered for part in ('mean', 'sd', 'n')}
    for board, found in zip(boards, findings.boards, strict=True):
        for row in board.rows:
            standing = found.standings.get(row.backbone.id)
            facts = {**_facts(board, row), **_not_shown(board, row)}
            yield {**facts, **empty, **_scores(row), **aggregates(standing)}
        for published in board.baselines:
            yield {
                'protocol': board.protocol,
                'backbone': published.label,
                'title': f'{published.label} (published: {published.citation})',
                **empty,
                **{f'{task}:mean': value for task, value in published.values.items()},
            }
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


def _not_shown(board: Board, row: Row) -> dict[str, str | None]:
    """Return how many results of a row do not count, by task; nothing for a board without any."""
    if not board.set_aside:
        return {}
    counts = [
        f'{task}: {count}'
        for (task, backbone), count in sorted(board.set_aside.items())
        if backbone == row.backbone.id
    ]
    return {NOT_SHOWN: '; '.join(counts) or None}


def _scores(row: Row) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for cell in row.cells:
        values[f'{cell.task}:mean'] = cell.mean
        values[f'{cell.task}:sd'] = cell.sd
        values[f'{cell.task}:n'] = len(cell.scores)
    return values


def aggregates(standing: Aggregate | None) -> dict[str, float | None]:
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
