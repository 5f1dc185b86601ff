"""What a comparison of two backbones says, in words."""

from __future__ import annotations

import math
from collections.abc import Iterator

from benchmark.report.data.units import count_noun, difference, listing, show
from benchmark.report.inference.duels import Duel, TaskDuel
from benchmark.specs import Unit
from benchmark.statistics.differences import (
    Difference,
    examples_needed,
    needs_both,
    runs_needed,
)

_MANY_RUNS = 100
"""Seeds beyond which it is said that seeds will not do."""


def task_verdict(one: TaskDuel, a: str, b: str) -> str:
    """Return a sentence about a task: who is better, by how much, and how sure that is."""
    title, found = one.task.title, one.found
    unit, metric = one.task.primary.unit, one.task.primary.title or one.task.primary.key
    better = a if found.value > 0 else b
    size = difference(abs(found.value), unit)
    if not found.is_known:
        return f'{title}: {_ahead(found, a, b, size, metric)}; not judged: {_reasons(one)}.'
    ends = interval_text(_from(found), unit)
    if one.is_clear:
        return f'{title}: {better} is better by {size} of {metric} (95 % interval {ends}).'
    told = _ahead(found, a, b, size, metric)
    if one.is_beyond and one.covers_seeds:
        return f'{title}: {told} (95 % interval {ends}); other films could turn this round.'
    if one.is_beyond:
        return (
            f'{title}: {told} (95 % interval over test examples {ends}); other seeds could turn '
            f'this round: {_reasons(one)}.'
        )
    tail = _what_would_help(one)
    return f'{title}: cannot be told apart; {told} (95 % interval {ends}){tail}.'


def _ahead(found: Difference, a: str, b: str, size: str, metric: str) -> str:
    if found.value == 0:
        return f'{a} and {b} have the same {metric}'
    return f'{a if found.value > 0 else b} is ahead by {size} of {metric}'


def _from(found: Difference) -> tuple[float, float]:
    """Return the ends of an interval as seen by the one that is ahead."""
    return (found.low, found.high) if found.value >= 0 else (-found.high, -found.low)


def interval_text(ends: tuple[float, float], unit: Unit) -> str:
    """Return the ends of an interval in the decimals of a unit, with true minus signs."""
    low, high = (show(end, unit).replace('-', '\N{MINUS SIGN}') for end in ends)
    return f'{low} to {high}'


def _reasons(one: TaskDuel) -> str:
    if one.notes:
        return '; '.join(one.notes)
    return 'too few test examples'


def _what_would_help(one: TaskDuel) -> str:
    found = one.found
    if found.value == 0:
        return ''
    if one.films == 1:
        return '; it takes test examples of more films'
    runs = runs_needed(found)
    if runs is not None and max(found.runs) < runs <= _MANY_RUNS:
        more = runs - min(found.runs)
        return f'; about {count_noun(more, "more seed")} of each would settle a gap of this size'
    wanted = examples_needed(found)
    if wanted is not None and wanted > found.groups and runs is None:
        noun = 'film' if one.films else 'test example'
        if needs_both(found):
            return f'; it would take more seeds and more than {count_noun(wanted, noun)}'
        return f'; more seeds would not do: about {count_noun(wanted, noun)} would'
    return ''


def total_verdict(duel: Duel, a: str, b: str) -> str:
    """Return a sentence about all tasks of a protocol together."""
    clear = [one for one in duel.tasks if one.is_clear]
    for_a = sum(one.found.value > 0 for one in clear)
    parts = [
        f'{name} is better on {count}'
        for name, count in ((a, for_a), (b, len(clear) - for_a))
        if count
    ]
    left = len(duel.tasks) - len(clear)
    if left:
        parts.append(f'{left} cannot be told apart' if clear else 'none can be told apart')
    said = f'{duel.protocol}, {count_noun(len(duel.tasks), "task")}: {listing(parts)}.'
    if duel.total is None or not math.isfinite(duel.total.error):
        return said
    ends = interval_text(_from(duel.total), Unit.PERCENT)
    ahead = a if duel.total.value >= 0 else b
    size = show(abs(duel.total.value), Unit.PERCENT)
    sure = 'is ahead' if duel.total.low > 0 or duel.total.high < 0 else 'is not clearly ahead'
    return (
        f'{said} Over {count_noun(duel.counted, "task")} with a scale, {ahead} {sure}: {size} '
        f'points of normalised score (95 % interval {ends}).'
    )


def covered(one: TaskDuel) -> str:
    """Return what an interval covers, as a cell of a table."""
    if not one.found.is_known:
        return 'nothing'
    parts = ['seeds'] if one.found.seeds is not None else []
    films = {0: 'test examples', 1: 'test examples of one film'}
    shown = films.get(one.films, f'{one.films} films')
    parts += [shown] if one.covers_examples else []
    said = listing(parts) or 'nothing'
    return f'{said} (deterministic)' if one.is_deterministic else said


def verdicts(duel: Duel, a: str, b: str) -> Iterator[str]:
    """Yield the sentence about all tasks, then one per task, then what could not be compared."""
    yield total_verdict(duel, a, b)
    for one in duel.tasks:
        yield task_verdict(one, a, b)
    for missing in duel.missing:
        yield f'not compared: {missing}'
