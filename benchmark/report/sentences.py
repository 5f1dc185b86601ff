"""What a leaderboard's column allows to say, as plain English sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from benchmark.report.boards import Board, Cell, Column
from benchmark.report.statistics import CLEAR_BEYOND, Judgement, Pair
from benchmark.report.units import difference, listing, show, show_with_sign

RULE = (
    f'A difference is called clear only when the means are more than {CLEAR_BEYOND:g} pooled seed '
    'standard deviations apart. The pooled standard deviation of a task is the spread over seeds '
    'within a backbone, taken over all backbones with two or more seeds. Tasks with one seed per '
    'backbone are shown, not judged. Seeds repeat the training on the task; they say nothing '
    'about another pretraining run or other test images.'
)


def column_sentences(board: Board, index: int) -> list[str]:
    """Return what differs clearly in a column, and who does not beat the trivial predictor."""
    column = board.columns[index]
    labels = {row.backbone.id: row.backbone.label for row in board.rows}
    cells = [row.cells[index] for row in board.rows]
    return [*_judged(column, labels), *_floor(column, cells, labels)]


def _judged(column: Column, labels: Mapping[str, str]) -> Iterator[str]:
    judgement = column.judgement
    if judgement.spread is None:
        yield f'Shown, not judged: {judgement.reason}.'
        return
    yield _limit(column, judgement)
    yield from _pairs(judgement, labels)
    if judgement.unjudged:
        names = listing([labels[name] for name in judgement.unjudged])
        yield f'Shown with a single seed, not judged: {names}.'


def _limit(column: Column, judgement: Judgement) -> str:
    unit = column.task.primary.unit
    limit = difference(judgement.threshold or 0.0, unit)
    spread = show(judgement.spread or 0.0, unit)
    pairs = len(judgement.clear) + len(judgement.unclear)
    return (
        f'Clear differences between pairs: {len(judgement.clear)} of {pairs}, '
        f'beyond {limit} ({CLEAR_BEYOND:g} \N{MULTIPLICATION SIGN} pooled sd of {spread}).'
    )


def _pairs(judgement: Judgement, labels: Mapping[str, str]) -> Iterator[str]:
    """Yield the shorter of both lists: who is clearly better, or the order and its exceptions."""
    if len(judgement.clear) < len(judgement.unclear):
        for better, worse in _by_better(judgement.clear).items():
            yield f'{labels[better]} is clearly better than {listing([labels[w] for w in worse])}.'
        return
    yield f'Best first: {", ".join(labels[name] for name in judgement.order)}.'
    for better, worse in _by_better(judgement.unclear).items():
        names = listing([labels[name] for name in worse])
        yield f'No clear difference between {labels[better]} and {names}.'


def _by_better(pairs: Iterable[Pair]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for pair in pairs:
        groups.setdefault(pair.better, []).append(pair.worse)
    return groups


def _floor(column: Column, cells: Iterable[Cell], labels: Mapping[str, str]) -> Iterator[str]:
    if not column.trivial:
        return
    floor, metric = column.trivial[0], column.task.primary
    sign = 1 if metric.higher_is_better else -1
    below = [
        labels[cell.backbone]
        for cell in cells
        if cell.mean is not None and sign * (cell.mean - floor.value) <= 0
    ]
    if below:
        verb = 'does' if len(below) == 1 else 'do'
        value = show_with_sign(floor.value, metric.unit)
        yield f'{listing(below)} {verb} not beat the trivial predictor ({floor.name}, {value}).'


def version_notes(board: Board) -> list[str]:
    """Return a warning for each task whose records are of more than one version."""
    return [
        f'{column.task.title}: its records are of versions {listing(list(column.task.versions))}; '
        'scores of different versions cannot be compared.'
        for column in board.columns
        if len(column.task.versions) > 1
    ]
