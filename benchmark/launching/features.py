"""The features of backbones, asked of a worker once and then kept in a cache."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, NoReturn

from benchmark.compiling import library_versions
from benchmark.compiling.identity import source_numerics
from benchmark.errors import BenchmarkError
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
    """Return what is known of all ``backbones`` by id, from ``cache`` or by asking a worker.

    One that cannot be used goes to ``refuse`` with the error, and is left out.

    Raises:
        BenchmarkError: a backbone cannot be used, and ``refuse`` is not given.
    """
    found: dict[str, Inspected] = {}
    unknown: dict[str, tuple[Backbone, Path]] = {}
    refuse = refuse or _raise
    for backbone in backbones:
        try:
            cached = cache / 'backbones' / f'{_inspection_key(backbone, cache)}.json'
        except BenchmarkError as error:
            refuse(backbone.id, error)
            continue
        known = _read_cached(cached)
        if known is None:
            unknown[backbone.id] = (backbone, cached)
        else:
            found[backbone.id] = known
    jobs = [_inspection_job(backbone, cache) for backbone, _ in unknown.values()]
    for reply in run_again_when_lost(executor, jobs):
        if reply.error:
            refuse(reply.job.name, BenchmarkError(_reason(reply)))
        else:
            found[reply.job.name] = _keep(*unknown[reply.job.name], reply.answer, cache)
    return found


def _raise(name: str, error: BenchmarkError) -> NoReturn:
    raise error


def _keep(backbone: Backbone, path: Path, answer: Mapping[str, Any], cache: Path) -> Inspected:
    """Return what a worker answered, after writing it to the cache at ``path``."""
    content = {key: answer.get(key) for key in Inspected._fields}
    if backbone.checkpoint:
        content['weights'] = _hash_of(backbone.checkpoint, cache)
    write_atomically(path, json.dumps(content))
    return _read_inspected(content)


def _hash_of(weights: Path, cache: Path) -> str:
    return weights_hash(weights, lambda path: remembered_hash(path, cache))


def _inspection_job(backbone: Backbone, cache: Path) -> Job:
    request = {'job': 'inspect', 'backbone': declared(backbone)}
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
    )


def _reason(reply: Reply) -> str:
    if reply.answer.get('user_error'):
        return reply.error
    return f"backbone '{reply.job.name}': {reply.error} (log: {reply.job.log})"


def _read_cached(path: Path) -> Inspected | None:
    """Return what a file of the cache holds; one that is absent or damaged is asked again."""
    try:
        return _read_inspected(json.loads(path.read_text(encoding='utf-8')))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _inspection_key(backbone: Backbone, cache: Path) -> str:
    facts = {
        **declared(backbone),
        'pretraining': None,
        'title': None,
        'versions': library_versions(backbone.source),
        'numerics': source_numerics(backbone.source),
    }
    hashes = {
        'checkpoint': _hash_of(backbone.checkpoint, cache) if backbone.checkpoint else None,
        'code': file_hash(backbone.code) if backbone.code else None,
    }
    return fingerprint({**facts, **hashes})[:24]
