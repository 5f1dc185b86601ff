"""What a leaderboard and its columns allow to say, as plain English sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from benchmark.report.data.boards import Board, Cell, Column
from benchmark.report.data.units import counted, difference, listing, row, show, show_with_sign
from benchmark.report.inference.agreements import Agreement
from benchmark.report.inference.comparisons import ROPE, SIGNIFICANT, Comparison, Comparisons
from benchmark.report.inference.contrasts import Contrast
from benchmark.report.inference.findings import BoardFindings
from benchmark.report.inference.standings import Estimate
from benchmark.specs import Unit
from benchmark.statistics.resampling import Interval
from benchmark.statistics.spread import LEVEL, Judgement, Pair

RULE = (
    'Clear differences: Games-Howell test over all pairs of a task, family-wise error rate '
    f'{100 * LEVEL:g} % per task. The spread over seeds may differ between backbones; as two or '
    'three seeds say little of it, each variance is drawn a little towards the mean variance of '
    'the task (by a tenth with two seeds, a sixth with three). The test assumes independent seeds '
    'and scores that are normally distributed around the mean of their backbone. In simulation '
    'with six backbones, spreads equal or up to five times apart or as seen on the quick suite, '
    'seeds alone make a task show one or more clear pairs in 3 to 6 % of cases. It is cautious: '
    'with two seeds it finds about one in five true differences of five standard deviations, with '
    'three about four in five. The pooled standard deviation of a task is the spread over seeds '
    'within a backbone, taken over all backbones with two or more seeds. Tasks with one seed per '
    'backbone are shown, not judged. Seeds repeat the training on the task; they say nothing '
    'about another pretraining run or other test images.'
)


COVERAGE = (
    "Intervals are Student's and Welch's t; one over tasks repeats kinds of task and needs three. "
    'In simulation (docs/statistics.md) they hold the truth as follows: score 94 to 98 %, IQM 94 '
    'to 100 %, mean rank and Borda 93 to 99 %, place over seeds 97 to 100 %, over tasks 88 % with '
    'three kinds and 96 to 99 % with more.'
)
"""Said beside intervals of aggregates."""

_MOST_LISTED = 12
"""Backbones up to which a sentence lists all pairs."""


def column_sentences(board: Board, index: int) -> list[str]:
    """Return what differs clearly in a column, and who does not beat the trivial predictor."""
    column = board.columns[index]
    labels = board.labels
    cells = [row.cells[index] for row in board.rows]
    return [*_judge_column(column, labels), *_floor(column, cells, labels)]


def _judge_column(column: Column, labels: Mapping[str, str]) -> Iterator[str]:
    judgement = column.judgement
    if judgement.spread is None:
        shown = '' if judgement.is_deterministic else 'Shown, not judged: '
        yield capitalised(f'{shown}{judgement.reason}.')
        return
    yield _limit(column, judgement)
    yield from _pairs(judgement, labels)
    if judgement.unjudged:
        names = _several([labels[name] for name in judgement.unjudged])
        yield f'Shown with a single seed, not judged: {names}.'


def _limit(column: Column, judgement: Judgement) -> str:
    unit = column.task.primary.unit
    spread = show(judgement.spread or 0.0, unit)
    return (
        f'Clear differences between pairs: {judgement.clear_count} of {judgement.pair_count}, '
        f'{_beyond(judgement, unit)} (Games-Howell test with moderated variances, '
        f'pooled sd {spread}).'
    )


def _beyond(judgement: Judgement, unit: Unit) -> str:
    """Return the limits of a task in words: one, or from the smallest to the largest of a pair."""
    ends = judgement.ends
    assert ends is not None
    low, high = (difference(end, unit) for end in ends)
    return f'beyond {low}' if low == high else f'with limits from {low} to {high} by pair'


def capitalised(text: str) -> str:
    """Return ``text`` with its first letter in capitals."""
    return text[:1].upper() + text[1:]


def _pairs(judgement: Judgement, labels: Mapping[str, str]) -> Iterator[str]:
    """Yield the shorter of both lists: who is clearly better, or the order and its exceptions."""
    if len(judgement.ranked) > _MOST_LISTED:
        yield _leaders(judgement, labels)
        return
    if judgement.clear_count < judgement.pair_count / 2:
        for better, worse in _by_better(judgement.clear).items():
            yield f'{labels[better]} is clearly better than {listing([labels[w] for w in worse])}.'
        return
    yield f'Best first: {row([labels[name] for name in judgement.order])}.'
    for better, worse in _by_better(judgement.unclear).items():
        names = listing([labels[name] for name in worse])
        yield f'No clear difference between {labels[better]} and {names}.'


def _leaders(judgement: Judgement, labels: Mapping[str, str]) -> str:
    """Return who is not clearly worse than the best of a long list."""
    near = judgement.unclear_from(frozenset(judgement.order[:1]))
    leaders = [labels[name] for name in judgement.order if name in near]
    return f'Not clearly worse than the best: {_several(leaders)}.'


def _several(names: list[str]) -> str:
    """Return names as English text, of a long list its beginning and how many more."""
    shown = names[:_MOST_LISTED]
    more = len(names) - len(shown)
    return listing([*shown, f'{more} more'] if more else shown)


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
        yield f'{_several(below)} {verb} not beat the trivial predictor ({floor.name}, {value}).'


def version_notes(board: Board) -> list[str]:
    """Return a warning for each task whose records are of more than one version."""
    return [
        f'{column.task.title}: its records are of versions {listing(list(column.task.versions))}; '
        'scores of different versions cannot be compared.'
        for column in board.columns
        if len(column.task.versions) > 1
    ]


CERTAIN = 0.95
"""The posterior probability from which on a verdict is stated."""

STANDS_IN = 0.8
"""Kendall's tau from which on a protocol may stand in: nine of ten pairs in the same order."""

