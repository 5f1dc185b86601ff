"""The answer that a reader came for: who leads a leaderboard, how surely, and on which tasks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from benchmark.report.data.boards import Board, Column
from benchmark.report.data.units import count_noun, listing
from benchmark.report.inference.findings import BoardFindings
from benchmark.report.inference.standings import Aggregate
from benchmark.statistics.resampling import Interval

_MOST_TITLES = 6
"""Tasks up to which they are named one by one; more are counted by kind."""


class Answer(NamedTuple):
    """Who has the best mean rank under a protocol, and on which tasks the best mean.

    ``leaders`` are labels, several on a tie and none without an aggregate; ``rank`` and ``leads``
    are texts that follow them.
    """

    protocol: str
    leaders: str
    rank: str
    leads: str


def short_titles(titles: Iterable[str]) -> dict[str, str]:
    """Return each title without the beginning, up to a colon, that all of them share."""
    named = list(dict.fromkeys(titles))
    beginnings = {title.partition(': ')[0] for title in named}
    if len(named) < 2 or len(beginnings) > 1 or not all(': ' in title for title in named):
        return {title: title for title in named}
    rests = {title: title.partition(': ')[2] for title in named}
    return {title: rest[:1].upper() + rest[1:] for title, rest in rests.items()}


def answer(board: Board, found: BoardFindings) -> Answer:
    """Return the headline of a leaderboard; without leaders if no row is complete."""
    if not found.standings:
        why = 'Which backbone transfers best is open: fewer than two have every seed of every task.'
        return Answer(board.protocol, '', why, '')
    first = min(item.place.value for item in found.standings.values())
    best = [item for item in found.standings.values() if item.place.value == first]
    names = {item.backbone for item in best}
    labels = [row.backbone.label for row in board.rows if row.backbone.id in names]
    rank = _rank(best, board, list(found.standings.values()))
    return Answer(board.protocol, listing(labels), rank, _leads(board, names))


def _rank(best: list[Aggregate], board: Board, ranked: list[Aggregate]) -> str:
    """Return to what the leaders transfer best and how sure that is; a tie has no range."""
    number = len(board.columns)
    to = f'these {number} tasks' if number > 1 else 'this task'
    value = f'mean rank {best[0].mean_rank.value:.2f} among {len(ranked)}'
    if len(best) > 1:
        return f'transfer best to {to}, and equally well ({value}).'
    place, others = best[0].place, [item.place for item in ranked if item is not best[0]]
    sure = [
        sureness('other tasks of these kinds', place.tasks, [other.tasks for other in others]),
        sureness('other seeds', place.seeds, [other.seeds for other in others]),
    ]
    return f'transfers best to {to} ({value}). With {"; with ".join(sure)}.'


def sureness(what: str, interval: Interval | None, others: Iterable[Interval | None]) -> str:
    """Return the place that a leader could have, as ``'other seeds it would stay 1st'``.

    Args:
        what: what could be other.
        interval: places of the leader.
        others: places of the others, of whom one may reach the first as well.
    """
    if interval is None:
        return f'{what} its place is unknown'
    if interval.high < 1.5 and any(other and other.low < 1.5 for other in others):
        return f'{what} it could share 1st place'
    low, high = (ordinal(round(end)) for end in interval)
    return (
        f'{what} it would {"stay" if low == "1st" else "be"} {low}'
        if low == high
        else (f'{what} it could be {low} to {high}')
    )


def ordinal(number: int) -> str:
    """Return a place in words: ``'1st'``, ``'12th'``."""
    ending = (
        'th' if 10 <= number % 100 <= 20 else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')
    )
    return f'{number}{ending}'


def _leads(board: Board, leaders: set[str]) -> str:
    led = [column for column in board.columns if column.best & leaders]
    if not led:
        return 'Best mean on no task.'
    said = _titles(board, led) if len(led) <= _MOST_TITLES else _kinds(board, led)
    unjudged = sum(not column.is_judged for column in led)
    tail = f'; {unjudged} of these with too few seeds to judge' if unjudged else ''
    return f'Best mean on {len(led)} of {count_noun(len(board.columns), "task")}: {said}{tail}.'


def _titles(board: Board, led: Iterable[Column]) -> str:
    short = short_titles(column.task.title for column in board.columns)
    return listing([_lower(short[column.task.title]) for column in led])


def _lower(title: str) -> str:
    """Return a title for the middle of a sentence; acronyms and names stay as they are."""
    first = title.partition(' ')[0]
    return title[:1].lower() + title[1:] if first[1:].islower() else title


def _kinds(board: Board, led: Iterable[Column]) -> str:
    counts, totals = (Counter(column.task.kind for column in some) for some in (led, board.columns))
    return listing([f'{kind} ({count} of {totals[kind]})' for kind, count in counts.items()])
