"""The record of one run: the schema of the JSON files under ``results/runs``.

A record holds facts only; every judgement (means, intervals, ranks) is derived
from records by the report and can be re-done without running anything.
"""

from __future__ import annotations

import enum
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

import orjson

from benchmark.errors import UNFIT, RecordError
from benchmark.results.forms import check_facts, is_number, parse_json
from benchmark.results.upgrades import SCHEMA, upgrade
from benchmark.specs import RunSpec

READ_FROM_CACHE = 'read from the cache'
"""What a probe's proof says of a split whose features an earlier run had extracted."""


class Status(enum.StrEnum):
    """How a run ended."""

    OK = 'ok'
    FAILED = 'failed'


@dataclass(frozen=True)
class RunRecord:
    """One finished or failed run.

    Attributes:
        suite: the suite it was run for.
        spec: the cell.
        fingerprint: identity of everything that determines the numbers.
        status: ``ok`` or ``failed``.
        error: one line with the reason and the remedy; empty when ``ok``.
        primary: key of the task's headline metric in ``scores``.
        scores: canonical values (percent, metres, ...) by metric key.
        raw: what the evaluators returned, by their own keys.
        task: facts about the task: ``kind``, ``title``, ``group``, ``version``, ``head``,
            ``splits`` and ``metrics`` (a list of key, unit, higher_is_better, bounds, title).
        backbone: facts about the backbone: ``title``, ``source``, ``architecture``,
            ``parameters``, ``flops`` (of one picture of 224 x 224 px), ``channels``, ``strides``,
            ``pretraining``, ``licence``.
        protocol: facts about the protocol: ``title``, ``trains_backbone``, ``views`` of a probe.
        proof: what was checked: parameters ``loaded`` / ``missing`` / ``unexpected``,
            ``weights_sha256``, ``normalisation``, ``groups`` (learning rate and weight
            decay that each parameter group got), ``backbone_changed``, ``head_changed``.
        cost: ``train_seconds``, ``test_seconds``, ``peak_memory_mb``, ``device``, ``processor``,
            ``iterations``, ``resumed_at``; ``search_seconds`` of a search; ``train_cpu_seconds``
            and ``test_cpu_seconds``, which processors spent on a phase.
        provenance: versions, start and end time (UTC), ``data_manifest`` and ``data_level`` (how
            much of the data it covers), ``weights``, ``numerics`` by part of the benchmark, and
            ``earlier``: fingerprint and manifest under which an older release kept the record.
        trials: what a probe tried, each with its score on the slice that chose among them.
        curves: training losses: ``iteration`` and one equally long list per loss term.
        pictures: files with drawn predictions, relative to the run's work folder.
        config: the compiled configuration, without machine-local keys.
    """

    suite: str
    spec: RunSpec
    fingerprint: str
    status: Status
    error: str = ''
    primary: str = ''
    scores: Mapping[str, float] = field(default_factory=dict)
    raw: Mapping[str, float] = field(default_factory=dict)
    task: Mapping[str, Any] = field(default_factory=dict)
    backbone: Mapping[str, Any] = field(default_factory=dict)
    protocol: Mapping[str, Any] = field(default_factory=dict)
    proof: Mapping[str, Any] = field(default_factory=dict)
    cost: Mapping[str, Any] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)
    curves: Mapping[str, list[float]] = field(default_factory=dict)
    trials: tuple[Mapping[str, Any], ...] = ()
    pictures: tuple[str, ...] = ()
    config: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_ok(self) -> bool:
        """Whether the run finished and was scored."""
        return self.status is Status.OK

    @property
    def earlier_fingerprint(self) -> str | None:
        """The fingerprint in the file name that an older release gave the record, if any."""
        earlier = self.provenance.get('earlier')
        found = earlier.get('fingerprint') if isinstance(earlier, dict) else None
        return found if isinstance(found, str) else None

    @property
    def training_seconds(self) -> float | None:
        """Seconds of the whole training, a search included; ``None`` where they are not known.

        A run that was resumed did not measure its first part, and a probe that read features from
        the cache did not pay for them.
        """
        cost, features = self.cost, self.proof.get('features') or {}
        was_cheaper = cost.get('resumed_at') or READ_FROM_CACHE in features.values()
        parts = cost.get('train_seconds'), cost.get('search_seconds', 0.0)
        return None if was_cheaper or None in parts else sum(parts)

    @property
    def finished(self) -> datetime:
        """When the run ended (UTC); the earliest possible time if the record does not say."""
        return moment(self.provenance.get('finished', ''))

    def to_json(self) -> str:
        """Return the record as indented JSON with its schema version."""
        content = {'schema': SCHEMA, **asdict(self)}
        if not self.trials:  # only a search has any
            del content['trials']
        text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + '\n'
        # a file name in an error may hold bytes that are not valid text, which JSON cannot hold
        return text.encode(errors='replace').decode()