_FEWEST_FOR_TAU = 5
_MOST_SIDES = 4
_MOST_NAMED = 4


def overall_sentences(board: Board, found: BoardFindings) -> list[str]:
    """Return what all tasks of a leaderboard together allow to say."""
    labels = board.labels
    return [
        *_first(found, labels),
        *_pairwise_sentences(found.comparisons, labels),
        *_gaps(found, labels),
    ]


def _first(found: BoardFindings, labels: Mapping[str, str]) -> Iterator[str]:
    if not found.standings:
        yield 'No aggregate: fewer than two backbones have every seed of every task.'
        return
    ranked = sorted(found.standings.values(), key=lambda item: (item.place.value, item.backbone))
    best = [labels[item.backbone] for item in ranked if item.place.value == 1]
    yield f'Best mean rank: {listing(best)}.'
    for what, intervals in (
        ('other seeds', {item.backbone: item.place.seeds for item in ranked}),
        ('other tasks of these families', {item.backbone: item.place.tasks for item in ranked}),
    ):
        names = [labels[name] for name, ends in intervals.items() if ends and ends.low == 1]
        if names == best:
            yield f'With {what} the first place stays with {listing(best)}.'
        elif names:
            yield f'With {what} the first place may go to {_either(names)}.'
        else:
            yield f'What {what} would change is unknown.'


def _either(names: list[str]) -> str:
    """Return names as alternatives: ``'a, b or c'``, of many how many there are."""
    if len(names) > _MOST_LISTED:
        return f'any of {len(names)} backbones'
    return listing(names, 'or')


def _pairwise_sentences(
    comparisons: Comparisons | None, labels: Mapping[str, str]
) -> Iterator[str]:
    if comparisons is None or not comparisons.pairs:
        return
    yield _power(comparisons)
    significant = [pair for pair in comparisons.pairs if pair.holm <= SIGNIFICANT]
    if significant:
        yield f'Told apart over tasks: {_join_pairs(significant, labels)}.'
    equal = [pair for pair in comparisons.pairs if pair.practical.equal >= CERTAIN]
    if equal:
        yield f'Practically equal (within {ROPE:g} point): {_join_pairs(equal, labels)}.'


