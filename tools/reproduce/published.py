"""The published numbers that are reproduced, and what the records say of them."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from scipy import stats

from benchmark.results.records import RunRecord
from benchmark.results.store import ResultStore

SUITE = 'reproductions'
_LEVEL = 0.95
_DRAWS = tuple(f'caltech101-draw{number}' for number in range(5))
_RELEASE = 'github.com/akamaster/pytorch_resnet_cifar10, README'


class Published(NamedTuple):
    """A number as its source prints it, and the cells that reproduce it.

    ``tolerance`` is how far ours may lie from it, both in percent; it was set before the cells ran.
    """

    source: str
    what: str
    number: float
    decimals: int
    tolerance: float
    backbone: str
    protocol: str
    tasks: tuple[str, ...]
    metric: str
    is_error: bool = False


class Row(NamedTuple):
    """A published number beside ours and its 95 % interval, all in percent."""

    published: Published
    ours: float
    low: float
    high: float

    @property
    def difference(self) -> float:
        """Ours minus the published number, to two decimals."""
        return round(self.ours - self.published.number, 2) + 0.0

    @property
    def is_within(self) -> bool:
        """Whether ours lies within the tolerance."""
        return abs(self.difference) <= self.published.tolerance


def _released(depth: int, error: float) -> Published:
    # the same weights on the same pictures: not one picture may differ
    return Published(
        _RELEASE,
        f'ResNet-{depth}, CIFAR-10, error',
        error,
        2,
        0.0,
        f'cifar-resnet{depth}',
        'as-is',
        ('cifar10-32px',),
        'accuracy',
        is_error=True,
    )


NUMBERS = {
    'cifar10': (
        _released(20, 8.27),
        _released(32, 7.37),
        _released(44, 6.90),
        _released(56, 6.61),
    ),
    'caltech101': (
        Published(
            'arXiv 2304.07193, table of twelve sets',
            'DINOv2 ViT-S/14, Caltech-101, mean per-class accuracy',
            97.0,
            1,
            1.0,
            'dinov2-vits14',
            'logistic',
            _DRAWS,
            'mean_class_accuracy',
        ),
    ),
}
"""The numbers by the name of the command that reproduces them."""


def rows(results: Path, name: str) -> Iterator[Row]:
    """Yield the published numbers of ``name`` whose cells all have a good record in ``results``."""
    records = [r for r in ResultStore(results, results).records(SUITE) if r.is_ok]
    for number in NUMBERS[name]:
        found = [_newest(records, number, task) for task in number.tasks]
        if None not in found:
            yield _row(number, [record for record in found if record])


def _newest(records: Sequence[RunRecord], number: Published, task: str) -> RunRecord | None:
    same = [
        record
        for record in records
        if (record.spec.task, record.spec.backbone, record.spec.protocol)
        == (task, number.backbone, number.protocol)
    ]
    return max(same, key=lambda record: str(record.provenance['finished']), default=None)


def _row(number: Published, records: Sequence[RunRecord]) -> Row:
    scores = [record.scores[number.metric] for record in records]
    scores = [100 - score for score in scores] if number.is_error else scores
    if len(scores) > 1:
        low, high = over_draws(scores)
    else:
        low, high = over_pictures(scores[0], int(records[0].task['splits']['test']))
    return Row(number, statistics.fmean(scores), low, high)


def over_pictures(percent: float, count: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval, in percent, of a share of ``count`` pictures."""
    found = stats.binomtest(round(percent * count / 100), count).proportion_ci(_LEVEL, 'wilson')
    return 100 * float(found.low), 100 * float(found.high)


def over_draws(scores: Sequence[float]) -> tuple[float, float]:
    """Return Student's 95 % interval of the mean over draws of the training pictures."""
    half = stats.t.ppf((1 + _LEVEL) / 2, len(scores) - 1) * statistics.stdev(scores)
    half /= math.sqrt(len(scores))
    mean = statistics.fmean(scores)
    return mean - half, mean + half


def table(found: Sequence[Row]) -> str:
    """Return the rows as a Markdown table."""
    lines = [
        '| what | source | published | ours | 95 % interval | difference | tolerance | within |',
        '| --- | --- | --: | --: | --- | --: | --: | --- |',
    ]
    for row in found:
        one = row.published
        lines.append(
            f'| {one.what} | {one.source} | {one.number:.{one.decimals}f} | {row.ours:.2f} | '
            f'{row.low:.2f} to {row.high:.2f} | {row.difference:+.2f} | {one.tolerance:g} | '
            f'{"yes" if row.is_within else "no"} |'
        )
    return '\n'.join(lines)
