"""The few numbers of an analysis that a page or a text shows beside its figure."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from statistics import fmean
from typing import Any, NamedTuple

from benchmark.errors import RecordError
from benchmark.report.data.analyses import VALUES, FoundAnalysis
from benchmark.report.data.units import NO_SCORE

LAST_LAYERS = 3
"""How many layers count as the last ones of a transformer, as in arXiv 2205.13543."""

MINUS = '\N{MINUS SIGN}'

Value = float | str | None
Rows = Sequence[Mapping[str, str]]


class Numbers(NamedTuple):
    """A table: what a row is, headings of its numbers, and rows of a name and numbers."""

    heading: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Value, ...]], ...]


def key_numbers(found: FoundAnalysis) -> Numbers | None:
    """Return the key numbers of an analysis; ``None`` of one that has none here.

    Raises:
        RecordError: its values or facts lack what its name promises.
    """
    reader = _READERS.get(found.name)
    if reader is None:
        return None
    with reading(found):
        return reader(found)


@contextmanager
def reading(found: FoundAnalysis) -> Iterator[None]:
    """Turn what is missing in an analysis while it is read into one line.

    Raises:
        RecordError: its values or facts lack what its name promises.
    """
    try:
        yield
    except (KeyError, TypeError, ValueError, IndexError, StopIteration) as error:
        raise RecordError(
            f'{found.folder}: not what analysis `{found.name}` writes ({error!r}); run '
            '`tbench analyze` again'
        ) from None


def values_of(found: FoundAnalysis) -> list[dict[str, str]]:
    """Return the rows of the analysis's values.

    Raises:
        RecordError: the file cannot be read.
    """
    path = found.folder / VALUES
    try:
        with path.open(encoding='utf-8', newline='') as file:
            return list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise RecordError(f'{path}: cannot be read ({error})') from None


def interval_text(found: Mapping[str, Any] | None, digits: int = 2) -> str | None:
    """Return a mean with its interval, as ``0.89 (0.77 to 1.01)``; ``None`` where unknown."""
    if found is None or found.get('mean') is None:
        return None
    mean, low, high = (found.get(key) for key in ('mean', 'low', 'high'))
    bounds = '' if low is None or high is None else f' ({low:.{digits}f} to {high:.{digits}f})'
    return f'{mean:.{digits}f}{bounds}'.replace('-', MINUS)


def value_text(value: Value) -> str:
    """Return a number with three significant digits, a text as it is, else a dash."""
    if value is None or value == '':
        return NO_SCORE
    return value if isinstance(value, str) else f'{value:.3g}'.replace('-', MINUS)


def head_values(rows: Rows, measure: str) -> dict[str, dict[int, dict[str, float]]]:
    """Return a measure of attention by backbone, layer and head.

    Distance and entropy are shares of what uniform attention would give; divergence is the mean
    over the other heads.
    """
    found: dict[str, dict[int, dict[str, list[float]]]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(list))
    )
    for row in rows:
        if row['measure'] == measure and row['value']:
            scale = 1.0 if measure == 'divergence' else float(row['uniform'])
            by_head = found[row['backbone']][int(row['layer'])]
            # a layer with a single reachable key cannot look elsewhere
            by_head[row['head']].append(float(row['value']) / scale if scale else 0.0)
    return {
        name: {
            layer: {head: fmean(values) for head, values in heads.items()}
            for layer, heads in sorted(layers.items())
        }
        for name, layers in found.items()
    }


def _attention(found: FoundAnalysis) -> Numbers:
    rows = values_of(found)
    distance, divergence = head_values(rows, 'distance'), head_values(rows, 'divergence')

    def mean(layers: Iterable[Mapping[str, float]]) -> float | None:
        values = [value for heads in layers for value in heads.values()]
        return fmean(values) if values else None

    def numbers(name: str) -> tuple[Value, ...]:
        near, apart = (list(by_name.get(name, {}).values()) for by_name in (distance, divergence))
        most_local = [min(heads.values()) for heads in near]
        return (
            mean(near[:LAST_LAYERS]),
            mean(near[-LAST_LAYERS:]),
            max(most_local),
            mean(apart[:LAST_LAYERS]),
            mean(apart[-LAST_LAYERS:]),
        )

    return Numbers(
        'backbone',
        (
            f'distance / uniform, first {LAST_LAYERS} layers',
            f'distance / uniform, last {LAST_LAYERS}',
            'most local head / uniform, largest over layers',
            f'KL between heads (nat), first {LAST_LAYERS} layers',
            f'KL (nat), last {LAST_LAYERS}',
        ),
        tuple((name, numbers(name)) for name in distance),
    )


def _cka(found: FoundAnalysis) -> Numbers:
    columns = ('mean CKA between different layers', '95 % interval over pictures')
    rows = (
        (name, (facts['mean'], _bounds(facts))) for name, facts in found.facts['similarity'].items()
    )
    return Numbers('backbone', columns, tuple(rows))


def _bounds(facts: Mapping[str, Any]) -> str | None:
    return None if facts['low'] is None else f'{facts["low"]:.2f} to {facts["high"]:.2f}'


def _cam(found: FoundAnalysis) -> Numbers:
    means: Mapping[str, Mapping[str, float | None]] = found.facts['means']
    columns = tuple(next(iter(means.values())))
    rows = ((name, tuple(seen[key] for key in columns)) for name, seen in means.items())
    return Numbers('backbone', columns, tuple(rows))


def _losses(found: FoundAnalysis) -> Numbers:
    terms: Mapping[str, str] = found.facts['terms']
    keys = [f'{term}_{when}' for term in terms for when in ('mean', 'final')]
    titles = [f'{title}, {when}' for title in terms.values() for when in ('mean', 'at the end')]
    rows = (
        (f'{cell["backbone"]}, {cell["task"]}', tuple(cell.get(key) for key in keys))
        for cell in found.facts['summary']
    )
    return Numbers('backbone, task', tuple(titles), tuple(rows))


def _layers(found: FoundAnalysis) -> Numbers:
    changes = found.facts['change']
    counts = sorted({change['blocks'] for change in changes})
    table: dict[str, dict[int, str | None]] = defaultdict(dict)
    for change in changes:
        name = f'{change["backbone"]}, {change["task"]}, {change["action"]}'
        digits = 3 if change['metric_unit'] == 'metre' else 1
        table[name][change['blocks']] = interval_text(change['improvement'], digits)
    return Numbers(
        'backbone, task, what is done',
        tuple(f'improvement, last {count}' for count in counts),
        tuple((name, tuple(row.get(c) for c in counts)) for name, row in table.items()),
    )


def _capture(found: FoundAnalysis) -> Numbers:
    results: Mapping[str, Mapping[str, Any]] = found.facts['results']
    columns = {
        'captured': 'features captured',
        'per_kernel': 'per kernel',
        'multi_view': 'accuracy, multi-view',
        'single_view': 'accuracy, single-view',
    }
    rows = (
        (name, tuple(interval_text(seen[key]) for key in columns)) for name, seen in results.items()
    )
    return Numbers('training', tuple(columns.values()), tuple(rows))


def _erf(found: FoundAnalysis) -> Numbers:
    fields: Mapping[str, Mapping[str, Any]] = found.facts['fields']
    shares = [f'{share:g}' for share in found.facts['thresholds']]
    rows = (
        (
            name,
            (
                *(interval_text(field['area_ratio'][share], 3) for share in shares),
                interval_text(field['spread_px'], 1),
            ),
        )
        for name, field in fields.items()
    )
    columns = (*(f'area for {float(share):.0%}' for share in shares), 'spread (px)')
    return Numbers('backbone', columns, tuple(rows))


_READERS: Mapping[str, Callable[[FoundAnalysis], Numbers]] = {
    'attention': _attention,
    'cka': _cka,
    'cam': _cam,
    'losses': _losses,
    'layers': _layers,
    'capture': _capture,
    'erf': _erf,
}
