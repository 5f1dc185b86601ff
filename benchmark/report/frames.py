"""Records as a tidy data frame: one row per record and metric."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import repeat
from typing import Any

import pandas as pd

from benchmark.report.facts import (
    BackboneFacts,
    TaskFacts,
    backbone_facts,
    task_facts,
    undeclared_metric,
)
from benchmark.results.briefs import Brief

COLUMNS = (
    'suite', 'protocol', 'kind', 'group', 'task', 'task_title', 'task_version', 'backbone',
    'backbone_title', 'family', 'method', 'data', 'epochs', 'labels', 'seed', 'metric',
    'unit', 'higher_is_better', 'is_primary', 'value', 'raw', 'status', 'error',
    'train_seconds', 'peak_memory_mb', 'device', 'finished', 'fingerprint',
)  # fmt: skip
NUMBERS = (
    'task_version', 'epochs', 'labels', 'value', 'raw', 'train_seconds', 'peak_memory_mb',
)  # fmt: skip
"""Columns in which a number may be unknown."""

Columns = Mapping[str, Sequence[Any]]
"""A tidy frame by column, in the order of ``COLUMNS``, before pandas has it."""


def newest(records: Iterable[Brief]) -> list[Brief]:
    """Return one record per cell and seed, sorted: the newest ``ok`` one, else the newest failed.

    All seeds of a backbone on a task are of one make (configuration, weights, data, libraries),
    that of its best record: another make is another experiment. Records of runs with
    ``--cfg-options`` stand back behind those without. The end time in the provenance decides,
    then the fingerprint, so that the order of the records changes nothing.
    """
    cells: dict[tuple[str, str, str], list[Brief]] = {}
    for record in records:
        spec = record.spec
        cells.setdefault((spec.task, spec.backbone, spec.protocol), []).append(record)
    return [record for place in sorted(cells) for record in _one_per_seed(cells[place])]


def _one_per_seed(records: list[Brief]) -> list[Brief]:
    chosen = {record.spec.seed: record for record in records}
    if len(chosen) < len(records) or len({record.make for record in records}) > 1:
        best_last = sorted(records, key=_precedence)
        make = best_last[-1].make
        chosen = {record.spec.seed: record for record in best_last if record.make == make}
    return [chosen[seed] for seed in sorted(chosen)]


def _precedence(record: Brief) -> tuple[Any, ...]:
    return record.is_ok, record.is_plain, record.finished, record.fingerprint, record.spec.seed


def tidy(records: Iterable[Brief]) -> pd.DataFrame:
    """Return the newest records with one row per record and metric, values in canonical units.

    A failed record has one row, for the task's primary metric, without a value.
    """
    chosen = newest(records)
    return pd.DataFrame(tidied(chosen, task_facts(chosen), backbone_facts(chosen)))


def tidied(
    chosen: Iterable[Brief],
    tasks: Mapping[str, TaskFacts],
    backbones: Mapping[str, BackboneFacts],
) -> Columns:
    """Return what :func:`tidy` returns, by column, of records that are already the newest."""
    about = {name: (task.kind, task.group, name, task.title) for name, task in tasks.items()}
    metrics = {name: _metrics(task) for name, task in tasks.items()}
    who = {name: _pretrained(facts) for name, facts in backbones.items()}
    rows = [
        (
            record.suite,
            spec.protocol,
            *about[spec.task],
            record.task.get('version'),
            *who[spec.backbone],
            spec.seed,
            *score,
            record.seconds,
            record.memory_mb,
            record.device,
            record.ended,
            record.fingerprint,
        )
        for record in sorted(chosen, key=_row_place)
        for spec in (record.spec,)
        for score in _scores(record, tasks[spec.task], metrics[spec.task])
    ]
    columns = dict(zip(COLUMNS, zip(*rows, strict=True) if rows else repeat(()), strict=False))
    # whole and broken numbers of a column become alike, and what is unknown nan
    return {**columns, **{name: pd.Series(columns[name]).tolist() for name in NUMBERS}}


def _row_place(record: Brief) -> tuple[str, str, str, int]:
    spec = record.spec
    return spec.protocol, spec.task, spec.backbone, spec.seed


def _pretrained(facts: BackboneFacts) -> tuple[Any, ...]:
    """Return the columns from ``backbone`` to ``labels``."""
    pretraining = facts.family, facts.method, facts.data, facts.epochs, facts.uses_labels
    return (facts.id, facts.label, *pretraining)


def _metrics(task: TaskFacts) -> dict[str, tuple[Any, ...]]:
    """Return the columns from ``metric`` to ``is_primary`` of each metric that is declared."""
    return {key: _metric(task, key) for key in (*task.metrics, task.primary.key)}


def _metric(task: TaskFacts, key: str) -> tuple[Any, ...]:
    metric = task.metrics.get(key) or undeclared_metric(key)
    return key, metric.unit.value, metric.higher_is_better, key == task.primary.key


def _scores(
    record: Brief, task: TaskFacts, metrics: Mapping[str, tuple[Any, ...]]
) -> Iterator[tuple[Any, ...]]:
    """Yield the columns from ``metric`` to ``error`` for each metric of a record."""
    scores = dict(record.scores) if record.is_ok else {}
    scores.setdefault(task.primary.key, math.nan)
    for key, value in sorted(scores.items()):
        missing = record.is_ok and math.isnan(value)
        yield (
            *(metrics.get(key) or _metric(task, key)),
            value,
            record.raw.get(key, math.nan),
            'ok' if record.is_ok and not missing else 'failed',
            f"the record holds no score '{key}'" if missing else record.error,
        )
