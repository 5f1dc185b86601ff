"""What the records of a suite say about its tasks and backbones, one entry per name."""

from __future__ import annotations

import functools
import math
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any

from benchmark.errors import UNFIT, RecordError
from benchmark.kinds import all_kinds
from benchmark.kinds.base import Kind
from benchmark.results.briefs import Brief
from benchmark.results.suites import SuiteFacts
from benchmark.results.titles import short_titles
from benchmark.specs import Metric, Unit

TRIVIAL = 'trivial'
"""Protocol of predictors that look at no image; they are a floor, not a competitor."""

_LAST = sys.maxsize
_UNDECLARED = Metric('', Unit.NONE, higher_is_better=True, bounds=(-math.inf, math.inf))


@functools.cache
def _known_kinds() -> Mapping[str, Kind]:
    """Return the kinds that are installed here by name; records may be of others."""
    return {kind.name: kind for kind in all_kinds()}


@dataclass(frozen=True)
class TaskFacts:
    """A task as the tables need it.

    Attributes:
        name: its name.
        title: how tables call it.
        kind: name of its kind.
        group: the group in which it counts.
        head: the head that was trained.
        splits: how many samples by role.
        versions: all that occur among its records.
        metrics: all by key.
        primary: the headline metric.
    """

    name: str
    title: str
    kind: str
    group: str
    head: str
    splits: Mapping[str, Any]
    versions: tuple[str, ...]
    metrics: Mapping[str, Metric]
    primary: Metric

    @property
    def family(self) -> str:
        """The kind as it counts in aggregates: both kinds of tracking are one."""
        found = _known_kinds().get(self.kind)
        return found.counts_as if found else self.kind

    @property
    def order(self) -> tuple[int, str, str, str]:
        """The key by which tables order their columns."""
        found = _known_kinds().get(self.kind)
        return found.order if found else _LAST, self.kind, self.title, self.name

    @property
    def has_words(self) -> bool:
        """Whether drawn predictions are words, which take little room."""
        found = _known_kinds().get(self.kind)
        return found is not None and found.has_words


@dataclass(frozen=True)
class BackboneFacts:
    """A backbone as the tables need it.

    Attributes:
        id: its id.
        label: how tables call it, unique among the suite's backbones.
        family: family of its pretraining.
        method: method of its pretraining.
        data: data of its pretraining.
        epochs: length of its pretraining.
        uses_labels: whether its pretraining saw labels.
        architecture: its class.
        parameters: how many it has.
        source: where its network comes from.
        licence: that of its weights.
        shape: channels and strides of its feature maps.
        flops: operations for a picture of 224 x 224 pixels.
    """

    id: str
    label: str
    family: str
    method: str
    data: str
    epochs: float | None
    uses_labels: bool | None
    architecture: str
    parameters: int | None
    source: str
    licence: str
    shape: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())
    flops: float | None = None


def task_facts(records: Iterable[Brief]) -> dict[str, TaskFacts]:
    """Return the facts of every task by name, in the order of the tables' columns."""
    groups = _group_by(records, attrgetter('spec.task'))
    facts = [_task(name, group) for name, group in groups.items()]
    return {task.name: task for task in sorted(facts, key=lambda task: task.order)}


def backbone_facts(records: Iterable[Brief]) -> dict[str, BackboneFacts]:
    """Return the facts of every backbone by id; labels of equal titles include the id.

    A backbone without a title is called by the shortest part of its id that keeps it apart.
    """
    groups = _group_by(records, attrgetter('spec.backbone'))
    said = {
        name: _newest(group, attrgetter('backbone')) or {} for name, group in sorted(groups.items())
    }
    titles = {name: _title(group) for name, group in groups.items()}
    untitled = [name for name, title in titles.items() if not title]
    titles |= short_titles(untitled, taken=filter(None, titles.values()))
    titles = dict(sorted(titles.items()))
    counts = Counter(titles.values())
    return {
        name: _backbone(name, title if counts[title] == 1 else f'{title} ({name})', said[name])
        for name, title in titles.items()
    }


def _title(records: Sequence[Brief]) -> str:
    """Return what the newest record with a name for its backbone calls it; empty where none has."""
    return str(_newest(records, lambda r: (r.backbone or {}).get('title')) or '')


