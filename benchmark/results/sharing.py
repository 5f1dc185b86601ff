"""Export and import the records of a suite as one archive with a manifest.

The archive is a ZIP file with ``manifest.json`` (format, suite, SHA-256 by file) and the record
files at their places below a results folder. Equal records give an equal archive, byte by byte.
"""

from __future__ import annotations

import contextlib
import enum
import hashlib
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from benchmark.errors import UNFIT, RecordError
from benchmark.results.forms import parse_json
from benchmark.results.records import RunRecord, from_json
from benchmark.results.store import ResultStore, read_record, write_atomically

FORMAT = 1
MANIFEST = 'manifest.json'

_TIME = (1980, 1, 1, 0, 0, 0)
_MOST_BYTES = 64 << 20
"""A record is kilobytes; one far beyond is damage or malice."""

_MOST_BYTES_IN_ALL = 4 << 30

_MOST_FOLDED, _FREE_BYTES = 100, 1 << 20
"""How many times smaller a packed file may be, from this size on; records shrink to a tenth."""

_DAMAGE = (
    OSError,
    EOFError,
    ValueError,
    RuntimeError,
    NotImplementedError,
    struct.error,
    zlib.error,
    zipfile.BadZipFile,
)
"""What reading a damaged ZIP file can raise."""


class ImportOutcome(enum.StrEnum):
    """The outcome of importing one record."""

    ADDED = 'added'
    PRESENT = 'already there'
    CONFLICT = 'conflict'


class Imported(NamedTuple):
    """An imported record: its path in the results folder, and the outcome."""

    path: Path
    outcome: ImportOutcome
    detail: str = ''


def export_suite(store: ResultStore, suite: str, archive: Path) -> int:
    """Write all records of ``suite`` into ``archive`` and return their number.

    Raises:
        RecordError: the suite has no records, one is unreadable, or the archive cannot be written.
    """
    root = store.runs_folder(suite)
    files: dict[str, bytes] = {}
    for path in sorted(root.rglob('*.json')):
        record = read_record(path)
        _check_place(record, path, store)
        files[path.relative_to(store.results).as_posix()] = path.read_bytes()
    if not files:
        known = ', '.join(store.suites()) or 'none'
        raise RecordError(f"{root}: no records of suite '{suite}' (suites with records: {known})")
    write_atomically(archive, _pack(suite, files))
    return len(files)


def _check_place(record: RunRecord, path: Path, store: ResultStore) -> None:
    """Raise if a file is not at the path of its record: an import would put it elsewhere."""
    places = store.places(record)
    if path not in places:
        raise RecordError(f'{path}: this record belongs at {places[0]}')


