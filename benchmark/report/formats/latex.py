"""Leaderboards as LaTeX for a paper: booktabs, best bold, second underlined, changes small."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

from benchmark.hashing import slug
from benchmark.report.data.boards import Board, BoardCell, Column, Row
from benchmark.report.data.units import NO_SCORE, heading, show, show_change
from benchmark.report.inference.findings import BoardFindings, Findings
from benchmark.report.inference.flags import marks, marks_legend
from benchmark.report.inference.standings import Aggregate
from benchmark.report.text.presets import Preset, block, pretraining
from benchmark.report.text.sentences import not_run_sentence, set_aside_notes

PREAMBLE = r"""% needs \usepackage{booktabs}; a macro that is defined earlier stays as it is
\providecommand{\best}[1]{\textbf{#1}}
\providecommand{\second}[1]{\underline{#1}}
\providecommand{\change}[1]{{\scriptsize\,(#1)}}
\providecommand{\spread}[1]{{\scriptsize\,$\pm$\,#1}}
\providecommand{\flag}[1]{\textsuperscript{#1}}
"""

_ESCAPES = {
    '\\': r'\textbackslash{}', '&': r'\&', '%': r'\%', '$': r'\$', '#': r'\#', '_': r'\_',
    '{': r'\{', '}': r'\}', '~': r'\textasciitilde{}', '^': r'\textasciicircum{}',
    '\N{MINUS SIGN}': '$-$', '±': r'$\pm$', '↑': r'$\uparrow$', '↓': r'$\downarrow$',
    '\N{MULTIPLICATION SIGN}': r'$\times$', '\N{EN DASH}': '--', '<': r'\textless{}',
    '>': r'\textgreater{}', '"': "''", '†': r'\dag{}', '‡': r'\ddag{}', '§': r'\S{}',
}  # fmt: skip


def escape(text: str) -> str:
    """Return ``text`` on one line with all of LaTeX's own characters disarmed."""
    return ''.join(_ESCAPES.get(letter, letter) for letter in ' '.join(text.split()))


def latex(
    suite: str, boards: Iterable[Board], findings: Findings, reference: str | None = None
) -> str:
    """Return one table per leaderboard: every task, normalised score and mean rank.

    With a ``reference``, the id of a backbone, every other score shows its difference to it.

    Args:
        suite: name of the suite.
        boards: leaderboards, one table each.
        findings: statistics of ``boards``, in the same order.
        reference: id of the backbone to which differences are shown.
    """
    tables = [
        _table(
            board,
            f'Suite {suite}, protocol {board.protocol}. {_caption_text(findings, reference)}',
            f'tab:{slug(suite)}-{slug(board.protocol)}',
            reference,
            found,
        )
        for board, found in zip(boards, findings.boards, strict=True)
    ]
    return PREAMBLE + ''.join(f'\n{table}' for table in tables)


def paper_latex(
    suite: str, boards: Iterable[Board], presets: Iterable[Preset], reference: str | None = None
) -> str:
    """Return the paper-shaped tables of each leaderboard that has tasks for them.

    Args:
        suite: name of the suite.
        boards: leaderboards.
        presets: tables to make of each leaderboard.
        reference: id of the backbone to which differences are shown.
    """
    tables = [
        _table(
            part,
            f'{preset.title}: suite {suite}, protocol {board.protocol}.',
            f'tab:{slug(suite)}-{slug(board.protocol)}-{preset.name}',
            reference,
            None,
        )
        for board, preset in itertools.product(boards, tuple(presets))
        if (part := preset.table(board))
    ]
    return PREAMBLE + ''.join(f'\n{table}' for table in tables)


def _caption_text(findings: Findings, reference: str | None) -> str:
    text = (
        'Mean and sample standard deviation over seeds. Score: mean on the scale '
        f'{findings.normaliser.label}, kinds of tasks weighing the same.'
    )
    return f'{text} In brackets the difference to {reference}.' if reference else text


def _table(
    board: Board, caption: str, label: str, reference: str | None, found: BoardFindings | None
) -> str:
    overall = ['Score', 'Mean rank'] if found and found.standings else []
    lines = [
        r'\begin{table}[t]',
        r'\centering',
        rf'\caption{{{escape(_with_legend(caption, board))}}}',
        rf'\label{{{label}}}',
        rf'\begin{{tabular}}{{@{{}}ll{"r" * (len(board.columns) + len(overall))}@{{}}}}',
        r'\toprule',
        *_headings(board, overall),
        r'\midrule',
        *_body(board, reference, found if overall else None),
        r'\bottomrule',
        r'\end{tabular}',
        r'\end{table}',
    ]
    return '\n'.join(lines) + '\n'


def _with_legend(caption: str, board: Board) -> str:
    cells = [cell for row in board.rows for cell in row.cells]
    has_gaps = any(cell.mean is not None and not cell.is_complete for cell in cells)
    parts = (
        caption,
        marks_legend([board]),
        '* Some seeds are missing.' if has_gaps else '',
        not_run_sentence(board),
        *set_aside_notes(board),
        *(f'{row.label}: published in {row.citation}.' for row in board.baselines),
    )
    return ' '.join(filter(None, parts))


def _headings(board: Board, overall: list[str]) -> Iterator[str]:
    """Yield kinds over their tasks, titles, and metrics with their better direction."""
    kinds, rules, first = ['', ''], [], 3
    for kind, count in board.kinds:
        kinds.append(rf'\multicolumn{{{count}}}{{c}}{{{escape(kind)}}}')
        rules.append(rf'\cmidrule(lr){{{first}-{first + count - 1}}}')
        first += count
    yield _line([*kinds, *[''] * len(overall)])
    yield ' '.join(rules)
    titles = [escape(column.task.title) for column in board.columns]
    yield _line(['Backbone', 'Pretraining', *titles, *overall])
    arrows = [r'$\uparrow$', r'$\downarrow$'][: len(overall)]
    yield _line(['', '', *map(_metric, board.columns), *arrows])


def _metric(column: Column) -> str:
    metric = column.task.primary
    return escape(heading(metric))


def _line(cells: Iterable[str]) -> str:
    return ' & '.join(cells) + r' \\'


def _body(board: Board, reference: str | None, found: BoardFindings | None) -> Iterator[str]:
    """Yield the rows; paper-shaped tables have a rule between architectures."""
    base = next((row for row in board.rows if row.backbone.id == reference), None)
    previous = board.rows[0] if board.rows else None
    for row in board.rows:
        if found is None and previous and block(row.backbone) != block(previous.backbone):
            yield r'\midrule'
        previous = row
        cells = list(_cells(row, base, board.columns))
        if found is not None:
            cells += _overall(found.standings.get(row.backbone.id))
        yield _line([escape(row.backbone.label), escape(pretraining(row.backbone)), *cells])
    yield from _published(board, 2 if found is not None else 0)


def _published(board: Board, blank: int) -> Iterator[str]:
    """Yield the published rows below a rule, in italics."""
    if board.baselines:
        yield r'\midrule'
    for published in board.baselines:
        values = [published.values.get(column.task.name) for column in board.columns]
        cells = [
            '' if value is None else rf'\emph{{{show(value, column.task.primary.unit)}}}'
            for value, column in zip(values, board.columns, strict=True)
        ]
        yield _line([rf'\emph{{{escape(published.label)}}}', 'published', *cells, *[''] * blank])


def _cells(row: Row, base: Row | None, columns: tuple[Column, ...]) -> Iterator[str]:
    for index, (cell, column) in enumerate(zip(row.cells, columns, strict=True)):
        other = base.cells[index] if base is not None and base is not row else None
        yield _score(cell, other, column)


def _score(cell: BoardCell, base: BoardCell | None, column: Column) -> str:
    """Return a score with its spread, or with its difference to ``base`` where there is one.

    A star says that seeds are missing, as the caption explains.
    """
    if cell.mean is None:
        return escape(NO_SCORE)
    unit = column.task.primary.unit
    text = _mark_best(show(cell.mean, unit), cell.backbone, column)
    if signs := marks(cell) + ('' if cell.is_complete else '*'):
        text += rf'\flag{{{escape(signs)}}}'
    if base is not None and base.mean is not None:
        change = escape(show_change(cell.mean - base.mean, unit))
        return rf'{text}\change{{{change}}}'
    return text if cell.sd is None else rf'{text}\spread{{{show(cell.sd, unit)}}}'


def _mark_best(text: str, backbone: str, column: Column) -> str:
    text = text.replace('-', '$-$')
    best, second = column.marked
    if backbone in best:
        return rf'\best{{{text}}}'
    return rf'\second{{{text}}}' if backbone in second else text


def _overall(standing: Aggregate | None) -> list[str]:
    if standing is None:
        return [escape(NO_SCORE)] * 2
    score = NO_SCORE if standing.score is None else f'{standing.score.value:.1f}'
    return [escape(score.replace('-', '\N{MINUS SIGN}')), f'{standing.mean_rank.value:.2f}']
