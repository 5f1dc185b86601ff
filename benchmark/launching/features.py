"""The features of backbones, found by a worker once and then cached."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from benchmark.compiling import library_versions
from benchmark.compiling.identity import source_numerics
from benchmark.errors import UNFIT, BenchmarkError
from benchmark.hashing import file_hash, fingerprint
from benchmark.launching.executors.base import Executor, Job, Reply
from benchmark.launching.retries import run_again_when_lost
from benchmark.planning.cells import Inspected
from benchmark.planning.contents import remembered_hash
from benchmark.results.store import write_atomically
from benchmark.specs import Architecture, Backbone, Features
from benchmark.weight_files import weights_hash


def inspect_all(
    backbones: Iterable[Backbone],
    cache: Path,
    executor: Executor,
    *,
    refuse: Callable[[str, BenchmarkError], None] | None = None,
) -> dict[str, Inspected]:
    """Return the features of all ``backbones`` by id, from ``cache`` or from a worker.

    One that cannot be used goes to ``refuse`` with the error, and is left out.

    Args:
        backbones: what is asked about.
        cache: where what was found is remembered.
        executor: what looks.
        refuse: receives a backbone that cannot be used, and the error.

    Raises:
        BenchmarkError: a backbone cannot be used, and ``refuse`` is not given.
    """
    found: dict[str, Inspected] = {}
    unknown: list[_Unknown] = []
    refuse = refuse or _raise
    for backbone in backbones:
        try:
            places = _places(backbone, cache)
        except BenchmarkError as error:
            refuse(backbone.id, error)
            continue
        known = _read_cached(places.whole)
        if known is None:
            unknown.append(places)
        else:
            found[backbone.id] = known
    while unknown:
        unknown = _ask(unknown, cache, executor, found, refuse)
    return found


class _Unknown(NamedTuple):
    """A backbone, and the cache files of its weights and of its architecture."""

    backbone: Backbone
    whole: Path
    architecture: Path


def _ask(
    unknown: Sequence[_Unknown],
    cache: Path,
    executor: Executor,
    found: dict[str, Inspected],
    refuse: Callable[[str, BenchmarkError], None],
) -> list[_Unknown]:
    """Add the workers' answers to ``found``; return the backbones whose architecture is now known.

    One backbone of each architecture is inspected. Of the others only the weights are loaded.
    """
    asked: dict[str, tuple[_Unknown, dict[str, Any]]] = {}
    later: list[_Unknown] = []
    inspected: set[Path] = set()
    for item in unknown:
        known = _read_architecture(item.architecture)
        if known and item.backbone.is_random:
            found[item.backbone.id] = _keep(item, {**known, 'weights': None}, cache)
        elif not known and item.architecture in inspected:
            later.append(item)
        else:
            asked[item.backbone.id] = item, known
            inspected.add(item.architecture)
    jobs = [_inspection_job(item.backbone, known, cache) for item, known in asked.values()]
    for reply in run_again_when_lost(executor, jobs):
        item, known = asked[reply.job.name]
        if reply.error:
            refuse(reply.job.name, BenchmarkError(_reason(reply)))
        else:
            found[reply.job.name] = _keep(item, {**reply.answer, **known}, cache)
    return later


def _raise(name: str, error: BenchmarkError) -> NoReturn:
    raise error


def _keep(item: _Unknown, answer: Mapping[str, Any], cache: Path) -> Inspected:
    """Write a worker's answer to the cache, and return it."""
    content = {key: answer.get(key) for key in Inspected._fields}
    if item.backbone.checkpoint:
        content['weights'] = _hash_of(item.backbone.checkpoint, cache)
    shared = {key: content[key] for key in _OF_ARCHITECTURE}
    write_atomically(item.architecture, json.dumps(shared))
    write_atomically(item.whole, json.dumps(content))
    return _read_inspected(content)


_OF_ARCHITECTURE = ('features', 'flops', 'elements', 'assumed')
"""The features that do not depend on weights."""


def _read_architecture(path: Path) -> dict[str, Any]:
    """Return the cached features of an architecture; empty if there are none."""
    try:
        content = json.loads(path.read_text(encoding='utf-8'))
        features_from(content['features'])
        return {key: content[key] for key in _OF_ARCHITECTURE}
    except (OSError, *UNFIT):
        return {}


def _hash_of(weights: Path, cache: Path) -> str:
    return weights_hash(weights, lambda path: remembered_hash(path, cache))


def _inspection_job(backbone: Backbone, known: Mapping[str, Any], cache: Path) -> Job:
    """Return the job that inspects a backbone, or only its weights if the architecture is known."""
    request = {'job': 'inspect', 'backbone': declared(backbone), 'is_known': bool(known)}
    return Job(backbone.id, request, cache / 'inspect.log')


def declared(backbone: Backbone) -> dict[str, Any]:
    """Return a backbone as plain data for a worker."""
    paths = {'checkpoint': backbone.checkpoint, 'code': backbone.code}
    places = {key: str(path.resolve()) if path else None for key, path in paths.items()}
    return {**asdict(backbone), **places}


def features_from(plain: Mapping[str, Any]) -> Features:
    """Return features from plain data."""
    values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in plain.items()}
    values['architecture'] = Architecture(plain['architecture'])
    return Features(**values)


def _read_inspected(answer: Mapping[str, Any]) -> Inspected:
    return Inspected(
        features_from(answer['features']),
        answer['weights'],
        answer.get('flops'),
        answer.get('assumed') or '',
        answer['elements'],  # files of earlier releases do not have it, and are written again
    )


def _reason(reply: Reply) -> str:
    if reply.answer.get('user_error'):
        return reply.error
    return f"backbone '{reply.job.name}': {reply.error} (log: {reply.job.log})"


def _read_cached(path: Path) -> Inspected | None:
    """Return the content of a cache file; ``None`` if it is missing or damaged."""
    try:
        return _read_inspected(json.loads(path.read_text(encoding='utf-8')))
    except (OSError, *UNFIT):
        return None


def _places(backbone: Backbone, cache: Path) -> _Unknown:
    """Return a backbone with its files in the cache.

    Raises:
        BenchmarkError: its weights or its code cannot be read.
    """
    facts = {
        **declared(backbone),
        'pretraining': None,
        'title': None,
        'versions': library_versions(backbone.source),
        'numerics': source_numerics(backbone.source),
        'code': file_hash(backbone.code) if backbone.code else None,
    }
    weights = _hash_of(backbone.checkpoint, cache) if backbone.checkpoint else None
    # where a normalisation comes from depends on whose weights they are
    own = 'random' if backbone.is_random else 'given' if backbone.checkpoint else 'published'
    architecture = {**facts, **dict.fromkeys(_OF_WEIGHTS), 'weights': own}
    if backbone.source.partition(':')[0] in _READ_FROM_FOLDERS:
        architecture['checkpoint'] = weights
    whole = fingerprint({**facts, 'checkpoint': weights})[:24]
    return _Unknown(
        backbone,
        cache / 'backbones' / f'{whole}.json',
        cache / 'architectures' / f'{fingerprint(architecture)[:24]}.json',
    )


_OF_WEIGHTS = (
    'id', 'checkpoint', 'copy', 'is_random', 'licence', 'may_miss', 'reference', 'title'
)  # fmt: skip
"""Fields of a backbone that do not affect its architecture."""

_READ_FROM_FOLDERS = ('hf', 'memory')
"""Sources whose name does not identify the network: a folder or an object can change."""