def _pack(suite: str, files: Mapping[str, bytes]) -> bytes:
    manifest = {
        'format': FORMAT,
        'suite': suite,
        'files': {name: hashlib.sha256(data).hexdigest() for name, data in files.items()},
    }
    return zipped({MANIFEST: json.dumps(manifest, indent=1, ensure_ascii=False).encode(), **files})


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Return files as a ZIP file; the same bytes for the same files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, 'w', zipfile.ZIP_DEFLATED) as packed:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, _TIME)
            entry.external_attr = 0o644 << 16
            packed.writestr(entry, data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def import_archive(store: ResultStore, archive: Path) -> list[Imported]:
    """Merge the records of ``archive`` into the results folder and return what became of each.

    All of it is verified before anything is written. A record that is there already is never
    overwritten: one that says something else is a conflict.

    Raises:
        RecordError: the archive is damaged, holds something else than its manifest says, or
            a file that is not a record in its proper place; or a file cannot be written.
    """
    with _opened(archive) as packed:
        # twice over the archive: no more than one record is held at a time
        imported = {
            name: _merge(path, record) for name, path, record in _verify(store, archive, packed)
        }
        for name, item in imported.items():
            if item.outcome is ImportOutcome.ADDED:
                write_atomically(item.path, packed.read(name))
    return list(imported.values())


@contextlib.contextmanager
def _opened(archive: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(archive) as packed:
            yield packed
    except _DAMAGE as error:
        raise RecordError(f'{archive}: no readable archive ({error})') from None


def _merge(path: Path, record: RunRecord) -> Imported:
    if not path.exists():
        return Imported(path, ImportOutcome.ADDED)
    there = read_record(path)
    if there == record:
        return Imported(path, ImportOutcome.PRESENT)
    return Imported(path, ImportOutcome.CONFLICT, _difference(there, record))


def _difference(there: RunRecord, other: RunRecord) -> str:
    if there.status is not other.status:
        return f'the one here is {there.status}, the other {other.status}'
    if there.scores != other.scores:
        key = there.primary
        return f'{key} is {there.scores.get(key)} here, {other.scores.get(key)} in the archive'
    names = [name for name in vars(there) if vars(there)[name] != vars(other)[name]]
    return f'the scores are equal, these differ: {", ".join(names)}'


def _verify(
    store: ResultStore, archive: Path, packed: zipfile.ZipFile
) -> Iterator[tuple[str, Path, RunRecord]]:
    """Yield the name, place and content of every record, each once it is verified."""
    _check_entries(packed.infolist(), archive)
    names = set(packed.namelist())
    manifest = _manifest(packed.read(MANIFEST) if MANIFEST in names else None, archive)
    said: Mapping[str, str] = manifest['files']
    for name in sorted(said.keys() ^ (names - {MANIFEST})):
        where = 'the manifest' if name in said else 'the archive'
        raise RecordError(f'{archive}: {name} is in {where} only; the archive is not whole')
    for name in packed.namelist():
        if name == MANIFEST:
            continue
        data = packed.read(name)
        if hashlib.sha256(data).hexdigest() != said[name]:
            raise RecordError(f'{archive}: {name} is damaged (another SHA-256 than the manifest)')
        record = _record(data, archive, name)
        places = {p.relative_to(store.results).as_posix(): p for p in store.places(record)}
        # the name in the archive is compared, never used: it cannot lead out of the folder
        if name not in places or record.suite != manifest['suite']:
            raise RecordError(f'{archive}: {name} is not where its record belongs')
        yield name, places[name], record


def _record(data: bytes, archive: Path, name: str) -> RunRecord:
    try:
        text = data.decode('utf-8')
    except UnicodeDecodeError as error:
        raise RecordError(f'{archive}: {name} is not text ({error})') from None
    return from_json(text, archive / name)


def _check_entries(entries: list[zipfile.ZipInfo], archive: Path) -> None:
    total = sum(entry.file_size for entry in entries)
    if total > _MOST_BYTES_IN_ALL:
        raise RecordError(f'{archive}: {total} bytes, at most {_MOST_BYTES_IN_ALL} are read')
    seen: set[str] = set()
    for entry in entries:
        name = PurePosixPath(entry.filename)
        if name.is_absolute() or '..' in name.parts or '\\' in entry.filename:
            raise RecordError(f'{archive}: {entry.filename!r} leads out of the results folder')
        if entry.filename in seen:
            raise RecordError(f'{archive}: {entry.filename} occurs twice')
        if entry.file_size > _MOST_BYTES:
            raise RecordError(f'{archive}: {entry.filename} has {entry.file_size} bytes, no record')
        if entry.file_size > _MOST_FOLDED * entry.compress_size + _FREE_BYTES:
            raise RecordError(
                f'{archive}: {entry.filename} unfolds to {entry.file_size} bytes from '
                f'{entry.compress_size}, which no record does'
            )
        seen.add(entry.filename)


def _manifest(data: bytes | None, archive: Path) -> dict[str, Any]:
    if data is None:
        raise RecordError(f'{archive}: no {MANIFEST}; it was not made by `tbench export`')
    try:
        manifest: dict[str, Any] = parse_json(data)
        if manifest['format'] != FORMAT:
            raise ValueError(f'format is {manifest["format"]!r}, this version reads {FORMAT}')
        if not isinstance(manifest['files'], dict) or not isinstance(manifest['suite'], str):
            raise TypeError('files and suite are needed')
    except UNFIT as error:
        raise RecordError(f'{archive}: {MANIFEST} is unreadable ({error})') from None
    return manifest
