"""What makes the score of a cell suspicious, whatever its rank: marked in every table."""

from __future__ import annotations

import enum
import math
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import replace

from benchmark.report.data.boards import Board, BoardCell, Column, Row
from benchmark.report.data.facts import TRIVIAL
from benchmark.report.data.units import show_with_sign

_READS_FEATURES = ('frozen', 'linear', 'linear-fixed', 'logistic', 'knn')
"""Protocols that read a backbone's features as they are."""

_OTHERS = (*_READS_FEATURES, 'as-is', TRIVIAL)


class Flag(enum.StrEnum):
    """What is suspicious about a score."""

    LOSS = 'loss did not fall'
    FLOOR = 'not above the trivial predictor'
    FEATURES = 'worse than its frozen features'


MARKS = {Flag.LOSS: '†', Flag.FLOOR: '‡', Flag.FEATURES: '§'}
"""The sign of each flag behind a score."""


def marks(cell: BoardCell) -> str:
    """Return the signs of a cell's flags; empty if there are none."""
    return ''.join(sign for flag, sign in MARKS.items() if flag in cell.flags)


def marks_legend(boards: Iterable[Board]) -> str:
    """Return what the signs on some boards mean, as in ``'† loss did not fall.'``."""
    cells = [cell for board in boards for row in board.rows for cell in row.cells]
    found = {flag for cell in cells for flag in cell.flags}
    shown = [f'{sign} {flag}' for flag, sign in MARKS.items() if flag in found]
    return f'{"; ".join(shown)}.' if shown else ''


def flagged(boards: Iterable[Board]) -> tuple[Board, ...]:
    """Return the boards with the flags of every cell; all protocols of a suite are needed.

    A training is *worse than its frozen features* if the same backbone's features score better on
    the same task under a protocol that leaves them as they are, by more than the standard error
    of the difference over seeds where it is known.
    """
    boards = tuple(boards)
    kept = _best_features(boards)
    return tuple(replace(board, rows=tuple(_rows(board, kept))) for board in boards)


def _rows(board: Board, kept: Mapping[tuple[str, str], list[BoardCell]]) -> Iterator[Row]:
    for row in board.rows:
        cells = []
        for cell, column in zip(row.cells, board.columns, strict=True):
            others = kept.get((cell.task, cell.backbone), [])
            found = _flags(cell, column, [] if board.protocol in _OTHERS else others)
            cells.append(replace(cell, flags=tuple(found)) if found else cell)
        yield replace(row, cells=tuple(cells))


def _flags(cell: BoardCell, column: Column, features: list[BoardCell]) -> list[Flag]:
    if cell.mean is None:
        return []
    sign = 1 if column.task.primary.higher_is_better else -1
    is_below = column.trivial and sign * (cell.mean - column.trivial[0].value) <= 0
    is_worse = any(_is_better(other, cell, sign) for other in features)
    found = {
        Flag.LOSS: bool(cell.stuck),
        Flag.FLOOR: bool(is_below),
        Flag.FEATURES: is_worse,
    }
    return [flag for flag, holds in found.items() if holds]


def _is_better(other: BoardCell, cell: BoardCell, sign: int) -> bool:
    """Whether ``other`` is ahead by more than the seeds explain."""
    assert other.mean is not None, 'features with a score'
    assert cell.mean is not None, 'a cell with a score'
    errors = [(item.sd or 0.0) ** 2 / len(item.scores) for item in (other, cell)]
    return sign * (other.mean - cell.mean) > math.sqrt(sum(errors))


def _best_features(boards: Iterable[Board]) -> dict[tuple[str, str], list[BoardCell]]:
    found: dict[tuple[str, str], list[BoardCell]] = {}
    for board in boards:
        if board.protocol in _READS_FEATURES:
            for cell in (cell for row in board.rows for cell in row.cells):
                if cell.mean is not None:
                    found.setdefault((cell.task, cell.backbone), []).append(cell)
    return found


def flag_lines(boards: Iterable[Board], asked: Container[tuple[str, str, str]]) -> Iterator[str]:
    """Yield one line per flagged cell: task, backbone, protocol, score and what is suspicious.

    Args:
        boards: leaderboards with flags.
        asked: protocol, task and backbone of the cells that are wanted.
    """
    for board in boards:
        for row in board.rows:
            for cell, column in zip(row.cells, board.columns, strict=True):
                is_asked = (board.protocol, cell.task, cell.backbone) in asked
                if is_asked and cell.flags and cell.mean is not None:
                    score = show_with_sign(cell.mean, column.task.primary.unit)
                    where = f'{cell.task}  {row.backbone.label}  {board.protocol}  {score}'
                    yield f'{where}: {"; ".join(cell.flags)}'
