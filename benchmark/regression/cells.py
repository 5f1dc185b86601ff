"""Records as cells: the newest runs of each, what they scored and cost, how they were made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from benchmark.hashing import fingerprint
from benchmark.protocols import TRIVIAL
from benchmark.results.identity import experiment_of
from benchmark.results.records import RunRecord
from benchmark.specs import CellKey


def is_exact(cell: CellKey) -> bool:
    """Return whether every run of a cell must give the same score: nothing in it is random."""
    return cell.protocol == TRIVIAL.name


class Headline(NamedTuple):
    """The metric by which a cell is judged."""

    key: str
    title: str = ''
    unit: str = 'none'
    higher_is_better: bool = True

    @property
    def label(self) -> str:
        """The name to print."""
        return self.title or self.key


class Cost(NamedTuple):
    """What a run cost; ``seconds`` is ``None`` where a part of the training was not measured."""

    device: str
    seconds: float | None
    memory_mb: float | None


@dataclass(frozen=True)
class Runs:
    """The newest runs of a cell that were made alike, by seed.

    Attributes:
        cell: which cell.
        metric: its headline metric.
        scores: by seed, in canonical units.
        failures: the error by seed.
        costs: what the runs took.
        make: what they share: libraries, data, weights, version of the task, configuration.
    """

    cell: CellKey
    metric: Headline
    scores: Mapping[int, float]
    failures: Mapping[int, str]
    costs: tuple[Cost, ...]
    make: Mapping[str, Any]

    @property
    def values(self) -> tuple[float, ...]:
        """The scores, in the order of their seeds."""
        return tuple(self.scores[seed] for seed in sorted(self.scores))

    @property
    def seconds(self) -> float | None:
        """How long the runs took together, as far as it was measured; ``None`` where none was."""
        known = [cost.seconds for cost in self.costs if cost.seconds is not None]
        return sum(known) if known else None

    @property
    def oriented(self) -> tuple[float, ...]:
        """The scores with a sign such that higher is better."""
        return orient(self.values, self.metric)


def orient(values: Iterable[float], metric: Headline) -> tuple[float, ...]:
    """Return ``values`` with a sign such that higher is better."""
    sign = 1.0 if metric.higher_is_better else -1.0
    return tuple(sign * value for value in values)


def gather(records: Iterable[RunRecord]) -> dict[CellKey, Runs]:
    """Return the cells of ``records``, sorted.

    A cell's runs are those made like its newest one, that is by the same configuration (but for
    the seed), data, weights and libraries; of each seed the newest counts, failed or not: an old
    success does not hide a new failure.
    """
    cells: dict[CellKey, list[RunRecord]] = {}
    for record in records:
        spec = record.spec
        cells.setdefault(spec.cell, []).append(record)
    return {cell: _runs(cell, cells[cell]) for cell in sorted(cells)}


def _runs(cell: CellKey, records: list[RunRecord]) -> Runs:
    newest_first = sorted(records, key=lambda r: (r.finished, r.fingerprint), reverse=True)
    make = make_of(newest_first[0])
    mark = fingerprint(make)
    chosen: dict[int, RunRecord] = {}
    for record in newest_first:
        if fingerprint(make_of(record)) == mark:
            chosen.setdefault(record.spec.seed, record)
    good = {seed: r for seed, r in chosen.items() if r.is_ok and r.primary in r.scores}
    return Runs(
        cell=cell,
        metric=_headline(newest_first[0]),
        scores={seed: r.scores[r.primary] for seed, r in good.items()},
        failures={seed: _reason(r) for seed, r in chosen.items() if seed not in good},
        costs=tuple(_cost(r) for _, r in sorted(good.items())),
        make=make,
    )


def _reason(record: RunRecord) -> str:
    return record.error or f"the record holds no score '{record.primary}'"


def make_of(record: RunRecord) -> dict[str, Any]:
    """Return what a run shares with the other seeds of its experiment."""
    return experiment_of(record.config, record.task, record.provenance)


def _headline(record: RunRecord) -> Headline:
    said: Mapping[str, Any] = next(
        (m for m in record.task.get('metrics', ()) if m['key'] == record.primary), {}
    )
    return Headline(
        record.primary,
        said.get('title') or '',
        str(said.get('unit', 'none')),
        bool(said.get('higher_is_better', True)),
    )


def _cost(record: RunRecord) -> Cost:
    cost = record.cost
    parts = [record.training_seconds, cost.get('test_seconds')]
    return Cost(
        device=' · '.join(
            str(part)
            for part in (
                cost.get('device'),
                cost.get('processor'),
                record.provenance.get('platform'),
            )
            if part
        ),
        seconds=None if None in parts else sum(parts),  # type: ignore[arg-type]
        memory_mb=cost.get('peak_memory_mb'),
    )


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Return a line for everything in which two makes differ, configuration keys dotted."""
    one, other = _flat(before), _flat(after)
    lines = []
    for key in sorted(one.keys() | other.keys()):
        old, new = one.get(key, _ABSENT), other.get(key, _ABSENT)
        if old != new:
            lines.append(f'{_NAMES.get(key, key)}: {_short(old)} → {_short(new)}')
    return lines


_ABSENT = '(absent)'
_NAMES = {'data': 'contents of the data', 'task_version': 'task version'}


def _flat(value: Any, path: str = '') -> dict[str, Any]:
    if isinstance(value, Mapping):
        items = value.items()
    elif isinstance(value, list | tuple):
        items = {str(i): item for i, item in enumerate(value)}.items()
    else:
        return {path: value}
    found: dict[str, Any] = {}
    for key, item in items:
        found |= _flat(item, f'{path}.{key}' if path else str(key))
    return found


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 32 else f'{text[:12]}...'
