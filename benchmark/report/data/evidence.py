"""What a cell can show for itself: scores, proof, cost and provenance, seed beside seed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from benchmark.report.data.facts import TaskFacts
from benchmark.report.data.units import NO_SCORE, heading, show
from benchmark.results.records import RunRecord

_LABELS = {
    'loaded': 'tensors loaded',
    'missing': 'tensors missing',
    'unexpected': 'tensors unexpected',
    'weights_sha256': 'weights SHA-256',
    'train_seconds': 'training (s)',
    'test_seconds': 'testing (s)',
    'peak_memory_mb': 'peak memory (MB)',
    'backbone_changed': 'backbone after training',
    'head_changed': 'head after training',
}
_STATES = {
    'backbone_changed': {True: 'changed', False: 'bit-identical'},
    'head_changed': {True: 'changed', False: 'unchanged'},
}
_MOMENTS = ('started', 'finished')


class Fact(NamedTuple):
    """A line of evidence: one text if all seeds agree, else one per seed."""

    label: str
    texts: tuple[str, ...]


class Section(NamedTuple):
    """Lines of evidence under a heading."""

    title: str
    facts: tuple[Fact, ...]


class Check(NamedTuple):
    """A statement about loading or training: ``good``, ``bad`` or a mere ``note``."""

    state: str
    text: str


_TRAINED = Check('good', 'the backbone was trained: its parameters changed')
_IDENTICAL = Check('good', 'the backbone is bit-identical after training')


class Grid(NamedTuple):
    """A table of plain texts."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def sections(records: Sequence[RunRecord], task: TaskFacts) -> list[Section]:
    """Return what the records of a cell, one per seed, say about themselves."""
    proof = [{k: v for k, v in record.proof.items() if k != 'groups'} for record in records]
    identity = [{'fingerprint': record.fingerprint, **record.provenance} for record in records]
    said = {
        'Scores': [dict(_scores(record, task)) for record in records],
        'Proof of loading and training': [dict(_flat(item)) for item in proof],
        'Backbone': [dict(_flat(record.backbone)) for record in records],
        'Cost': [dict(_flat(record.cost)) for record in records],
        'Provenance': [dict(_flat(item)) for item in identity],
    }
    built = (Section(title, _facts(columns)) for title, columns in said.items())
    return [section for section in built if section.facts]


def groups(record: RunRecord) -> Grid | None:
    """Return the learning rate and weight decay that each parameter group got."""
    said = [item for item in record.proof.get('groups') or () if isinstance(item, Mapping)]
    if not said:
        return None
    columns = tuple(dict.fromkeys(key for item in said for key in item))
    rows = tuple(tuple(_text(item.get(key)) for key in columns) for item in said)
    return Grid(tuple(map(_label, columns)), rows)


def checks(records: Sequence[RunRecord]) -> list[Check]:
    """Return what the records prove, or fail to prove, about loading and training.

    A statement that does not hold for all seeds names those for which it does.
    """
    said: dict[Check, list[int]] = {}
    for record in records:
        for check in _checks(record):
            said.setdefault(check, []).append(record.spec.seed)
    return [
        check if len(seeds) == len(records) else Check(check.state, _of_seeds(seeds, check.text))
        for check, seeds in said.items()
    ]


def _of_seeds(seeds: Sequence[int], text: str) -> str:
    return f'seed {", ".join(map(str, seeds))}: {text}'


def _checks(record: RunRecord) -> Iterator[Check]:
    proof = record.proof
    if proof.get('is_random'):
        yield Check('note', 'random initialisation, no weights to load')
    elif 'loaded' in proof:
        yield from _loading(proof)
    if 'backbone_changed' in proof:
        trains = record.protocol.get('trains_backbone')
        yield _change(is_changed=bool(proof['backbone_changed']), trains=trains)
    if proof.get('head_changed') is False:
        yield Check('bad', 'the head did not change in training')


def _loading(proof: Mapping[str, Any]) -> Iterator[Check]:
    loaded, missing = proof['loaded'], proof.get('missing') or []
    of_total = f' of {proof["total"]}' if 'total' in proof else ''
    yield Check('bad' if missing else 'good', f'{loaded}{of_total} backbone tensors loaded')
    if missing:
        yield Check('bad', f'missing in the weights: {_text(missing)}')
    if unexpected := proof.get('unexpected'):
        yield Check('note', f'in the weights but not used: {_text(unexpected)}')


def _change(*, is_changed: bool, trains: object) -> Check:
    if is_changed:
        return Check('bad', 'the frozen backbone changed') if trains is False else _TRAINED
    return Check('bad', 'the backbone did not change in training') if trains else _IDENTICAL


def _scores(record: RunRecord, task: TaskFacts) -> Iterator[tuple[str, str]]:
    for key, value in record.scores.items():
        metric = task.metrics.get(key)
        if metric is None:
            yield key, f'{value:.4g}'
        else:
            yield heading(metric), show(value, metric.unit)


def _facts(columns: Sequence[Mapping[str, str]]) -> tuple[Fact, ...]:
    labels = dict.fromkeys(label for column in columns for label in column)
    return tuple(
        Fact(label, _merge_equal([c.get(label, NO_SCORE) for c in columns])) for label in labels
    )


def _merge_equal(texts: list[str]) -> tuple[str, ...]:
    return (texts[0],) if len(set(texts)) == 1 else tuple(texts)


def _flat(said: Mapping[str, Any], prefix: str = '') -> Iterator[tuple[str, str]]:
    for key, value in said.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f'{prefix}{key} · ')
        elif key in _STATES and isinstance(value, bool):
            yield prefix + _label(key), _STATES[key][value]
        elif key in _MOMENTS:
            yield prefix + _label(key), _text(value).replace('T', ' ').replace('+00:00', ' UTC')
        else:
            yield prefix + _label(key), _text(value)


def _label(key: str) -> str:
    return _LABELS.get(key, str(key).replace('_', ' '))


def _text(value: object) -> str:
    """Return a short text: rounded floats, names of a list with their number."""
    if value is None:
        return NO_SCORE
    if isinstance(value, bool):
        return 'yes' if value else 'no'
    if isinstance(value, float):
        return f'{value:.5g}'
    if isinstance(value, int):
        return f'{value:,}'
    if isinstance(value, (list, tuple)):
        return _list_text(list(value))
    return str(value)


def _list_text(items: list[object]) -> str:
    if not items:
        return 'none'
    if all(isinstance(item, str) for item in items):
        shown = ', '.join(map(str, items[:8]))
        return f'{len(items)}: {shown}' + (', …' if len(items) > 8 else '')
    return ', '.join(_text(item) for item in items)
