"""The study of the shipped backbones as a text: tables, figures and verdicts, from files alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from benchmark.analysis.verdicts import CLAIMS, Kernels, Pair, Verdict, judge
from benchmark.report import suite_boards
from benchmark.report.analyses import PICTURE, FoundAnalysis, find_analyses
from benchmark.report.boards import Board, Cell
from benchmark.report.findings import find
from benchmark.report.key_numbers import Value, interval_text, key_numbers, value_text
from benchmark.report.sentences import contrast_sentence
from benchmark.report.units import heading, show_interval
from benchmark.results.records import RunRecord
from benchmark.results.store import ResultStore
from benchmark.specs import Architecture

SUITE = 'study'
PAIRS = (
    Pair('world-vit-mae', 'world-vit-supervised'),
    Pair('world-vit-mae-seed1', 'world-vit-supervised-seed1'),
    Pair('world-swin-simmim', 'world-swin-supervised'),
)
KERNELS = Kernels(
    large=Pair('convnext-k13-simmim', 'convnext-k13-supervised'),
    small=Pair('convnext-k3-simmim', 'convnext-k3-supervised'),
)
"""Convolutional networks that the study pretrains itself: they do not come with the project."""

_HEAD = """# Study: what masked pretraining does to small networks

Written by `python tools/study.py`, which runs whatever is missing, from the records and analyses
under `results/`; no number and no verdict is entered by hand. The backbones are those of
[shipped-backbones.md](shipped-backbones.md): two small architectures, pretrained by this project
on its own procedural world. What the two papers (arXiv 2205.13543 and 2206.03826) state about
large networks and photographs is asked here of these.

A verdict is a difference with a 95 % interval: it *holds* where the whole interval lies on the
side that the paper states, is *contradicted* where it lies on the other, and is *open* where 0 is
inside or nothing repeats. Nothing corrects for how many verdicts there are: of twenty true zeros,
one is expected to look like a finding.
"""
_LIMITS = """## What the intervals leave out

- **Pretraining.** Two pretraining seeds exist for one pair of the plain ViT, one for all others.
  An interval over fine-tuning seeds, heads, layers or pictures says what would change if *those*
  were drawn again, not if the network were pretrained again. The two pairs of the ViT side by
  side show how far that goes.
- **Units that are not independent.** Heads and layers of one network are not independent draws;
  their intervals are a yardstick for the size of a difference against its scatter, not a test.
- **Random networks.** Verdicts set masked against supervised pretraining. Where a network at random
  initialisation lies, the tables of the analyses show: a value near its own is no merit.
- **Scale.** Networks of one to three million parameters, minutes of pretraining, 128 px. What
  does not show here may show there.
"""


def study_text(store: ResultStore, *, root: str = '..') -> str:
    """Return the study as Markdown; paths of figures are relative to ``root``/results.

    Raises:
        BenchmarkError: there are no records of the suite, or a file is damaged.
    """
    records = list(store.records(SUITE))
    analyses = find_analyses(store.results)
    verdicts = judge((*PAIRS, *KERNELS), analyses, records, kernels=KERNELS)
    boards = [board for board in suite_boards(store, SUITE) if board.protocol == 'finetune']
    parts = [
        _HEAD,
        _summary(verdicts),
        *(_transfer(board) for board in boards),
        _details(verdicts),
        *(_analysis(found, root) for found in analyses),
        _LIMITS,
        _untested(records),
    ]
    return '\n'.join(part for part in parts if part)


def table(columns: Sequence[str], rows: Iterable[Sequence[Value]]) -> str:
    """Return a Markdown table; numbers with three significant digits, a dash where unknown."""
    lines = [
        columns,
        ['---'] * len(columns),
        *([value_text(value) for value in row] for row in rows),
    ]
    return ''.join(f'| {" | ".join(line)} |\n' for line in lines)


def _summary(verdicts: Sequence[Verdict]) -> str:
    """Return how often each claim holds."""
    rows = []
    for claim in CLAIMS:
        counted = Counter(v.outcome for v in verdicts if v.claim == claim)
        numbers = [str(counted[outcome]) for outcome in ('holds', 'contradicted', 'open')]
        rows.append((_capitalised(claim), *numbers, _conclusion(counted)))
    columns = ('what the papers state', 'holds', 'contradicted', 'open', 'here')
    return f'## Verdicts\n\n{table(columns, rows)}'


def _conclusion(counted: Mapping[str, int]) -> str:
    sides = {side for side in ('holds', 'contradicted') if counted.get(side)}
    if not counted:
        return 'not measured'
    if not sides:
        return 'open'
    if len(sides) == 2:
        return 'depends on where one looks'
    (side,) = sides
    return side if not counted.get('open') else f'{side} where it can be told'


def _details(verdicts: Sequence[Verdict]) -> str:
    parts = ['## Every verdict\n']
    for claim in CLAIMS:
        found = [verdict for verdict in verdicts if verdict.claim == claim]
        if found:
            columns = ('backbones', 'difference', 'found', 'n', 'verdict')
            parts.append(f'**{_capitalised(claim)}**\n\n{table(columns, map(_row, found))}')
    return '\n'.join(parts)


def _row(verdict: Verdict) -> tuple[str, ...]:
    found = interval_text(verdict.found._asdict(), 3) or ''
    count = f'{verdict.found.n} {verdict.over}'
    return verdict.where, verdict.measure, found, count, verdict.outcome


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]


def _transfer(board: Board) -> str:
    columns = ['backbone', *(_title(board, i) for i in range(len(board.columns)))]
    rows = [
        (row.backbone.label, *(_score(board, i, cell) for i, cell in enumerate(row.cells)))
        for row in board.rows
    ]
    floors = [_floor(board, i) for i in range(len(board.columns))]
    contrasts = find([board]).boards[0].contrasts
    sentences = ''.join(
        f'- **Masked minus supervised, {c.group}.** {contrast_sentence(c, board.labels)}\n'
        for c in contrasts
    )
    return (
        '## Transfer\n\nMean ± standard deviation over seeds of fine-tuning, on test splits.\n\n'
        f'{table(columns, [*rows, ("*trivial predictor*", *floors)])}\n{sentences}'
    )


def _title(board: Board, index: int) -> str:
    task = board.columns[index].task
    return f'{task.name}, {heading(task.primary)}'


def _score(board: Board, index: int, cell: Cell) -> str | None:
    if cell.mean is None:
        return None
    text = show_interval(cell.mean, cell.sd, board.columns[index].task.primary.unit)
    return f'{text} (n = {len(cell.scores)})'


def _floor(board: Board, index: int) -> str | None:
    trivial = board.columns[index].trivial
    unit = board.columns[index].task.primary.unit
    return show_interval(trivial[0].value, None, unit) if trivial else None


def _analysis(found: FoundAnalysis, root: str) -> str:
    numbers = key_numbers(found)
    content = ''
    if numbers is not None:
        rows = ((name, *values) for name, values in numbers.rows)
        content = table((numbers.heading, *numbers.columns), rows)
    place = f'{root}/results/analysis/{found.folder.name}/{PICTURE}'
    return f'## {found.title}\n\n![{found.title}]({place})\n\n{found.caption}\n\n{content}'


def _untested(records: Iterable[RunRecord]) -> str:
    """Return what the papers say that no backbone of the study could show."""
    architectures = {record.backbone.get('architecture') for record in records}
    if Architecture.CONVNET in architectures:
        return ''
    return (
        '- **Kernels.** No convolutional network is among the backbones, so the remark that '
        'masked pretraining helps networks with large kernels is not tested; '
        '`python tools/study.py pretrain` makes some.\n'
    )