def _power(comparisons: Comparisons) -> str:
    tasks, pairs = comparisons.tasks, len(comparisons.pairs)
    if tasks < 2:
        return 'One task with a scale allows no test over tasks.'
    text = (
        f'Wilcoxon over {counted(tasks, "task")}: the smallest attainable p is '
        f"{comparisons.smallest_p:.3g}, {comparisons.smallest_holm:.3g} after Holm's correction "
        f'for {counted(pairs, "pair")}'
    )
    if comparisons.smallest_holm > SIGNIFICANT:
        return f'{text}, so too few tasks to tell any pair apart at {SIGNIFICANT:g}.'
    count = sum(pair.holm <= SIGNIFICANT for pair in comparisons.pairs)
    return f'{text}; {count} of {counted(pairs, "pair")} told apart at {SIGNIFICANT:g}.'


def _join_pairs(pairs: Iterable[Comparison], labels: Mapping[str, str]) -> str:
    groups: dict[str, list[str]] = {}
    for pair in pairs:
        groups.setdefault(labels[pair.better], []).append(labels[pair.worse])
    return '; '.join(f'{better} and {listing(worse)}' for better, worse in groups.items())


def _gaps(found: BoardFindings, labels: Mapping[str, str]) -> Iterator[str]:
    if found.gaps and found.standings:
        names = _several([labels[name] for name in found.gaps])
        yield f'Without an aggregate, having gaps: {names}.'
    if found.unscaled:
        yield f'Without a scale, so not in normalised scores: {_several(list(found.unscaled))}.'


