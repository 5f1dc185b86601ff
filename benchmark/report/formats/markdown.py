"""Leaderboards as Markdown: the table first, then its statistical findings."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping

from benchmark.report.data.baselines import Baseline
from benchmark.report.data.boards import Board, BoardCell, Column, Row
from benchmark.report.data.facts import BackboneFacts
from benchmark.report.data.units import NO_SCORE, NOT_RUN, heading, show, show_change, show_interval
from benchmark.report.inference.findings import BoardFindings, Findings
from benchmark.report.inference.flags import marks, marks_legend
from benchmark.report.inference.standings import Aggregate, Estimate
from benchmark.report.text.presets import Preset, pretraining
from benchmark.report.text.sentences import (
    COVERAGE,
    RULE,
    agreement_sentence,
    column_sentences,
    contrast_lines,
    overall_sentences,
    set_aside_notes,
    version_notes,
)
from benchmark.statistics.resampling import Interval

_OVERALL = (
    'Score ↑<br>seeds<br>tasks',
    'IQM ↑',
    'Borda ↑',
    'Mean rank ↓',
    'Place<br>seeds<br>tasks',
)


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


def markdown(
    suite: str, boards: Iterable[Board], findings: Findings, reference: str | None = None
) -> str:
    """Return the report of ``suite`` as Markdown: a table and its findings per protocol.

    With a ``reference``, the id of a backbone, every score also shows its difference to it.

    Args:
        suite: name of the suite.
        boards: leaderboards, one section each.
        findings: statistics of ``boards``, in the same order.
        reference: id of the backbone to which differences are shown.
    """
    notes = Footnotes()
    lines = [f'# Suite {escape(suite)}']
    for board, found in zip(boards, findings.boards, strict=True):
        lines += ['', *_section(board, found, reference, notes)]
    if findings.agreements:
        lines += ['', '## Can a cheaper protocol stand in?', '']
        lines += [f'- {escape(agreement_sentence(item))}' for item in findings.agreements]
    lines += ['', '## How to read this', '', *_legend(findings, reference)]
    if definitions := notes.lines():
        lines += ['', *definitions]
    return '\n'.join(lines) + '\n'


def _section(
    board: Board, found: BoardFindings, reference: str | None, notes: Footnotes
) -> Iterator[str]:
    yield f'## Protocol: {escape(board.protocol)}'
    yield ''
    yield from _table(board, found.standings, reference, notes)
    if signs := marks_legend([board]):
        yield ''
        yield escape(signs)
    yield ''
    yield '### What the data support'
    yield ''
    yield from _conclusions(board, found)
    yield ''
    yield '### Task by task'
    yield ''
    for index, column in enumerate(board.columns):
        sentences = ' '.join(column_sentences(board, index))
        yield f'- **{escape(column.task.title)}.** {escape(sentences)}'
    for note in (*version_notes(board), *set_aside_notes(board)):
        yield f'- **Warning.** {escape(note)}'


def _conclusions(board: Board, found: BoardFindings) -> Iterator[str]:
    for sentence in overall_sentences(board, found):
        yield f'- {escape(sentence)}'
    for title, sentence in contrast_lines(found, board.labels):
        yield f'- **{escape(title)}.** {escape(sentence)}'


def _legend(findings: Findings, reference: str | None) -> Iterator[str]:
    yield (
        'Mean ± sample standard deviation over n seeds; the best mean of a column is **bold**, '
        'where it has seeds enough to be judged. '
        '↑ higher is better, ↓ lower is better. A dash means no score; its note says why.'
    )
    if reference:
        yield ''
        yield f'In brackets: the difference to {escape(reference)}, in the unit of the column.'
    yield ''
    yield (
        f'Score: mean of scores on the scale {escape(findings.normaliser.label)}, where '
        f'{escape(findings.normaliser.title)}. IQM: mean of the middle half of all runs on that '
        'scale. Borda: percentage of rivals beaten. Place: by mean rank. All of them '
        'compare only rows with every seed of every task. Kinds of task have equal weight; both '
        'kinds of tracking count as one. Below each value are two 95 % intervals: the first for '
        'other seeds on the same tasks, the second for other tasks of the same kinds. The first is '
        'unknown if a task has one seed, the second with too few kinds of task. '
        f'{COVERAGE}'
    )
    yield ''
    yield RULE


def _table(
    board: Board, found: Mapping[str, Aggregate], reference: str | None, notes: Footnotes
) -> Iterator[str]:
    overall = _OVERALL if found else ()
    waiting = [f'{escape(task.kind)}<br>{escape(task.title)}' for task in board.not_run]
    yield line(['Backbone', 'Pretraining', *map(_heading, board.columns), *waiting, *overall])
    yield line([':--', ':--', *['--:'] * (len(board.columns) + len(waiting) + len(overall))])
    base = next((row for row in board.rows if row.backbone.id == reference), None)
    for row in board.rows:
        standing = list(_standing(found.get(row.backbone.id))) if overall else []
        scores = _row(row, base, board.columns, notes)
        yield line([*scores, *[NOT_RUN] * len(waiting), *standing])
    for depth in range(board.trivial_depth):
        blank = [''] * (len(waiting) + len(overall))
        yield line(['*trivial predictor*', '', *_trivial(board, depth), *blank])
    for published in board.baselines:
        cited = f'*{escape(published.label)}*{notes.mark(f"Published: {published.citation}")}'
        blank = [''] * (len(waiting) + len(overall))
        yield line([cited, 'published, not run here', *_published(published, board), *blank])


def line(cells: Iterable[str]) -> str:
    """Return the cells as a line of a table."""
    return f'| {" | ".join(cells)} |'


def _heading(column: Column) -> str:
    task = column.task
    metric = escape(heading(task.primary))
    return f'{escape(task.kind)}<br>{escape(task.title)}<br>{metric}<br>n = {len(column.seeds)}'


def _row(
    row: Row, base: Row | None, columns: tuple[Column, ...], notes: Footnotes
) -> Iterator[str]:
    yield escape(row.backbone.label)
    yield escape(_pretraining(row.backbone))
    for index, (cell, column) in enumerate(zip(row.cells, columns, strict=True)):
        change = _difference(row, base, index, column)
        yield _score(cell, column) + change + notes.mark(cell.problem)


def _pretraining(backbone: BackboneFacts) -> str:
    """Return family and method, or the method alone if it starts with the family."""
    family, method = backbone.family, backbone.method
    if method.lower().startswith(family.lower()):
        return method
    return ', '.join(filter(None, [family, method]))


def _score(cell: BoardCell, column: Column) -> str:
    if cell.mean is None:
        return NO_SCORE
    text = show_interval(cell.mean, cell.sd, column.task.primary.unit)
    best, _ = column.marked
    return (f'**{text}**' if cell.backbone in best else text) + marks(cell)


def _change(cell: BoardCell, base: BoardCell, column: Column) -> str:
    if cell.mean is None or base.mean is None:
        return ''
    return f' ({show_change(cell.mean - base.mean, column.task.primary.unit)})'


def _standing(standing: Aggregate | None) -> Iterator[str]:
    """Yield the aggregates of a row; dashes if runs are missing."""
    if standing is None:
        yield from [NO_SCORE] * len(_OVERALL)
        return
    yield _with_ends(standing.score, 1)
    yield NO_SCORE if standing.iqm is None else _number(standing.iqm.value, 1)
    yield f'{standing.borda.value:.0f} %'
    yield f'{standing.mean_rank.value:.2f}'
    yield _with_ends(standing.place, 0)


def _with_ends(estimate: Estimate | None, decimals: int) -> str:
    if estimate is None:
        return NO_SCORE
    parts = [_number(estimate.value, decimals)]
    parts += [_ends(item, decimals) for item in (estimate.seeds, estimate.tasks)]
    return '<br>'.join(parts)


def _ends(interval: Interval | None, decimals: int) -> str:
    if interval is None:
        return 'unknown'
    low, high = (_number(end, decimals) for end in interval)
    return f'{low} to {high}'


def _number(value: float, decimals: int) -> str:
    return f'{round(value, decimals) + 0.0:.{decimals}f}'.replace('-', '\N{MINUS SIGN}')


def _trivial(board: Board, depth: int) -> Iterator[str]:
    for column in board.columns:
        if depth < len(column.trivial):
            floor = column.trivial[depth]
            yield f'*{show(floor.value, column.task.primary.unit)}* ({escape(floor.name)})'
        else:
            yield ''


def _published(row: Baseline, board: Board) -> Iterator[str]:
    for column in board.columns:
        value = row.values.get(column.task.name)
        yield '' if value is None else f'*{show(value, column.task.primary.unit)}*'


def paper_markdown(
    suite: str, boards: Iterable[Board], presets: Iterable[Preset], reference: str | None = None
) -> str:
    """Return the paper-shaped tables of ``suite`` as Markdown: best bold, second underlined.

    Args:
        suite: name of the suite.
        boards: leaderboards.
        presets: tables to make of each leaderboard.
        reference: id of the backbone to which differences are shown.
    """
    lines = [f'# Suite {escape(suite)}, in the shape of the paper']
    for board, preset in itertools.product(boards, tuple(presets)):
        if table := preset.table(board):
            lines += ['', f'## {escape(preset.title)} ({escape(board.protocol)})', '']
            lines += _paper_table(table, reference)
            if signs := marks_legend([table]):
                lines += ['', escape(signs)]
            lines += [text for note in set_aside_notes(table) for text in ('', escape(note))]
    return '\n'.join(lines) + '\n'


def _paper_table(board: Board, reference: str | None) -> Iterator[str]:
    yield line(['Backbone', 'Pretraining', *map(_paper_heading, board.columns)])
    yield line([':--', ':--', *['--:'] * len(board.columns)])
    base = next((row for row in board.rows if row.backbone.id == reference), None)
    for row in board.rows:
        cells = [
            _paper_score(cell, column, _difference(row, base, index, column))
            for index, (cell, column) in enumerate(zip(row.cells, board.columns, strict=True))
        ]
        yield line([escape(row.backbone.label), escape(pretraining(row.backbone)), *cells])


def _difference(row: Row, base: Row | None, index: int, column: Column) -> str:
    """Return the difference to the reference in brackets; nothing without or for itself."""
    if base is None or base is row:
        return ''
    return _change(row.cells[index], base.cells[index], column)


def _paper_heading(column: Column) -> str:
    return f'{escape(column.task.title)}<br>{escape(heading(column.task.primary))}'


def _paper_score(cell: BoardCell, column: Column, change: str) -> str:
    if cell.mean is None or not cell.is_complete:
        return NO_SCORE
    text = show(cell.mean, column.task.primary.unit)
    best, second = column.marked
    if cell.backbone in best:
        text = f'**{text}**'
    elif cell.backbone in second:
        text = f'<u>{text}</u>'
    return text + marks(cell) + change
