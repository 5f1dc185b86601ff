"""Records in memory as data frames: every score, or one leaderboard."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterable

import pandas as pd

from benchmark.errors import unknown_name
from benchmark.report.data.boards import Board, Row, build_boards, with_set_aside
from benchmark.report.data.facts import backbone_facts, task_facts
from benchmark.report.data.frames import tidy
from benchmark.report.text.sentences import set_aside_notes
from benchmark.results.briefs import brief
from benchmark.results.counting import newest, set_aside
from benchmark.results.records import RunRecord


def frame_of(records: Iterable[RunRecord]) -> pd.DataFrame:
    """Return one row per record and metric, values in canonical units.

    The columns are those of the report's ``long`` frame. Of several records of a cell and seed
    the newest counts; where those with other settings were left out, ``not_shown`` says how many.
    """
    every = [brief(record) for record in records]
    runs = newest(every)
    chosen = tuple(itertools.chain.from_iterable(runs.values()))
    return tidy(runs, task_facts(chosen), backbone_facts(chosen), set_aside(every, runs))


def leaderboard_of(records: Iterable[RunRecord], protocol: str | None = None) -> pd.DataFrame:
    """Return the mean over seeds of each backbone on each task, the best backbone first.

    Args:
        records: what is compared.
        protocol: the only one to show; ``None`` for all, one below the other.

    Returns:
        Rows by (protocol, backbone). ``mean_rank`` is ``nan`` for a backbone with a missing cell;
        the other columns are the tasks' headline metrics in canonical units, ``nan`` where a cell
        has no score. A warning, and ``attrs['notes']``, name cells with results of other settings
        than those shown.

    Raises:
        UnknownNameError: no record is of ``protocol``.
    """
    every = [brief(record) for record in records]
    runs = newest(every)
    chosen = tuple(itertools.chain.from_iterable(runs.values()))
    boards = build_boards(runs, task_facts(chosen), backbone_facts(chosen))
    boards = with_set_aside(boards, set_aside(every, runs))
    known = [board.protocol for board in boards]
    if protocol is not None and protocol not in known:
        raise unknown_name('protocol of the records', protocol, known)
    boards = tuple(board for board in boards if protocol in (None, board.protocol))
    rows = [
        {'protocol': board.protocol, 'backbone': row.backbone.label, **_scores(board, row)}
        for board in boards
        for row in board.rows
    ]
    frame = pd.DataFrame(rows, columns=None if rows else ['protocol', 'backbone', 'mean_rank'])
    frame = frame.set_index(['protocol', 'backbone']).astype(float)
    frame.attrs['notes'] = [note for board in boards for note in set_aside_notes(board)]
    for note in frame.attrs['notes']:
        warnings.warn(note, stacklevel=2)
    return frame


def _scores(board: Board, row: Row) -> dict[str, float | None]:
    columns = zip(board.columns, row.cells, strict=True)
    means = {column.task.name: cell.mean for column, cell in columns}
    return {'mean_rank': row.mean_rank, **means}
