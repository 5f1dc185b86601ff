"""Summaries of records with all that tables need, small enough to hold 100,000 in memory."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from benchmark.results.identity import experiment_mark
from benchmark.results.learning import loss_fell
from benchmark.results.records import RunRecord, moment
from benchmark.specs import RunSpec


class Brief(NamedTuple):
    """What tables need of the record in the file ``path``.

    ``make`` is a hash of everything that the seeds of an experiment share; ``is_plain`` is false if
    ``--cfg-options`` changed any of it. ``seconds`` and ``memory_mb`` are those of the training,
    ``None`` if the record does not say; ``whole_seconds`` are those of search, training and test,
    ``None`` of a training that was resumed, which did not measure its first part; ``ended`` is the
    end time as written in the record; ``loss_fell`` is ``None`` where nothing was trained.
    """

    path: str
    suite: str
    spec: RunSpec
    fingerprint: str
    is_ok: bool
    error: str
    primary: str
    scores: Mapping[str, float]
    raw: Mapping[str, float]
    task: Mapping[str, Any]
    backbone: Mapping[str, Any]
    seconds: float | None
    whole_seconds: float | None
    memory_mb: float | None
    device: str
    ended: str
    is_plain: bool
    make: str
    loss_fell: bool | None = None

    @property
    def finished(self) -> datetime:
        """When the run ended (UTC); the earliest possible time if the record does not say."""
        return moment(self.ended)


def brief(record: RunRecord, path: str = '') -> Brief:
    """Return the summary of ``record``, which was read from ``path``."""
    cost, said = record.cost, record.provenance
    return Brief(
        path=path,
        suite=record.suite,
        spec=record.spec,
        fingerprint=record.fingerprint,
        is_ok=record.is_ok,
        error=record.error,
        primary=record.primary,
        scores=record.scores,
        raw=record.raw,
        task=record.task,
        backbone=record.backbone,
        seconds=record.training_seconds,
        whole_seconds=_whole_seconds(cost),
        memory_mb=cost.get('peak_memory_mb'),
        device=str(cost.get('device') or ''),
        ended=said.get('finished', ''),
        is_plain=not said.get('options'),
        make=experiment_mark(record.config, record.task, said),
        loss_fell=_loss_fell(record),
    )


def _loss_fell(record: RunRecord) -> bool | None:
    """Return what the record says, or what its curves show where an older release wrote it."""
    said = record.proof.get('loss_fell')
    return said if isinstance(said, bool) else loss_fell(record.curves)


def _whole_seconds(cost: Mapping[str, Any]) -> float | None:
    if cost.get('resumed_at'):
        return None
    phases = ('search_seconds', 'train_seconds', 'test_seconds')
    return float(sum(cost.get(phase) or 0.0 for phase in phases))
