"""Where each backbone stands on each task: places that ties share, and how far it was checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from benchmark.commons.reasons import Badge, lowest
from benchmark.report.data.boards import Board, BoardCell, Column, Row
from benchmark.report.data.units import NO_SCORE, heading, show_interval
from benchmark.specs import RunSpec
from benchmark.statistics.spread import Judgement


class Places(NamedTuple):
    """The best and the worst place that a score can claim."""

    first: int
    last: int

    @property
    def is_tie(self) -> bool:
        """Whether another backbone does not differ clearly."""
        return self.first != self.last

    def __str__(self) -> str:
        """Return ``'2'``, or ``'2 to 4, tie'``."""
        return f'{self.first} to {self.last}, tie' if self.is_tie else str(self.first)


def places(judgement: Judgement) -> dict[str, Places]:
    """Return the places of the backbones that are judged, by id.

    The first is one behind all that are clearly better, the last one before all that are clearly
    worse: what does not differ clearly shares them.

    >>> from benchmark.statistics.spread import judge
    >>> found = judge({'a': [9, 9.1], 'b': [8.9, 9.1], 'c': [1, 1.2]}, higher_is_better=True)
    >>> {name: str(places) for name, places in places(found).items()}
    {'a': '1 to 2, tie', 'b': '1 to 2, tie', 'c': '3'}
    """
    if not judgement.ranked:
        return {}
    ahead = Counter(pair.worse for pair in judgement.clear)
    behind = Counter(pair.better for pair in judgement.clear)
    count = len(judgement.ranked)
    return {name: Places(1 + ahead[name], count - behind[name]) for name in judgement.order}


class Standing(NamedTuple):
    """A backbone on a task under a protocol of a suite.

    ``versions`` are those of the task that occur. ``mean`` and ``sd`` are over as many ``seeds``;
    ``places`` is ``None`` where seeds allow no judgement, and ``why`` says why. ``problem`` says
    which seeds have no score.
    """

    suite: str
    protocol: str
    task: str
    task_title: str
    versions: tuple[str, ...]
    metric: str
    backbone: str
    title: str
    mean: float | None
    sd: float | None
    seeds: int
    places: Places | None
    why: str
    problem: str
    flags: tuple[str, ...]
    badge: Badge | None
    shown: str
    order: float

    @property
    def place_text(self) -> str:
        """The places as a table shows them."""
        return NO_SCORE if self.places is None else str(self.places)


Badges = Mapping[RunSpec, Badge]
"""How far each run was checked."""


def standings(suite: str, boards: Iterable[Board], badges: Badges) -> Iterator[Standing]:
    """Yield where each backbone stands, protocol by protocol and task by task, the best first.

    Args:
        suite: the suite as results cite it.
        boards: its leaderboards.
        badges: how far its runs were checked.
    """
    for board in boards:
        for index, column in enumerate(board.columns):
            found = places(column.judgement)
            rows = [
                _standing(suite, board.protocol, column, row, row.cells[index], found, badges)
                for row in board.rows
            ]
            yield from sorted(rows, key=lambda item: (item.order, item.title))


def _standing(
    suite: str,
    protocol: str,
    column: Column,
    row: Row,
    cell: BoardCell,
    found: Mapping[str, Places],
    badges: Badges,
) -> Standing:
    task, metric = column.task, column.task.primary
    sign = -1.0 if metric.higher_is_better else 1.0
    specs = (RunSpec(task.name, row.backbone.id, protocol, seed) for seed in cell.scores)
    earned = [badges[spec] for spec in specs if spec in badges]
    return Standing(
        suite=suite,
        protocol=protocol,
        task=task.name,
        task_title=task.title,
        versions=task.versions,
        metric=heading(metric),
        backbone=row.backbone.id,
        title=row.backbone.label,
        mean=cell.mean,
        sd=cell.sd,
        seeds=len(cell.scores),
        places=found.get(row.backbone.id),
        why=column.judgement.reason,
        problem=cell.problem,
        flags=cell.flags,
        badge=lowest(earned) if earned else None,
        shown=NO_SCORE if cell.mean is None else show_interval(cell.mean, cell.sd, metric.unit),
        order=float('inf') if cell.mean is None else sign * cell.mean,
    )


FIELDS = (
    'suite', 'protocol', 'task', 'task_versions', 'backbone', 'title', 'metric', 'mean', 'sd',
    'seeds', 'place_first', 'place_last', 'badge', 'flags', 'problem',
)  # fmt: skip
"""The columns of the feeds."""


def feed_row(item: Standing) -> dict[str, object]:
    """Return a standing as a row of the feeds, by column; what is unknown is ``None``."""
    first, last = item.places or (None, None)
    values: Sequence[object] = (
        item.suite, item.protocol, item.task, ' and '.join(item.versions), item.backbone,
        item.title, item.metric, item.mean, item.sd, item.seeds, first, last,
        item.badge and item.badge.value, ', '.join(item.flags), item.problem,
    )  # fmt: skip
    return dict(zip(FIELDS, values, strict=True))
