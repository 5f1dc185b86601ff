"""Records as a tidy data frame: one row per record and metric."""

from __future__ import annotations

import math
from collections.abc import Iterable
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
from benchmark.specs import RunSpec, fingerprint

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
    ranked = sorted(records, key=_precedence, reverse=True)
    makes: dict[tuple[str, str, str], str] = {}
    chosen: dict[RunSpec, RunRecord] = {}
    for record in ranked:
        spec, make = record.spec, _make(record)
        if makes.setdefault((spec.task, spec.backbone, spec.protocol), make) == make:
            chosen.setdefault(spec, record)
    return [chosen[spec] for spec in sorted(chosen)]


def _precedence(record: RunRecord) -> tuple[Any, ...]:
    is_plain = not record.provenance.get('options')
    return record.is_ok, is_plain, finished(record), record.fingerprint, record.spec


def _make(record: RunRecord) -> str:
    """Return the identity of what a record shares with the other seeds of its cell."""
    provenance = record.provenance
    return fingerprint(
        {
            'config': {k: v for k, v in record.config.items() if k != 'randomness'},
            **{key: provenance.get(key) for key in ('weights', 'data_manifest', 'libraries')},
        }
    )


def tidy(records: Iterable[RunRecord]) -> pd.DataFrame:
    """Return the newest records with one row per record and metric, values in canonical units.

    A failed record has one row, for the task's primary metric, without a value.
    """
    chosen = newest(records)
    tasks, backbones = task_facts(chosen), backbone_facts(chosen)
    rows = [
        row
        for record in chosen
        for row in _rows(record, tasks[record.spec.task], backbones[record.spec.backbone])
    ]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    keys = ['protocol', 'task', 'backbone', 'seed', 'metric']
    return frame.sort_values(keys, kind='stable', ignore_index=True)


def _rows(record: RunRecord, task: TaskFacts, backbone: BackboneFacts) -> Iterable[dict[str, Any]]:
    common = _common(record, task, backbone)
    scores = dict(record.scores) if record.is_ok else {}
    scores.setdefault(task.primary.key, math.nan)
    for key, value in sorted(scores.items()):
        yield common | _score(record, task, key, value)


def _score(record: RunRecord, task: TaskFacts, key: str, value: float) -> dict[str, Any]:
    metric = task.metrics.get(key) or undeclared_metric(key)
    missing = record.is_ok and math.isnan(value)
    return {
        'metric': key,
        'unit': metric.unit.value,
        'higher_is_better': metric.higher_is_better,
        'is_primary': key == task.primary.key,
        'value': value,
        'raw': record.raw.get(key, math.nan),
        'status': 'failed' if missing else record.status.value,
        'error': f"the record holds no score '{key}'" if missing else record.error,
    }


def _common(record: RunRecord, task: TaskFacts, backbone: BackboneFacts) -> dict[str, Any]:
    spec = record.spec
    return {
        'suite': record.suite,
        'protocol': spec.protocol,
        'kind': task.kind,
        'group': task.group,
        'task': spec.task,
        'task_title': task.title,
        'task_version': record.task.get('version'),
        'backbone': spec.backbone,
        'backbone_title': backbone.label,
        'family': backbone.family,
        'method': backbone.method,
        'data': backbone.data,
        'epochs': backbone.epochs,
        'labels': backbone.uses_labels,
        'seed': spec.seed,
        'train_seconds': record.cost.get('train_seconds', math.nan),
        'peak_memory_mb': record.cost.get('peak_memory_mb', math.nan),
        'device': str(record.cost.get('device') or ''),
        'finished': record.provenance.get('finished', ''),
        'fingerprint': record.fingerprint,
    }
