"""Check one record by what it holds: its fingerprint, scores, weights, seed, times and outcomes."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from benchmark.catalog import shipped_tasks
from benchmark.commons.reasons import Badge, Reason
from benchmark.errors import UNFIT, RecordError
from benchmark.protocols import TRIVIAL
from benchmark.results.identity import parts_of, recorded_fingerprint
from benchmark.results.records import RunRecord
from benchmark.specs import Metric, Task, Unit
from benchmark.statistics.outcome_files import Measured, unpack

_HASH = re.compile('[0-9a-f]{64}')
_CLOSE = 1e-6
"""The share by which a recomputed score may differ: sums of single-precision numbers do."""

CLOCKS = timedelta(minutes=10)
"""How far the clocks of two machines may be apart."""

Found = tuple[Reason, str]
Outcomes = Callable[[str], bytes | None]
"""Returns the outcomes that have this SHA-256, or ``None``."""


class Checked(NamedTuple):
    """What the check of a record found.

    ``examples`` names the test examples of its outcomes, as a hash; ``None`` where it has none.
    """

    problems: tuple[Found, ...]
    badge: Badge
    examples: int | None


def check_record(record: RunRecord, outcomes: Outcomes, made: datetime | None = None) -> Checked:
    """Return what is wrong with a finished record, and how far its scores were checked.

    Args:
        record: the record.
        outcomes: returns what was kept of test examples.
        made: the latest time at which it can have ended; now unless given.
    """
    if failed := _unfinished(record):
        return Checked(((Reason.FAILED, failed),), Badge.SELF_REPORTED, None)
    problems = [
        *_identity(record), *_scores(record), *_declared(record), *_weights(record), *_seed(record),
        *_times(record, made or datetime.now(UTC)),
    ]  # fmt: skip
    badge, examples = Badge.SELF_REPORTED, None
    try:
        found = _kept(record, outcomes)
        problems += _recomputed(record, found)
        if record.primary in found:
            badge, examples = Badge.RECOMPUTED, _examples(found[record.primary])
    except RecordError as error:
        problems.append((Reason.OUTCOMES, str(error)))
    return Checked(tuple(problems), badge, examples)


def _unfinished(record: RunRecord) -> str:
    """Return why a record is not that of a finished run; empty where it is."""
    if not record.is_ok:
        return f'it failed: {record.error}'
    if record.error:
        return f"its status is ok, and its error is '{record.error:.80}'"
    for part in ('scores', 'raw', 'task', 'proof', 'cost', 'config', 'provenance'):
        if not getattr(record, part):
            return f"its status is ok, and '{part}' is empty"
    if record.primary not in record.scores:
        return f"its status is ok, and it has no score of '{record.primary}'"
    return ''


def _identity(record: RunRecord) -> Iterator[Found]:
    if not record.provenance.get('libraries'):
        yield Reason.FINGERPRINT, "'provenance.libraries' is empty"
    numerics = record.provenance.get('numerics') or {}
    parts = parts_of(
        record.config,
        kind=str(record.task.get('kind')),
        protocol=record.spec.protocol,
        source=str(record.backbone.get('source') or ''),
    )
    if set(parts) != set(numerics):
        yield (
            Reason.FINGERPRINT,
            f'it numbers the parts {sorted(numerics)}, the run has {sorted(parts)}',
        )
    found = recorded_fingerprint(record.config, record.task, record.provenance)
    if found != record.fingerprint:
        yield (
            Reason.FINGERPRINT,
            f'{record.fingerprint[:10]}; configuration, weights, data, task version, libraries and '
            f'numerics give {found[:10]}',
        )


def _scores(record: RunRecord) -> Iterator[Found]:
    """Yield scores that do not follow from what the evaluators returned."""
    metrics = {str(item['key']): item for item in record.task.get('metrics') or ()}
    for key, score in record.scores.items():
        if not math.isfinite(score):
            yield Reason.NOT_FINITE, f"'{key}' is {score}"
        elif key not in metrics:
            yield Reason.SCORE, f"'{key}' is not a metric of the task"
        elif key not in record.raw:
            yield Reason.SCORE, f"'{key}' is {score:g}, and the evaluators returned none"
        else:
            try:
                given = _metric(metrics[key]).canonical(record.raw[key])
            except UNFIT as error:
                yield Reason.SCORE, str(error)
                continue
            if not _are_close(score, given):
                yield Reason.SCORE, f"'{key}' is {score:g}, what the evaluators returned {given:g}"


def _metric(said: Mapping[str, Any]) -> Metric:
    low, high = said.get('bounds') or (None, None)
    return Metric(
        str(said['key']),
        Unit(said['unit']),
        bool(said['higher_is_better']),
        (-math.inf if low is None else low, math.inf if high is None else high),
    )


def _are_close(a: float, b: float) -> bool:
    return abs(a - b) <= _CLOSE * max(1.0, abs(a), abs(b))


@functools.cache
def _tasks() -> Mapping[str, Task]:
    """Return the tasks of this release, read once for all records."""
    return shipped_tasks()


def _declared(record: RunRecord) -> Iterator[Found]:
    """Yield where a record contradicts the task of this release."""
    task = _tasks().get(record.spec.task)
    if task is None:
        return
    version = record.task.get('version')
    if version != task.version:
        yield Reason.TASK, f'version {version}, this release has {task.version}'
        return
    if record.primary != task.metric.key:
        yield Reason.SCORE, f"the headline metric is '{task.metric.key}', not '{record.primary}'"
    known = {m.key: (m.unit.value, m.higher_is_better) for m in (task.metric, *task.metrics)}
    for said in record.task.get('metrics') or ():
        key = said['key']
        if (said.get('unit'), said.get('higher_is_better')) != known.get(key):
            yield Reason.SCORE, f"'{key}' has another unit or direction than the task declares"


def _weights(record: RunRecord) -> Iterator[Found]:
    used, proved = record.provenance.get('weights'), record.proof.get('weights_sha256')
    if used != proved:
        yield Reason.WEIGHTS, f'{_short(used)} in provenance, {_short(proved)} in proof'
    is_random = bool(record.backbone.get('is_random')) or record.spec.protocol == TRIVIAL.name
    if is_random and used is not None:
        yield Reason.WEIGHTS, f'{_short(used)} of a backbone that has none'
    if not is_random and not (isinstance(used, str) and _HASH.fullmatch(used)):
        yield Reason.WEIGHTS, f'{_short(used)} is not a SHA-256'


def _short(value: Any) -> str:
    return value[:10] if isinstance(value, str) else repr(value)[:20]


def _seed(record: RunRecord) -> Iterator[Found]:
    randomness = record.config.get('randomness')
    used = randomness.get('seed') if isinstance(randomness, Mapping) else record.spec.seed
    if used != record.spec.seed:
        yield Reason.SEED, f'{record.spec.seed}, its configuration has {used}'


def _times(record: RunRecord, made: datetime) -> Iterator[Found]:
    times = []
    for key in ('started', 'finished'):
        try:
            found = datetime.fromisoformat(str(record.provenance.get(key)))
        except ValueError:
            yield Reason.TIME, f"'{key}' is {record.provenance.get(key)!r}"
            return
        times.append(found if found.tzinfo else found.replace(tzinfo=UTC))
    started, finished = times
    if finished < started:
        yield Reason.TIME, f'it ended {started - finished} before it started'
    if finished > made + CLOCKS:
        yield Reason.TIME, f'it ended at {finished.isoformat()}, after the bundle was made'


def _kept(record: RunRecord, outcomes: Outcomes) -> dict[str, Measured]:
    """Return the outcomes of a record by metric; empty where it has none.

    Raises:
        RecordError: it names some that are not there or unreadable.
    """
    said = record.proof.get('outcomes')
    if said is None:
        return {}
    digest = said.get('sha256') if isinstance(said, Mapping) else None
    if not isinstance(digest, str) or not _HASH.fullmatch(digest):
        raise RecordError(f'{digest!r:.40} is not a SHA-256 of outcomes')
    content = outcomes(digest)
    if content is None:
        raise RecordError(f'the record names {digest[:10]}, which is not there')
    return unpack(content, digest[:10])


def _recomputed(record: RunRecord, found: Mapping[str, Measured]) -> Iterator[Found]:
    """Yield the metrics that outcomes contradict."""
    for key, measured in found.items():
        said = record.raw.get(key)
        if said is None:
            continue
        try:
            value = measured.form.value()
        except UNFIT as error:
            yield Reason.OUTCOMES, f"'{key}' cannot be computed from them ({error})"
            continue
        if not _are_close(value, said):
            yield Reason.OUTCOMES, f"'{key}' is {said:g}, the outcomes give {value:g}"


def _examples(measured: Measured) -> int:
    """Return a number that tells the test examples of outcomes apart from others."""
    return hash((measured.form.count, measured.names))
