"""Records as a tidy data frame: one row per record and metric."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from benchmark.report.facts import (
    BackboneFacts,
    TaskFacts,
    backbone_facts,
    finished,
    task_facts,
    undeclared_metric,
)
from benchmark.results.records import RunRecord
from benchmark.specs import RunSpec

COLUMNS = (
    'suite', 'protocol', 'kind', 'group', 'task', 'task_title', 'task_version', 'backbone',
    'backbone_title', 'family', 'method', 'data', 'epochs', 'labels', 'seed', 'metric',
    'unit', 'higher_is_better', 'is_primary', 'value', 'raw', 'status', 'error',
    'train_seconds', 'peak_memory_mb', 'device', 'finished', 'fingerprint',
)  # fmt: skip


def newest(records: Iterable[RunRecord]) -> list[RunRecord]:
    """Return one record per cell and seed, sorted: the newest ``ok`` one, else the newest failed.

    All seeds of a backbone on a task are of one make (configuration, weights, data, libraries),
    that of its best record: another make is another experiment. Records of runs with
    ``--cfg-options`` stand back behind those without. The end time in the provenance decides,
    then the fingerprint, so that the order of the records changes nothing.
    """
    makes: dict[tuple[str, str, str], RunRecord] = {}
    chosen: dict[RunSpec, RunRecord] = {}
    for record in sorted(records, key=_precedence, reverse=True):
        spec = record.spec
        first = makes.setdefault((spec.task, spec.backbone, spec.protocol), record)
        if first is record or _is_same_make(first, record):
            chosen.setdefault(spec, record)
    return [chosen[spec] for spec in sorted(chosen, key=_place)]


def _place(spec: RunSpec) -> tuple[str, str, str, int]:
    return spec.task, spec.backbone, spec.protocol, spec.seed


def _precedence(record: RunRecord) -> tuple[Any, ...]:
    is_plain = not record.provenance.get('options')
    return record.is_ok, is_plain, finished(record), record.fingerprint, _place(record.spec)


def _is_same_make(first: RunRecord, second: RunRecord) -> bool:
    """Whether two seeds of a cell share all but the seed."""
    said, other = first.provenance, second.provenance
    return all(
        said.get(key) == other.get(key) for key in ('weights', 'data_manifest', 'libraries')
    ) and _without_seed(first) == _without_seed(second)


def _without_seed(record: RunRecord) -> dict[str, Any]:
    return {key: value for key, value in record.config.items() if key != 'randomness'}


def tidy(records: Iterable[RunRecord]) -> pd.DataFrame:
    """Return the newest records with one row per record and metric, values in canonical units.

    A failed record has one row, for the task's primary metric, without a value.
    """
    chosen = newest(records)
    return tidied(chosen, task_facts(chosen), backbone_facts(chosen))


def tidied(
    chosen: Iterable[RunRecord],
    tasks: Mapping[str, TaskFacts],
    backbones: Mapping[str, BackboneFacts],
) -> pd.DataFrame:
    """Return the same as :func:`tidy` for records that are already the newest, with their facts."""
    rows = [
        row
        for record in sorted(chosen, key=_row_place)
        for row in _rows(record, tasks[record.spec.task], backbones[record.spec.backbone])
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _row_place(record: RunRecord) -> tuple[str, str, str, int]:
    spec = record.spec
    return spec.protocol, spec.task, spec.backbone, spec.seed


def _rows(record: RunRecord, task: TaskFacts, backbone: BackboneFacts) -> Iterable[tuple[Any, ...]]:
    before, after = _before(record, task, backbone), _after(record)
    scores = dict(record.scores) if record.is_ok else {}
    scores.setdefault(task.primary.key, math.nan)
    for key, value in sorted(scores.items()):
        yield (*before, *_score(record, task, key, value), *after)


def _before(record: RunRecord, task: TaskFacts, backbone: BackboneFacts) -> tuple[Any, ...]:
    """Return the columns from ``suite`` to ``seed``."""
    spec = record.spec
    return (
        record.suite,
        spec.protocol,
        task.kind,
        task.group,
        spec.task,
        task.title,
        record.task.get('version'),
        spec.backbone,
        backbone.label,
        backbone.family,
        backbone.method,
        backbone.data,
        backbone.epochs,
        backbone.uses_labels,
        spec.seed,
    )


def _score(record: RunRecord, task: TaskFacts, key: str, value: float) -> tuple[Any, ...]:
    """Return the columns from ``metric`` to ``error``."""
    metric = task.metrics.get(key) or undeclared_metric(key)
    missing = record.is_ok and math.isnan(value)
    return (
        key,
        metric.unit.value,
        metric.higher_is_better,
        key == task.primary.key,
        value,
        record.raw.get(key, math.nan),
        'failed' if missing else record.status.value,
        f"the record holds no score '{key}'" if missing else record.error,
    )


def _after(record: RunRecord) -> tuple[Any, ...]:
    """Return the columns from ``train_seconds`` to ``fingerprint``."""
    cost = record.cost
    return (
        cost.get('train_seconds', math.nan),
        cost.get('peak_memory_mb', math.nan),
        str(cost.get('device') or ''),
        record.provenance.get('finished', ''),
        record.fingerprint,
    )