def moment(said: object) -> datetime:
    """Parse a time from a record (UTC); return the earliest possible time if it is not valid."""
    try:
        found = datetime.fromisoformat(str(said))
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


def from_json(text: str | bytes, path: Path) -> RunRecord:
    """Return the record that ``text`` (the content of ``path``) holds.

    Raises:
        RecordError: the text is not JSON, of an unknown schema version, or lacks a field.
    """
    try:
        content = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        content = _with_broken_text(text)
        if content is None:
            raise RecordError(
                f'{path}: not JSON ({error}); delete the file to run the cell again'
            ) from None
    try:
        if isinstance(content, dict):
            _check_forms(content)
        return _build(upgrade(content, path), path)
    except UNFIT as error:
        raise RecordError(f'{path}: incomplete record ({error})') from None


def _with_broken_text(text: str | bytes) -> Any:
    """Parse JSON whose strings hold lone surrogates; return ``None`` if it is not JSON."""
    try:
        return parse_json(text, parse_constant=_refuse)
    except ValueError:
        return None


def _refuse(constant: str) -> None:
    raise ValueError(f'{constant} is not a number')


def _build(content: dict[str, Any], path: Path) -> RunRecord:
    known = {item.name for item in fields(RunRecord)}
    if unknown := sorted(content.keys() - known):
        raise RecordError(f'{path}: unknown keys {unknown}, allowed are {sorted(known)}')
    content['spec'] = RunSpec(**content['spec'])
    content['status'] = Status(content['status'])
    content['pictures'] = tuple(content.get('pictures', ()))
    content['trials'] = tuple(content.get('trials', ()))
    _check_numbers(content.get('scores', {}), 'scores')
    _check_numbers(content.get('raw', {}), 'raw')
    measured = {key: content.get('cost', {}).get(key) for key in _MEASURED}
    _check_numbers({key: n for key, n in measured.items() if n is not None}, 'cost')
    return RunRecord(**content)


_MEASURED = (
    'train_seconds',
    'test_seconds',
    'search_seconds',
    'train_cpu_seconds',
    'test_cpu_seconds',
    'peak_memory_mb',
    'resumed_at',
)
_TEXTS = ('suite', 'fingerprint', 'error', 'primary')
_MAPPINGS = (
    'spec',
    'task',
    'backbone',
    'protocol',
    'proof',
    'cost',
    'provenance',
    'curves',
    'config',
)


def _check_forms(content: Mapping[str, Any]) -> None:
    """Check the types of all values, since paths and tables are made of them."""
    for keys, form in ((_TEXTS, str), (_MAPPINGS, dict)):
        for key in keys:
            if not isinstance(content.get(key, form()), form):
                raise TypeError(f"'{key}' must be a {form.__name__}, found {content[key]!r:.60}")
    spec = content.get('spec', {})
    for key in ('task', 'backbone', 'protocol'):
        if not isinstance(spec.get(key, ''), str):
            raise TypeError(f"'{key}' must be a str, found {spec[key]!r:.60}")
    if type(spec.get('seed', 0)) is not int:
        raise TypeError(f"'seed' must be an int, found {spec['seed']!r:.60}")
    mark = content.get('fingerprint', '')
    if mark and (
        mark[0] == '.' or PurePosixPath(mark).name != mark or '\\' in mark or '\0' in mark
    ):
        raise ValueError(f"'fingerprint' is {mark!r:.60}: it points outside the store")
    check_facts(content)


def _check_numbers(values: Any, key: str) -> None:
    if not isinstance(values, dict) or not all(map(is_number, values.values())):
        raise TypeError(f"'{key}' must be numbers by name, found {str(values)[:60]}")
