"""The evidence of all cells as compressed blocks, one per column of a board, within a budget.

A block is deflated JSON in base64. Its lists run in parallel over the rows of the board, so
that similar data are adjacent and compress well; the page opens a block when a cell of it
is looked at.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from benchmark.report.data.boards import Board
from benchmark.report.data.curves import curves_for_page
from benchmark.report.data.evidence import checks, groups, sections
from benchmark.report.data.facts import TaskFacts
from benchmark.report.formats.views import Place
from benchmark.results.records import RunRecord

MOST_POINTS = 120
"""Points of a loss curve where there is room; fewer where there are many cells."""

_FEWEST_POINTS = 15
_BYTES_PER_POINT = 8


class Blocks(NamedTuple):
    """Compressed evidence by (board, column) index, and what had to be left out."""

    texts: Mapping[tuple[int, int], str]
    notes: tuple[str, ...]


def pack(
    boards: Sequence[Board], runs: Mapping[Place, Sequence[RunRecord]], *, budget: int
) -> Blocks:
    """Return the evidence of every cell in at most ``budget`` characters.

    Curves become coarser first; then curves, then configurations, are left out, and a note
    says so.
    """
    points = _affordable(runs, budget)
    for most, has_config, note in (
        (points, True, ''),
        (_FEWEST_POINTS, True, ''),
        (0, True, 'Loss curves are left out: the page would grow too large.'),
        (0, False, 'Loss curves and configurations are left out: the page would grow too large.'),
    ):
        texts = _texts(boards, runs, most, has_config=has_config)
        if sum(map(len, texts.values())) <= budget:
            return Blocks(texts, (note,) if note else ())
    return Blocks({}, ('Evidence is left out: the page would grow too large.',))


def _affordable(runs: Mapping[Place, Sequence[RunRecord]], budget: int) -> int:
    lines = sum(len(run.curves) for found in runs.values() for run in found)
    share = budget // (_BYTES_PER_POINT * lines) if lines else MOST_POINTS
    return min(MOST_POINTS, max(_FEWEST_POINTS, share))


def _texts(
    boards: Sequence[Board],
    runs: Mapping[Place, Sequence[RunRecord]],
    most: int,
    *,
    has_config: bool,
) -> dict[tuple[int, int], str]:
    return {
        (b, c): _deflate(_block(board, column.task, runs, most, has_config=has_config))
        for b, board in enumerate(boards)
        for c, column in enumerate(board.columns)
    }


def _block(
    board: Board,
    task: TaskFacts,
    runs: Mapping[Place, Sequence[RunRecord]],
    most: int,
    *,
    has_config: bool,
) -> dict[str, list[Any]]:
    cells = [runs.get((board.protocol, task.name, row.backbone.id), ()) for row in board.rows]
    scored = [next(filter(lambda run: run.is_ok, found), None) for found in cells]
    return {
        'seeds': [[run.spec.seed for run in found] for found in cells],
        'errors': [[run.error if not run.is_ok else '' for run in found] for found in cells],
        'checks': [checks(found) for found in cells],
        'groups': [run and groups(run) for run in scored],
        'configs': [run.config if run and has_config else None for run in scored],
        'sections': [sections(found, task) for found in cells],
        'curves': [
            [curves_for_page(run.curves, most) if most else {} for run in found] for found in cells
        ],
    }


def _deflate(content: object) -> str:
    text = json.dumps(
        content, ensure_ascii=False, allow_nan=False, separators=(',', ':'), default=str
    )
    return base64.b64encode(zlib.compress(text.encode(), 6)).decode()
