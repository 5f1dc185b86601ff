"""Records as a tidy data frame: one row per record and metric."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from benchmark.report.data.facts import BackboneFacts, TaskFacts, undeclared_metric
from benchmark.results.briefs import Brief
from benchmark.results.counting import Runs
from benchmark.specs import CellKey

COLUMNS = (
    'suite', 'protocol', 'kind', 'group', 'task', 'task_title', 'task_version', 'backbone',
    'backbone_title', 'family', 'method', 'data', 'epochs', 'labels', 'seed', 'metric',
    'unit', 'higher_is_better', 'is_primary', 'value', 'raw', 'status', 'error',
    'train_seconds', 'peak_memory_mb', 'device', 'finished', 'fingerprint',
)  # fmt: skip


NOT_SHOWN = 'not_shown'
"""Column of how many results of a cell do not count; only where there are any."""

Values = tuple[Any, ...]
"""Values of some columns that stand side by side."""

Line = tuple[int, Values, Values, Values, Values, Values]
"""A row of the tidy frame behind the columns of its cell.

``seed``; ``metric`` to ``is_primary``; ``value`` and ``raw``; ``status`` and ``error``; time and
memory; ``device`` to ``fingerprint``.
"""


def tidy(
    runs: Runs,
    tasks: Mapping[str, TaskFacts],
    backbones: Mapping[str, BackboneFacts],
    aside: Mapping[CellKey, int] | None = None,
) -> pd.DataFrame:
    """Return the newest records with one row per record and metric, values in canonical units.

    A failed record has one row, for the task's primary metric, without a value. Where cells have
    results with other settings than those that count, a last column, ``not_shown``, says how many.

    Args:
        runs: the records that count.
        tasks: facts by name.
        backbones: facts by id.
        aside: how many results of a cell do not count.
    """
    rows = [
        (*cell, seed, *itertools.chain.from_iterable(parts))
        for cell, lines in tidy_rows(runs, tasks, backbones)
        for seed, *parts in lines
    ]
    frame = pd.DataFrame(rows, columns=COLUMNS)
    if aside:
        frame[NOT_SHOWN] = [aside.get(cell_of(row), 0) for row in rows]
    return frame


def cell_of(values: Values) -> CellKey:
    """Return the cell of a row from its first columns."""
    return CellKey(*(values[place] for place in _CELL))


_CELL = tuple(COLUMNS.index(name) for name in ('protocol', 'task', 'backbone'))


def tidy_rows(
    runs: Runs, tasks: Mapping[str, TaskFacts], backbones: Mapping[str, BackboneFacts]
) -> Iterator[tuple[Values, list[Line]]]:
    """Yield the rows of :func:`tidy`: what adjacent ones share, ``suite`` to ``labels``, once."""
    metrics = {name: _metrics(task) for name, task in tasks.items()}
    who = {name: _backbone_columns(facts) for name, facts in backbones.items()}
    for (protocol, name, backbone), records in runs.items():
        task, known = tasks[name], metrics[name]
        for (suite, version), alike in itertools.groupby(records, key=_origin):
            about = task.kind, task.group, task.name, task.title, version
            lines = [
                (record.spec.seed, known.get(key) or _metric(task, key), *_rest(record, key, value))
                for record in alike
                for key, value in _scores(record, task.primary.key)
            ]
            yield (suite, protocol, *about, *who[backbone]), lines


def _origin(record: Brief) -> tuple[str, Any]:
    return record.suite, record.task.get('version')


def _backbone_columns(facts: BackboneFacts) -> Values:
    """Return the columns from ``backbone`` to ``labels``."""
    pretraining = facts.family, facts.method, facts.data, facts.epochs, facts.uses_labels
    return (facts.id, facts.label, *pretraining)


def _metrics(task: TaskFacts) -> dict[str, Values]:
    """Return the columns from ``metric`` to ``is_primary`` of each metric that is declared."""
    return {key: _metric(task, key) for key in (*task.metrics, task.primary.key)}


def _metric(task: TaskFacts, key: str) -> Values:
    metric = task.metrics.get(key) or undeclared_metric(key)
    return key, metric.unit.value, metric.higher_is_better, key == task.primary.key


def _scores(record: Brief, primary: str) -> list[tuple[str, float]]:
    """Return the scores by key, sorted, with ``nan`` for a primary one that there is not."""
    found = record.scores if record.is_ok else {}
    return sorted((found if primary in found else {primary: math.nan, **found}).items())


def _rest(record: Brief, key: str, value: float) -> tuple[Values, Values, Values, Values]:
    """Return the columns from ``value`` on, as the parts of a line."""
    # nan alone differs from itself
    is_known = record.is_ok and value == value
    return (
        (value, record.raw.get(key, math.nan)),
        ('ok', record.error) if is_known else ('failed', reason(record, key)),
        (record.seconds, record.memory_mb),
        (record.device, record.ended, record.fingerprint),
    )


def reason(record: Brief, key: str) -> str:
    """Return why a record has no score ``key``; what it says of itself where it has one."""
    is_missing = record.is_ok and math.isnan(record.scores.get(key, math.nan))
    return f"the record holds no score '{key}'" if is_missing else record.error
