"""Summaries of all records of a suite, cached in one index file.

The JSON files are the truth. The index only saves parsing files that have not changed: it lies in
the work folder, may be deleted at any time, and is rewritten whenever it is out of date.
"""

from __future__ import annotations

import contextlib
import os
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from benchmark.errors import UNFIT, RecordError
from benchmark.results.briefs import Brief, brief
from benchmark.results.counting import cell_key
from benchmark.results.records import RunRecord
from benchmark.results.store import ResultStore, read_record, write_atomically
from benchmark.results.upgrades import SCHEMA
from benchmark.specs import RunSpec

WORTHWHILE = 1000
"""Records below which a suite is read without an index."""

_VERSION = f'briefs 5 of records {SCHEMA}'
_SETTLED = 2_000_000_000
"""Minimum age (ns) at which an mtime can be trusted to distinguish two writes."""

_REPEATED = ('suite', 'error', 'primary', 'task', 'backbone', 'device', 'make')
"""Fields in which many records say the same, each text stored once."""

Stamp = tuple[int, int]
"""Size of a file in bytes, and the time of its last change in nanoseconds."""


class Remembered(NamedTuple):
    """Content of the index: file stamps by path, and summaries in the same order."""

    stamps: Mapping[str, Stamp]
    briefs: Sequence[Brief]


_NOTHING = Remembered({}, ())


def read_briefs(store: ResultStore, suite: str) -> list[Brief]:
    """Return summaries of all records of ``suite``, in no particular order.

    Files that have not changed since the index was written are not opened.

    Raises:
        RecordError: one of the changed files is not a record.
    """
    folder = store.runs_folder(suite)
    stamps = _stamps(folder)
    if len(stamps) < WORTHWHILE:
        return [_read(folder, path) for path in stamps]
    now, index = time.time_ns(), store.index_path(suite)
    known = _load(index)
    if known.stamps == stamps:
        return list(known.briefs)
    briefs = dict(zip(known.stamps, known.briefs, strict=True))
    said: dict[bytes, Any] = {}
    found = {
        path: briefs[path]
        if known.stamps.get(path) == stamp
        else _sharing(_read(folder, path), said)
        for path, stamp in stamps.items()
    }
    settled = {path: stamp for path, stamp in stamps.items() if stamp[1] + _SETTLED < now}
    if settled != known.stamps:
        # what tables take one after the other shall lie side by side in memory
        order = sorted(settled, key=lambda path: _order(found[path]))
        stamps = {path: settled[path] for path in order}
        _save(index, Remembered(stamps, [found[path] for path in order]))
    return list(found.values())


def _order(item: Brief) -> tuple[Any, ...]:
    return (*cell_key(item.spec), item.spec.seed, item.path)


def _sharing(item: Brief, said: dict[bytes, Any]) -> Brief:
    """Return the summary with equal facts replaced by those of ``said``, to save memory."""
    facts = (said.setdefault(orjson.dumps(fact), fact) for fact in (item.task, item.backbone))
    task, backbone = facts
    return item._replace(task=task, backbone=backbone)


def read_whole(store: ResultStore, suite: str) -> dict[str, RunRecord]:
    """Return all records of ``suite`` with their evidence, by the place that briefs have them by.

    Raises:
        RecordError: a file is not a record.
    """
    folder = store.runs_folder(suite)
    return {path: read_record(folder / path) for path in _stamps(folder)}


def _read(folder: Path, path: str) -> Brief:
    return brief(read_record(folder / path), path)


def _stamps(folder: Path) -> dict[str, Stamp]:
    """Return the stamp of every record below ``folder`` by its place in it."""
    found: dict[str, Stamp] = {}
    inside = [''] if folder.exists() else []
    while inside:
        place = inside.pop()
        try:
            with _entries(folder / place) as entries:
                for entry in entries:
                    if entry.name.endswith('.json'):
                        facts = entry.stat()
                        found[place + entry.name] = facts.st_size, facts.st_mtime_ns
                    elif entry.is_dir(follow_symlinks=False):
                        inside.append(f'{place}{entry.name}/')
        except OSError as error:
            raise RecordError(f'{folder / place}: cannot be read ({error.strerror})') from None
    return found


@contextlib.contextmanager
def _entries(folder: Path) -> Iterator[Iterator[os.DirEntry[str]]]:
    """Open a folder, so that looking at its files need not find their whole path each time."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        with os.scandir(handle) as entries:
            yield entries
    finally:
        os.close(handle)


def _load(index: Path) -> Remembered:
    """Return the content of the index; empty if it is damaged or of another version."""
    try:
        with index.open('rb') as file:
            version, checksum, body = file.readline(), file.readline(), file.read()
        is_whole = version.decode() == f'{_VERSION}\n' and int(checksum) == zlib.crc32(body)
        return _from_columns(orjson.loads(body)) if is_whole else _NOTHING
    except (OSError, *UNFIT):
        return _NOTHING


def _save(index: Path, found: Remembered) -> None:
    body = orjson.dumps(_columns(found))
    # without a place to remember, all is read again next time
    with contextlib.suppress(RecordError):
        write_atomically(index, b'%s\n%d\n%s' % (_VERSION.encode(), zlib.crc32(body), body))


def _columns(found: Remembered) -> dict[str, Any]:
    """Return the index as columns, which are small and quick to read."""
    if not found.briefs:
        return {}
    columns: dict[str, Any] = dict(zip(Brief._fields, zip(*found.briefs, strict=True), strict=True))
    specs = [(spec.task, spec.backbone, spec.protocol, spec.seed) for spec in columns['spec']]
    columns['spec'] = [_deduplicate(values) for values in zip(*specs, strict=True)]
    shared = {name: _deduplicate(columns[name]) for name in _REPEATED}
    return {**columns, **shared, 'stamp': list(zip(*found.stamps.values(), strict=True))}


def _from_columns(columns: Mapping[str, Any]) -> Remembered:
    if not columns:
        return _NOTHING
    spread = {name: _expand(columns[name]) for name in _REPEATED}
    said = {**columns, **spread, 'spec': map(RunSpec, *map(_expand, columns['spec']))}
    briefs = map(Brief._make, zip(*(said[name] for name in Brief._fields), strict=True))
    stamps = zip(*columns['stamp'], strict=True)
    return Remembered(dict(zip(columns['path'], stamps, strict=True)), list(briefs))


def _deduplicate(values: Sequence[Any]) -> tuple[list[Any], list[int]]:
    """Return the distinct values, and the place of each value among them."""
    texts: dict[int, bytes] = {}
    for value in values:
        if id(value) not in texts:
            texts[id(value)] = orjson.dumps(value)
    distinct = {text: orjson.loads(text) for text in texts.values()}
    places = {text: place for place, text in enumerate(distinct)}
    return list(distinct.values()), [places[texts[id(value)]] for value in values]


def _expand(shared: tuple[list[Any], list[int]]) -> list[Any]:
    """Undo :func:`_deduplicate`; equal values become one object."""
    distinct, places = shared
    return list(map(distinct.__getitem__, places))