def _group_by(records: Iterable[Brief], key: Callable[[Brief], str]) -> dict[str, list[Brief]]:
    groups: dict[str, list[Brief]] = {}
    for record in records:
        groups.setdefault(key(record), []).append(record)
    return groups


def _newest(records: Sequence[Brief], said: Callable[[Brief], Any]) -> Any:
    """Return what the newest record that says anything says; ``None`` where none does."""
    first = said(records[0])
    # records from one file repeat each other, and then there is nothing to choose
    if first and all(item is first for item in map(said, records)):
        return first
    newest = max(filter(said, records), key=_age, default=None)
    return newest and said(newest)


def _age(record: Brief) -> tuple[datetime, str, str, str, str, int]:
    spec = record.spec
    place = (spec.task, spec.backbone, spec.protocol, spec.seed)
    return (record.finished, record.fingerprint, *place)


def _task(name: str, records: list[Brief]) -> TaskFacts:
    said = _newest(records, attrgetter('task')) or {}
    metrics = {metric.key: metric for metric in _metrics(name, said.get('metrics') or ())}
    key = _newest(records, attrgetter('primary')) or ''
    tasks = {id(record.task): record.task for record in records}.values()
    versions = {str(task['version']) for task in tasks if 'version' in task}
    kind = str(said.get('kind') or 'other')
    return TaskFacts(
        name=name,
        title=str(said.get('title') or name),
        kind=kind,
        group=str(said.get('group') or kind),
        head=str(said.get('head') or ''),
        splits=said.get('splits') or {},
        versions=tuple(sorted(versions)),
        metrics=metrics,
        primary=metrics.get(key) or undeclared_metric(key),
    )


def asked_facts(suite: SuiteFacts) -> dict[str, tuple[TaskFacts, ...]]:
    """Return the tasks that a suite asks for under each protocol, whether records are of them.

    Raises:
        RecordError: a metric of a task cannot be read.
    """
    known = {name: declared_facts(name, said) for name, said in suite.tasks.items()}
    return {name: tuple(known[task] for task in tasks) for name, tasks in suite.asked.items()}


def declared_facts(name: str, said: Mapping[str, Any]) -> TaskFacts:
    """Return the facts of a task by what its suite says of it, where no record is of it."""
    metrics = {metric.key: metric for metric in _metrics(name, said.get('metrics') or ())}
    return TaskFacts(
        name=name,
        title=said['title'],
        kind=said['kind'],
        group=said['group'],
        head=said['head'],
        splits={},
        versions=(str(said.get('version')),),
        metrics=metrics,
        primary=metrics.get(said['primary']) or undeclared_metric(said['primary']),
    )


def undeclared_metric(key: str) -> Metric:
    """Return a stand-in for a metric that is known by its key alone."""
    return Metric(key, _UNDECLARED.unit, _UNDECLARED.higher_is_better, _UNDECLARED.bounds)


def _metrics(task: str, said: Iterable[Mapping[str, Any]]) -> list[Metric]:
    try:
        return [_metric(item) for item in said]
    except UNFIT as error:
        raise RecordError(
            f"records of task '{task}': unreadable metric ({error}); run the task again"
        ) from None


def _metric(said: Mapping[str, Any]) -> Metric:
    low, high = said.get('bounds') or (None, None)
    return Metric(
        key=str(said['key']),
        unit=Unit(said.get('unit', Unit.NONE)),
        higher_is_better=bool(said.get('higher_is_better', True)),
        bounds=(-math.inf if low is None else low, math.inf if high is None else high),
        title=str(said.get('title') or ''),
    )


def _backbone(name: str, label: str, said: Mapping[str, Any]) -> BackboneFacts:
    pretraining = said.get('pretraining') or {}
    return BackboneFacts(
        id=name,
        label=label,
        family=str(pretraining.get('family') or 'unknown'),
        method=str(pretraining.get('method') or ''),
        data=str(pretraining.get('data') or ''),
        epochs=pretraining.get('epochs'),
        uses_labels=pretraining.get('labels'),
        architecture=str(said.get('architecture') or ''),
        parameters=said.get('parameters'),
        source=str(said.get('source') or ''),
        licence=str(said.get('licence') or ''),
        shape=(tuple(said.get('channels') or ()), tuple(said.get('strides') or ())),
        flops=said.get('flops'),
    )
