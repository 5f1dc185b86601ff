"""The statistical findings of a leaderboard and of its columns as English sentences."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping

from benchmark.report.data.boards import Board, BoardCell, Column
from benchmark.report.data.units import count_noun, difference, listing, row, show, show_with_sign
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
    f'{100 * LEVEL:g} % per task. '
    'The spread over seeds may differ between backbones; as two or three '
    'seeds say little about it, each variance is shrunk a little towards the mean variance of the '
    'task (by a tenth with two seeds, a sixth with three). The test assumes independent seeds and '
    'scores that are normally distributed around the mean of their backbone. In simulation with '
    'six backbones, spreads equal or up to five times apart or as seen on the quick suite, seeds '
    'alone make a task show one or more clear pairs in 3 to 6 % of cases. It is cautious: with '
    'two seeds it finds about one in five true differences of five standard deviations, with '
    'three about four in five. The pooled standard deviation of a task is the spread over seeds '
    'within a backbone, taken over all backbones with two or more seeds. Tasks with one seed per '
    'backbone are shown, not judged. Seeds repeat the training on the task; they say nothing '
    'about another pretraining run or other test images.'
)


COVERAGE = (
    "Intervals are Student's and Welch's t; one over tasks repeats kinds of task and needs three. "
    'In simulation (docs/statistics.md) they contain the true value as follows: score 94 to 98 %, '
    'IQM 94 to 100 %, mean rank and Borda 93 to 99 %, place over seeds 97 to 100 %, over '
    'tasks 88 % with three kinds and 96 to 99 % with more.'
)
"""Note printed with intervals of aggregates."""

_MOST_LISTED = 12
"""Largest number of backbones for which a sentence lists all pairs."""


def column_sentences(board: Board, index: int) -> list[str]:
    """Return sentences about clear differences in a column and failures to beat the floor."""
    column = board.columns[index]
    labels = board.labels
    cells = [row.cells[index] for row in board.rows]
    return [*_judge_column(column, labels), *_floor(column, cells, labels)]


def _judge_column(column: Column, labels: Mapping[str, str]) -> Iterator[str]:
    judgement = column.judgement
    if judgement.spread is None:
        shown = '' if judgement.is_deterministic else 'Shown, not judged: '
        yield capitalise(f'{shown}{judgement.reason}.')
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
    """Return the limit of clear differences in words, or its range over the pairs of the task."""
    ends = judgement.ends
    assert ends is not None
    low, high = (difference(end, unit) for end in ends)
    return f'beyond {low}' if low == high else f'with limits from {low} to {high} by pair'


def capitalise(text: str) -> str:
    """Return ``text`` with its first letter in capitals."""
    return text[:1].upper() + text[1:]


def _pairs(judgement: Judgement, labels: Mapping[str, str]) -> Iterator[str]:
    """Yield the clear differences, or, if that is shorter, the order and the unclear pairs."""
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
    """Return a sentence that names the backbones not clearly worse than the best."""
    near = judgement.unclear_from(frozenset(judgement.order[:1]))
    leaders = [labels[name] for name in judgement.order if name in near]
    return f'Not clearly worse than the best: {_several(leaders)}.'


def _several(names: list[str]) -> str:
    """Return names as English text; a long list is cut, with the number of names left out."""
    shown = names[:_MOST_LISTED]
    more = len(names) - len(shown)
    return listing([*shown, f'{more} more'] if more else shown)


def _by_better(pairs: Iterable[Pair]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for pair in pairs:
        groups.setdefault(pair.better, []).append(pair.worse)
    return groups


def _floor(column: Column, cells: Iterable[BoardCell], labels: Mapping[str, str]) -> Iterator[str]:
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
"""The posterior probability from which a verdict is stated."""

STANDS_IN = 0.8
"""Lowest Kendall's tau at which a protocol may stand in: nine of ten pairs in the same order."""

_FEWEST_FOR_TAU = 5
_MOST_SIDES = 4
_MOST_NAMED = 4


