"""Scores of records by cell, negated where lower is better, to compare backbones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from benchmark.results.counting import counted_records
from benchmark.results.records import RunRecord

FINETUNE, TRIVIAL = 'finetune', 'trivial'
"""Names of protocols."""


class SeedScores(NamedTuple):
    """The scores of a backbone on a task by seed, above being better, and facts of the task."""

    task: Mapping[str, Any]
    metric: Mapping[str, Any]
    by_seed: Mapping[int, float]


def scores_by_cell(records: Iterable[RunRecord]) -> dict[tuple[str, str], SeedScores]:
    """Return fine-tuned scores by task and backbone, negated where lower is better."""
    found: dict[tuple[str, str], SeedScores] = {}
    for record in counted_records(records):
        if not record.is_ok or record.spec.protocol != FINETUNE:
            continue
        place = (record.spec.task, record.spec.backbone)
        before = found[place].by_seed if place in found else {}
        by_seed = {**before, record.spec.seed: _score(record)}
        found[place] = SeedScores(record.task, _metric(record), by_seed)
    return found


def trivial_scores(records: Iterable[RunRecord]) -> dict[str, float]:
    """Return what the best trivial predictor of each task scores, above being better."""
    floors: dict[str, float] = {}
    for record in counted_records(records):
        if record.is_ok and record.spec.protocol == TRIVIAL:
            score = _score(record)
            floors[record.spec.task] = max(score, floors.get(record.spec.task, score))
    return floors


def _metric(record: RunRecord) -> Mapping[str, Any]:
    found: Mapping[str, Any] = next(m for m in record.task['metrics'] if m['key'] == record.primary)
    return found


def _score(record: RunRecord) -> float:
    return (1 if _metric(record)['higher_is_better'] else -1) * record.scores[record.primary]
