"""The study of the shipped backbones as Markdown: tables, figures and verdicts, from files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from benchmark.report import suite_boards
from benchmark.report.data.analyses import PICTURE, FoundAnalysis, Value, find_analyses
from benchmark.report.data.boards import Board, BoardCell
from benchmark.report.data.units import heading, interval_text, show_interval, value_text
from benchmark.report.inference.findings import find
from benchmark.report.text.sentences import contrast_sentence
from benchmark.results.records import RunRecord
from benchmark.results.store import ResultStore
from benchmark.specs import Architecture
from benchmark.statistics.means import MeanInterval
from studies.dark_secrets.claims import CLAIMS
from studies.dark_secrets.judging import judge
from studies.dark_secrets.verdicts import (
    BackbonePair,
    ClaimVerdict,
    Kernels,
    Outcome,
    Vote,
    conclusion,
    outcome_text,
    votes,
)

SUITE = 'study'
PAIRS = (
    BackbonePair('world-vit-mae', 'world-vit-supervised', 'the ViT', 'world-vit-random'),
    BackbonePair(
        'world-vit-mae-seed1',
        'world-vit-supervised-seed1',
        "the ViT's second seed",
        'world-vit-random',
    ),
    BackbonePair('world-swin-simmim', 'world-swin-supervised', 'the Swin', 'world-swin-random'),
)
KERNELS = Kernels(
    large=BackbonePair(
        'convnext-k13-simmim',
        'convnext-k13-supervised',
        'the ConvNeXt of 13 x 13',
        'convnext-k13-simmim+random',
    ),
    small=BackbonePair(
        'convnext-k3-simmim',
        'convnext-k3-supervised',
        'the ConvNeXt of 3 x 3',
        'convnext-k3-simmim+random',
    ),
    title='the two ConvNeXts',
)
"""Convolutional networks that the study pretrains itself: they do not come with the project."""

_HEAD = """# Study: what masked pretraining does to small networks

Written by `python -m studies.dark_secrets` from the records and analyses under `results/` (the
command runs whatever is missing); no number or verdict is entered by hand. The backbones are those
of [shipped-backbones.md](shipped-backbones.md): two small architectures, pretrained by this project
on its own procedural world. The study tests whether claims of two papers (arXiv 2205.13543 and
2206.03826) about large networks and photographs also hold for these. Records, analyses and
weights are those of version 1 of that world, which earlier releases drew; this release draws
version 2, and its four backbones of the suites `demo` and `quick` are others.

**The claims of the papers** are taken from their abstracts (*abstract*), or, because the full texts
were not available, from memory and from what others write about them (*recalled*). A question that
neither paper is known to address is marked *own question*.

A **verdict** is a difference with a 95 % interval (Student's or Welch's t; their coverage in
simulation is in [statistics.md](statistics.md)): it *holds* where the whole interval lies on the
side that the claim states, is *contradicted* where it lies on the other, and is *open* where 0 is
inside or there is no repetition. It holds *partly* where the interval is on that side but some of
the layers that the claim is about are not. The column *n* says what the interval is over. Layers
and heads of one network are not independent: where an architecture was pretrained more than once,
the pretraining runs are the repetitions instead; where it was pretrained once, *n* says so, and the
interval only compares a difference with its scatter within one network. There is no correction for
multiple comparisons: of twenty true zeros, one is expected to look like a finding.

Two things leave a verdict open regardless of the interval: a network that does not beat the trivial
predictor of the task, below which differences mean nothing, and a box loss that does not fall,
which says nothing about boxes (see [analyses.md](analyses.md)).

Each pair of backbones has one **vote** on a claim, however many measures and tasks it has verdicts
on: it holds for a pair only where all of them do, and is contradicted where some are and none
holds. For similarity of layers and receptive fields, which random networks have too, the masked
network is also compared with a random one of its architecture.

What an activation map captures is measured by *regions*, *coverage* and *parts*, which are proxies
defined by this project, not by the papers.
"""
_LIMITS = """## What the intervals leave out

- **Pretraining.** Two pretraining seeds exist for one pair of the plain ViT, one for all others. An
  interval over fine-tuning seeds, pictures or parts of one network says what would change if
  *those* were drawn again, not if the network were pretrained again. The two pairs of the ViT side
  by side show how far that goes; an interval over two pretraining runs has one degree of freedom.
- **Random networks.** Except for similarity of layers and receptive fields, verdicts only compare
  masked with supervised pretraining; the tables show the values of randomly initialised networks.
- **Which side of a map is active.** An Eigen-CAM has no sign of its own. Its numbers use the side
  that separates creature and background better, which assumes that the map separates them at all.
- **Scale.** Networks of one to three million parameters, minutes of pretraining, 128 px. Effects
  that are absent here may appear at larger scale.
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
        _untested_claims(records),
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


def _summary(verdicts: Sequence[ClaimVerdict]) -> str:
    """Return a table of claims with the number of pairs per outcome, and their names."""
    rows = []
    for claim in CLAIMS:
        cast = votes(claim, verdicts)
        numbers = (_count_votes(cast, outcome) for outcome in Outcome)
        rows.append((_capitalise(claim.text), claim.origin, *numbers, conclusion(cast)))
    columns = ('what is claimed', 'source', *Outcome, 'here')
    return f'## Verdicts\n\nPairs of backbones by their vote.\n\n{table(columns, rows)}'


def _count_votes(cast: Sequence[Vote], outcome: Outcome) -> str:
    found = [vote for vote in cast if vote.outcome is outcome]
    too = sum(vote.random_too for vote in found)
    return f'{len(found)} (random too: {too})' if too else str(len(found))


def _details(verdicts: Sequence[ClaimVerdict]) -> str:
    parts = ['## Every verdict\n']
    for claim in CLAIMS:
        found = [verdict for verdict in verdicts if verdict.claim == claim]
        if found:
            beside = any(verdict.random for verdict in found)
            instead = ('random in place of masked',) if beside else ()
            columns = ('backbones', 'difference', 'found', *instead, 'n', 'verdict')
            rows = (_row(verdict, beside) for verdict in found)
            parts.append(
                f'**{_capitalise(claim.text)}** ({claim.origin})\n\n{table(columns, rows)}'
            )
    return '\n'.join(parts)


def _row(verdict: ClaimVerdict, beside: bool) -> tuple[str, ...]:
    instead = verdict.random and _interval(verdict.random.found)
    return (
        verdict.where,
        verdict.measure,
        _interval(verdict.found),
        *((instead or '',) if beside else ()),
        f'{verdict.found.n} {verdict.over}',
        outcome_text(verdict),
    )


def _interval(found: MeanInterval) -> str:
    return interval_text(found._asdict(), 3) or ''


def _capitalise(text: str) -> str:
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


def _score(board: Board, index: int, cell: BoardCell) -> str | None:
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


def _untested_claims(records: Iterable[RunRecord]) -> str:
    """Return the claims that the backbones of the study cannot test, as a list."""
    architectures = {record.backbone.get('architecture') for record in records}
    if Architecture.CONVNET in architectures:
        return ''
    return (
        '- **Kernels.** No convolutional network is among the backbones, so the remark that '
        'masked pretraining helps networks with large kernels is not tested; '
        '`python -m studies.dark_secrets pretrain` makes some.\n'
    )