def overall_sentences(board: Board, found: BoardFindings) -> list[str]:
    """Return sentences about all tasks of a leaderboard together."""
    labels = board.labels
    return [
        *_first(found, labels),
        *_pairwise_sentences(found.comparisons, labels),
        *_gaps(found, labels),
        *filter(None, [not_run_sentence(board)]),
    ]


def not_run_sentence(board: Board) -> str:
    """Return which tasks of the suite have not run at all; empty where all have."""
    titles = [task.title for task in board.not_run]
    return f'Not run yet: {listing(titles)}.' if titles else ''


def set_aside_notes(board: Board, backbones: Container[str] | None = None) -> list[str]:
    """Return a warning for each cell that has results with other settings than those shown.

    Args:
        board: a leaderboard.
        backbones: ids of those whose cells are looked at; all unless given.
    """
    titles = {column.task.name: column.task.title for column in board.columns}
    # a table may show some of the tasks and backbones of a leaderboard
    return [
        f'{titles[task]}, {board.labels[backbone]}: {count_noun(count, "result")} made with other '
        'settings, weights, data or libraries not shown; those without --cfg-options come first, '
        'then the newest.'
        for (task, backbone), count in sorted(board.set_aside.items())
        if task in titles
        and backbone in board.labels
        and (backbones is None or backbone in backbones)
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
            yield f'With {what}, first place stays with {listing(best)}.'
        elif names:
            yield f'With {what}, first place could go to {_either(names)}.'
        else:
            yield f'How {what} would change the first place is unknown.'


def _either(names: list[str]) -> str:
    """Return names as alternatives, ``'a, b or c'``; of a long list only their number."""
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
        yield f'Significantly different across tasks: {_join_pairs(significant, labels)}.'
    equal = [pair for pair in comparisons.pairs if pair.practical.equal >= CERTAIN]
    if equal:
        yield f'Practically equal (within {ROPE:g} point): {_join_pairs(equal, labels)}.'


def _power(comparisons: Comparisons) -> str:
    tasks, pairs = comparisons.tasks, len(comparisons.pairs)
    if tasks < 2:
        return 'Only one task has a scale: no test across tasks.'
    text = (
        f'Wilcoxon over {count_noun(tasks, "task")}: the smallest attainable p is '
        f"{comparisons.smallest_p:.3g}, {comparisons.smallest_holm:.3g} after Holm's correction "
        f'for {count_noun(pairs, "pair")}'
    )
    if comparisons.smallest_holm > SIGNIFICANT:
        return f'{text}: too few tasks for any pair to differ significantly at {SIGNIFICANT:g}.'
    count = sum(pair.holm <= SIGNIFICANT for pair in comparisons.pairs)
    return f'{text}; significant at {SIGNIFICANT:g}: {count} of {count_noun(pairs, "pair")}.'


def _join_pairs(pairs: Iterable[Comparison], labels: Mapping[str, str]) -> str:
    groups: dict[str, list[str]] = {}
    for pair in pairs:
        groups.setdefault(labels[pair.better], []).append(labels[pair.worse])
    return '; '.join(f'{better} and {listing(worse)}' for better, worse in groups.items())


def _gaps(found: BoardFindings, labels: Mapping[str, str]) -> Iterator[str]:
    if found.gaps and found.standings:
        names = _several([labels[name] for name in found.gaps])
        yield f'Left out of aggregates because runs are missing: {names}.'
    if found.unscaled:
        names = _several(list(found.unscaled))
        yield f'Left out of normalised scores because they have no scale: {names}.'


def contrast_lines(found: BoardFindings, labels: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return a title and a sentence per group of tasks; only one if no group has a pair."""
    lines = [(f', {item.group}', contrast_sentence(item, labels)) for item in found.contrasts]
    if lines and not any(item.pairs for item in found.contrasts):
        lines = [('', lines[-1][1])]
    return [(f'Masked minus supervised{group}', sentence) for group, sentence in lines]


def contrast_sentence(contrast: Contrast, labels: Mapping[str, str]) -> str:
    """Return the conclusion about masked against supervised pretraining, as a sentence."""
    if contrast.effect is None:
        reason = (
            'none of the tasks has a scale'
            if contrast.pairs
            else 'no pair of a masked and a supervised backbone has the same architecture and '
            'pretraining data and every seed'
        )
        return f'No conclusion: {reason}.'
    return (
        f'{format_signed(contrast.effect.value)} points of normalised score'
        f'{ends(contrast.effect)}, '
        f'masked ahead on {contrast.wins} of {count_noun(len(contrast.tasks), "task")}'
        f'{_test_clause(contrast)}, over {_describe_sides(contrast, labels)}. '
        f'{_conclusion(contrast)}'
    )


def _test_clause(contrast: Contrast) -> str:
    if len(contrast.tasks) < 2:
        return ''
    return f', Wilcoxon p = {contrast.p:.3g} (smallest attainable {contrast.smallest_p:.3g})'


def _describe_sides(contrast: Contrast, labels: Mapping[str, str]) -> str:
    shown = [
        f'{_side(side.masked, "masked", labels)} against '
        f'{_side(side.supervised, "supervised", labels)}, {format_signed(side.effect)}'
        for side in contrast.sides[:_MOST_SIDES]
    ]
    more = len(contrast.sides) - len(shown)
    tail = f'; and {more} more' if more else ''
    return f'{count_noun(len(contrast.sides), "architecture")}: {"; ".join(shown)}{tail}'


def _side(names: tuple[str, ...], what: str, labels: Mapping[str, str]) -> str:
    """Return the label of a side with one backbone, else their number, and labels if few."""
    if len(names) == 1:
        return labels[names[0]]
    named = f' ({row([labels[name] for name in names])})' if len(names) <= _MOST_NAMED else ''
    return f'{len(names)} {what} ones{named}'


def _conclusion(contrast: Contrast) -> str:
    effect = contrast.effect
    if effect is None or effect.seeds is None:
        return 'The spread over seeds is unknown, so this is shown but not judged.'
    if _holds_zero(effect.seeds):
        return 'The difference is within the noise of seeds.'
    if not contrast.is_one_way:
        return (
            'The sign depends on the architecture: no general conclusion about masked pretraining.'
        )
    word = 'better' if effect.value > 0 else 'worse'
    where = 'On this task' if len(contrast.tasks) == 1 else 'On these tasks'
    if len(contrast.sides) == 1:
        where += ', for this architecture,'
    here = f'{where} masked pretraining transfers {word} than supervised'
    if len(contrast.tasks) == 1:
        return f'{here}; one task says nothing about others.'
    if contrast.smallest_p > SIGNIFICANT:
        return f'{here}; there are too few tasks to generalise to others.'
    if contrast.p > SIGNIFICANT or effect.tasks is None or _holds_zero(effect.tasks):
        return f'{here}; these tasks vary too much to generalise to others.'
    return f'{here}, and, to the extent these tasks are representative, on others.'


def _holds_zero(interval: Interval) -> bool:
    return interval.low <= 0 <= interval.high


def agreement_sentence(agreement: Agreement) -> str:
    """Return a sentence on whether a protocol may stand in for the reference, and at what cost."""
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
        f'{count_noun(len(agreement.by_task), "task")} like {agreement.reference} with '
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
        return 'The ranking is similar, but too uncertain for it to stand in.'
    return f'It may not stand in for {agreement.reference}.'


def format_signed(value: float, decimals: int = 1) -> str:
    """Return a difference with an explicit sign, using the Unicode minus."""
    text = f'{round(value, decimals) + 0.0:+.{decimals}f}'
    return text.replace('-', '\N{MINUS SIGN}')


def ends(estimate: Estimate, decimals: int = 1) -> str:
    """Return the intervals of ``estimate`` in brackets; empty if none is known."""
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
