"""Build the record of a run from its plan and the answer of a worker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from benchmark.results.records import RunRecord, Status
from benchmark.specs import Task


def finish_record(
    record: RunRecord, task: Task, answer: Mapping[str, Any], *, weights: str | None
) -> RunRecord:
    """Complete ``record`` with the measurements, or with the reason why there are none.

    Args:
        record: the facts of the run, known before it started.
        task: whose metrics the answer must hold.
        answer: what the worker said; ``error`` is empty where it succeeded.
        weights: hash of the backbone's weights.
    """
    if answer['error']:
        return replace(record, status=Status.FAILED, error=str(answer['error']))
    try:
        return add_measured(record, task, answer, weights=weights)
    except (KeyError, ValueError) as error:
        refused = f'result refused: {error.args[0]}'
        return replace(record, status=Status.FAILED, error=refused)


def add_measured(
    record: RunRecord, task: Task, answer: Mapping[str, Any], *, weights: str | None
) -> RunRecord:
    """Return ``record`` with the measurements of a worker.

    Args:
        record: the record of the run so far.
        task: the task, for metrics and their units.
        answer: what the worker returned.
        weights: SHA-256 of the weights, if any were loaded.

    Raises:
        KeyError: the answer lacks a declared metric or a part of the record.
        ValueError: a score lies outside its metric's bounds, or a number is not finite.
    """
    scored = replace(
        record,
        status=Status.OK,
        scores=canonical_scores(task, answer['raw']),
        raw=answer['raw'],
        proof={**answer['proof'], 'weights_sha256': weights},
        cost=answer['cost'],
        curves=answer['curves'],
        pictures=tuple(answer['pictures']),
        trials=tuple(answer.get('trials', ())),
    )
    scored.to_json()
    return scored


def canonical_scores(task: Task, raw: Mapping[str, float]) -> dict[str, float]:
    """Return the task's metrics in canonical units.

    One that is optional, and not the primary one, may be absent: it has no score then.

    Raises:
        KeyError: the evaluators did not return a declared metric.
        ValueError: a value lies outside its metric's bounds.
    """
    metrics = {metric.key: metric for metric in (task.metric, *task.metrics)}
    needed = [key for key, m in metrics.items() if not m.is_optional or key == task.metric.key]
    missing = [key for key in needed if key not in raw]
    if missing:
        raise KeyError(f'the evaluators returned no {missing[0]}, only {", ".join(sorted(raw))}')
    return {key: metric.canonical(raw[key]) for key, metric in metrics.items() if key in raw}


def describe(record: RunRecord, backbone: str = '') -> str:
    """Return one line about a finished cell; ``backbone`` is the title of its backbone."""
    spec = record.spec
    cell = f'{spec.task}  {backbone or spec.backbone}  {spec.protocol}  seed {spec.seed}'
    if not record.is_ok:
        return f'{cell}  FAILED: {record.error}'
    seconds = record.cost['train_seconds'] + record.cost['test_seconds']
    batch = record.proof.get('batch')
    parts = f', out of memory: batch in {batch["parts"]} parts' if batch else ''
    return f'{cell}  {record.primary} {record.scores[record.primary]:.2f}  ({seconds:.0f} s{parts})'
