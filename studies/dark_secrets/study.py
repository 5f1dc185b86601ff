"""The study of the shipped backbones as a text: tables, figures and verdicts, from files alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from benchmark.report import suite_boards
from benchmark.report.data.analyses import PICTURE, FoundAnalysis, Value, find_analyses
from benchmark.report.data.boards import Board, Cell
from benchmark.report.data.units import heading, interval_text, show_interval, value_text
from benchmark.report.inference.findings import find
from benchmark.report.text.sentences import contrast_sentence
from benchmark.results.records import RunRecord
from benchmark.results.store import ResultStore
from benchmark.specs import Architecture
from benchmark.statistics.means import Interval
from studies.dark_secrets.claims import CLAIMS
from studies.dark_secrets.judging import judge
from studies.dark_secrets.verdicts import (
    Kernels,
    Outcome,
    Pair,
    Verdict,
    Vote,
    conclusion,
    outcome_text,
    votes,
)

SUITE = 'study'
PAIRS = (
    Pair('world-vit-mae', 'world-vit-supervised', 'the ViT', 'world-vit-random'),
    Pair(
        'world-vit-mae-seed1',
        'world-vit-supervised-seed1',
        "the ViT's second seed",
        'world-vit-random',
    ),
    Pair('world-swin-simmim', 'world-swin-supervised', 'the Swin', 'world-swin-random'),
)
KERNELS = Kernels(
    large=Pair(
        'convnext-k13-simmim',
        'convnext-k13-supervised',
        'the ConvNeXt of 13 x 13',
        'convnext-k13-simmim+random',
    ),
    small=Pair(
        'convnext-k3-simmim',
        'convnext-k3-supervised',
        'the ConvNeXt of 3 x 3',
        'convnext-k3-simmim+random',
    ),
    title='the two ConvNeXts',
)
"""Convolutional networks that the study pretrains itself: they do not come with the project."""

_HEAD = """# Study: what masked pretraining does to small networks

Written by `python -m studies.dark_secrets`, which runs whatever is missing, from the records and
analyses under `results/`; no number and no verdict is entered by hand. The backbones are those of
[shipped-backbones.md](shipped-backbones.md): two small architectures, pretrained by this project
on its own procedural world. What the two papers (arXiv 2205.13543 and 2206.03826) state about
large networks and photographs is asked here of these.

**What the papers state** is known from their abstracts, which were read (*abstract*), or else from
memory of their texts and from what others write about them, for the texts themselves were not at
hand (*recalled*); what neither paper is known to state is an *own question*.

A **verdict** is a difference with a 95 % interval (Student's or Welch's t; their coverage in
simulation is in [statistics.md](statistics.md)): it *holds* where the whole interval lies on the
side that the claim states, is *contradicted* where it lies on the other, and is *open* where 0 is
inside or nothing repeats. It holds *partly* where the interval is on that side but some of the
layers that the claim speaks of are not. The column *n* says what the interval is over. Layers and
heads of one network are not independent: where an architecture was pretrained more than once, the
pretraining runs are the repetitions instead; where it was pretrained once, *n* says so, and the
interval only compares a difference with its scatter within one network. Nothing corrects for how
many verdicts there are: of twenty true zeros, one is expected to look like a finding.

Two things leave a verdict open whatever the interval: a network that does not beat the trivial
predictor of the task, behind which differences mean nothing, and a box loss that does not fall,
which tells nothing of boxes (see [analyses.md](analyses.md)).

Each pair of backbones has one **vote** on a claim, however many measures and tasks it has verdicts
on: it holds for a pair only where all of them do, and is contradicted where some are and none
holds. Of likeness and receptive fields, which random networks have too, it is also asked whether
the masked network lies beyond a random one of its architecture.

What an activation map captures is measured by *regions*, *coverage* and *parts*, which are proxies
of this project and of neither paper.
"""
_LIMITS = """## What the intervals leave out

- **Pretraining.** Two pretraining seeds exist for one pair of the plain ViT, one for all others.
  An interval over fine-tuning seeds, pictures or parts of one network says what would change if
  *those* were drawn again, not if the network were pretrained again. The two pairs of the ViT side
  by side show how far that goes; an interval over two pretraining runs has one degree of freedom.
- **Random networks.** But for likeness and receptive fields, verdicts set masked against supervised
  pretraining alone; where a network at random initialisation lies, the tables show.
- **Which side of a map is active.** An Eigen-CAM has no sign of its own. Its numbers take the side
  that tells the creature from what is beside it better, which presumes that the map does so at all.
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
    verdicts = judge((*PAIRS, KERNELS.large, KERNELS.small), analyses, records, kernels=KERNELS)
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
    """Return for how many pairs each claim holds, and for which."""
    rows = []
    for claim in CLAIMS:
        cast = votes(claim, verdicts)
        numbers = (_counted(cast, outcome) for outcome in Outcome)
        rows.append((_capitalised(claim.text), claim.origin, *numbers, conclusion(cast)))
    columns = ('what is claimed', 'source', *Outcome, 'here')
    return f'## Verdicts\n\nPairs of backbones by their vote.\n\n{table(columns, rows)}'


def _counted(cast: Sequence[Vote], outcome: Outcome) -> str:
    found = [vote for vote in cast if vote.outcome is outcome]
    too = sum(vote.random_too for vote in found)
    return f'{len(found)} (random too: {too})' if too else str(len(found))


def _details(verdicts: Sequence[Verdict]) -> str:
    parts = ['## Every verdict\n']
    for claim in CLAIMS:
        found = [verdict for verdict in verdicts if verdict.claim == claim]
        if found:
            beside = any(verdict.random for verdict in found)
            instead = ('random in place of masked',) if beside else ()
            columns = ('backbones', 'difference', 'found', *instead, 'n', 'verdict')
            rows = (_row(verdict, beside) for verdict in found)
            parts.append(
                f'**{_capitalised(claim.text)}** ({claim.origin})\n\n{table(columns, rows)}'
            )
    return '\n'.join(parts)


def _row(verdict: Verdict, beside: bool) -> tuple[str, ...]:
    instead = verdict.random and _interval(verdict.random.found)
    return (
        verdict.where,
        verdict.measure,
        _interval(verdict.found),
        *((instead or '',) if beside else ()),
        f'{verdict.found.n} {verdict.over}',
        outcome_text(verdict),
    )


def _interval(found: Interval) -> str:
    return interval_text(found._asdict(), 3) or ''


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
    numbers = found.key_numbers
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
        '`python -m studies.dark_secrets pretrain` makes some.\n'
    )