def contrast_lines(found: BoardFindings, labels: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return a title and a sentence per group of tasks, one for all where none has a pair."""
    lines = [(f', {item.group}', contrast_sentence(item, labels)) for item in found.contrasts]
    if lines and not any(item.pairs for item in found.contrasts):
        lines = [('', lines[-1][1])]
    return [(f'Masked minus supervised{group}', sentence) for group, sentence in lines]


def contrast_sentence(contrast: Contrast, labels: Mapping[str, str]) -> str:
    """Return what may be concluded about masked against supervised pretraining."""
    if contrast.effect is None:
        reason = (
            'none of the tasks has a scale'
            if contrast.pairs
            else 'no masked and supervised backbone share architecture and pretraining data '
            'and have every seed'
        )
        return f'Nothing may be concluded: {reason}.'
    return (
        f'{signed(contrast.effect.value)} points of normalised score{ends(contrast.effect)}, '
        f'masked ahead on {contrast.wins} of {counted(len(contrast.tasks), "task")}'
        f'{_test_clause(contrast)}, over {_describe_sides(contrast, labels)}. {_conclusion(contrast)}'
    )


def _test_clause(contrast: Contrast) -> str:
    if len(contrast.tasks) < 2:
        return ''
    return f', Wilcoxon p = {contrast.p:.3g} (smallest attainable {contrast.smallest_p:.3g})'


def _describe_sides(contrast: Contrast, labels: Mapping[str, str]) -> str:
    shown = [
        f'{_side(side.masked, "masked", labels)} against '
        f'{_side(side.supervised, "supervised", labels)}, {signed(side.effect)}'
        for side in contrast.sides[:_MOST_SIDES]
    ]
    more = len(contrast.sides) - len(shown)
    tail = f'; and {more} more' if more else ''
    return f'{counted(len(contrast.sides), "architecture")}: {"; ".join(shown)}{tail}'


def _side(names: tuple[str, ...], what: str, labels: Mapping[str, str]) -> str:
    """Return the name of a side's one backbone; of several how many, and if few their names."""
    if len(names) == 1:
        return labels[names[0]]
    named = f' ({row([labels[name] for name in names])})' if len(names) <= _MOST_NAMED else ''
    return f'{len(names)} {what} ones{named}'


def _conclusion(contrast: Contrast) -> str:
    effect = contrast.effect
    if effect is None or effect.seeds is None:
        return 'The spread over seeds is unknown: shown, not judged.'
    if _holds_zero(effect.seeds):
        return 'No difference beyond the noise of seeds may be concluded.'
    if not contrast.is_one_way:
        return 'It depends on the architecture: nothing may be said of masked pretraining as such.'
    word = 'better' if effect.value > 0 else 'worse'
    where = 'On this task' if len(contrast.tasks) == 1 else 'On these tasks'
    if len(contrast.sides) == 1:
        where += ', for this architecture,'
    here = f'{where} masked pretraining transfers {word} than supervised'
    if len(contrast.tasks) == 1:
        return f'{here}; one task says nothing of others.'
    if contrast.smallest_p > SIGNIFICANT:
        return f'{here}; they are too few to say so of other tasks.'
    if contrast.p > SIGNIFICANT or effect.tasks is None or _holds_zero(effect.tasks):
        return f'{here}; they differ too much among themselves to say so of other tasks.'
    return f'{here}, and, to the extent these tasks are representative, on others.'


def _holds_zero(interval: Interval) -> bool:
    return interval.low <= 0 <= interval.high


def agreement_sentence(agreement: Agreement) -> str:
    """Return whether a protocol may stand in for the reference, and at what cost."""
    count = len(agreement.backbones)
    cost = agreement.cost
    price = (
        'at an unknown share of its training time'
        if cost is None
        else f'at {100 * cost.value:.0f} % of its training time'
    )
    parts = [*_named_ends(agreement.tau, 2)]
    parts.append(f'backbones {_ends(agreement.backbones_interval, 2)}')
    return (
        f'{agreement.protocol} ranks {count} backbones on '
        f'{counted(len(agreement.by_task), "task")} like {agreement.reference} with '
        f"Kendall's tau {agreement.tau.value:.2f} ({'; '.join(parts)}), {price}. "
        f'{_stands_in(agreement)}'
    )


def _stands_in(agreement: Agreement) -> str:
    if len(agreement.backbones) < _FEWEST_FOR_TAU:
        return 'Too few backbones to say whether it may stand in.'
    known = (agreement.tau.seeds, agreement.tau.tasks, agreement.backbones_interval)
    lowest = min(item.low for item in known if item is not None)
    if lowest >= STANDS_IN:
        return f'It may stand in for {agreement.reference}.'
    if agreement.tau.value >= STANDS_IN:
        return 'The ranking is alike, but not surely enough for it to stand in.'
    return f'It may not stand in for {agreement.reference}.'


def signed(value: float, decimals: int = 1) -> str:
    """Return a difference with its sign, a true minus among them."""
    text = f'{round(value, decimals) + 0.0:+.{decimals}f}'
    return text.replace('-', '\N{MINUS SIGN}')


def ends(estimate: Estimate, decimals: int = 1) -> str:
    """Return the intervals of ``estimate`` in brackets, nothing where none is known."""
    parts = list(_named_ends(estimate, decimals))
    return f' ({"; ".join(parts)})' if parts else ''


def _named_ends(estimate: Estimate, decimals: int) -> Iterator[str]:
    if estimate.seeds:
        yield f'seeds {_ends(estimate.seeds, decimals)}'
    if estimate.tasks:
        yield f'tasks {_ends(estimate.tasks, decimals)}'


def _ends(interval: Interval, decimals: int) -> str:
    low, high = (f'{round(end, decimals) + 0.0:.{decimals}f}' for end in interval)
    return f'{low} to {high}'.replace('-', '\N{MINUS SIGN}')
