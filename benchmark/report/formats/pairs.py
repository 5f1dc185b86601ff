"""Pairs of backbones for the page: the differences of each pair, in words and as texts."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence

from benchmark.report.data.boards import Board, Column
from benchmark.report.data.normaliser import Normaliser
from benchmark.report.data.units import MINUS, NO_SCORE, listing, show, show_change
from benchmark.report.formats.overall import Json
from benchmark.report.inference.duels import Duel, Pulls, Reading, TaskDuel, duels, example_error
from benchmark.report.text.verdicts import covered, interval_text, verdicts
from benchmark.results.counting import Runs

_MOST_CELLS = 400
"""Pairs times tasks of a board that the page holds; `tbench compare` has the others."""

_MOST_NAMED = 4
"""Backbones whose standard error a sentence about a task names."""


def pair_views(
    runs: Runs,
    boards: Sequence[Board],
    read: Reading,
    *,
    normaliser: Normaliser,
    films: Mapping[str, str] | None = None,
) -> list[Json]:
    """Return for each board its first rows, and what is said of each pair of them.

    Args:
        runs: the records that count.
        boards: leaderboards made of them.
        read: returns the evidence of a record.
        normaliser: scale of the total over tasks.
        films: what tells films apart in the names of test pictures, by task.
    """
    known: Pulls = {}
    return [_board(runs, board, read, normaliser, films or {}, known) for board in boards]


def _board(
    runs: Runs,
    board: Board,
    read: Reading,
    normaliser: Normaliser,
    films: Mapping[str, str],
    known: Pulls,
) -> Json:
    rows = board.rows[: _most_rows(len(board.columns))]
    pairs = {}
    for i, j in itertools.combinations(range(len(rows)), 2):
        pair = rows[i].backbone.id, rows[j].backbone.id
        found = duels(runs, [board], pair, read, normaliser=normaliser, films=films, known=known)
        for duel in found:
            pairs[f'{i}-{j}'] = _pair(duel, rows[i].backbone.label, rows[j].backbone.label)
    return {'rows': len(rows), 'pairs': pairs}


def _most_rows(columns: int) -> int:
    """Return how many rows make no more than the allowed cells."""
    return int((1 + math.sqrt(1 + 8 * _MOST_CELLS / max(1, columns))) / 2)


def _pair(duel: Duel, a: str, b: str) -> Json:
    said = list(verdicts(duel, a, b))
    return {
        'said': said[0],
        'tasks': [
            [one.task.title, *_texts(one), line]
            for one, line in zip(duel.tasks, said[1:], strict=False)
        ],
        'missing': said[1 + len(duel.tasks) :],
    }


def _texts(one: TaskDuel) -> list[str]:
    unit, found = one.task.primary.unit, one.found
    if not found.is_known:
        return [show_change(found.value, unit), NO_SCORE, NO_SCORE, covered(one)]
    ends = interval_text((found.low, found.high), unit)
    return [show_change(found.value, unit), ends, f'{one.holm:.2g}', covered(one)]


HEADS = ('Task', f'A {MINUS} B', '95 % interval', 'p (Holm)', 'Covers', 'In words')
"""The headings over the texts of a pair."""


def example_sentences(
    runs: Runs, board: Board, column: Column, read: Reading, film: str = ''
) -> list[str]:
    """Return a sentence about the test examples behind single runs; none without outcomes.

    Args:
        runs: the records.
        board: that of the protocol.
        column: the task.
        read: returns the outcomes of a record.
        film: what tells films apart in names of pictures; empty if they are single.
    """
    errors = {}
    for row in board.rows:
        cell = next(cell for cell in row.cells if cell.task == column.task.name)
        if len(cell.scores) == 1:
            error = example_error(runs, board.protocol, column.task, row.backbone.id, read, film)
            if error is not None:
                errors[row.backbone.label] = error
    if not errors:
        return []
    unit = column.task.primary.unit
    named = [f'{label} {show(error, unit)}' for label, error in [*errors.items()][:_MOST_NAMED]]
    others = len(errors) - len(named)
    said = listing([*named, *([f'{others} more'] if others else [])])
    return [
        f'One seed: the standard error over test examples alone is {said} '
        '(single scores; differences of two backbones are paired, see Two backbones).'
    ]
