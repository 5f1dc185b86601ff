"""Export and import the records of a suite as one archive with a manifest.

The archive is a ZIP file with ``manifest.json`` (format, suite, SHA-256 by file) and, at their
places below a results folder, the records, what they found of every test example, and what the
suite declares. Equal content gives an equal archive, byte by byte.
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
from collections.abc import Container, Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from benchmark.errors import UNFIT, RecordError
from benchmark.results.forms import parse_json
from benchmark.results.records import RunRecord, from_json
from benchmark.results.store import ResultStore, read_record, write_atomically
from benchmark.results.suites import SuiteFacts, suite_from_json

FORMAT = 2
"""The version that is written; archives of version 1 hold records alone."""

MANIFEST = 'manifest.json'

_TIME = (1980, 1, 1, 0, 0, 0)
_MOST_BYTES = 256 << 20
"""A record has kilobytes, outcomes at most some megabytes; far beyond is damage or malice."""

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


def export_suite(
    store: ResultStore, suite: str, archive: Path, facts: SuiteFacts | None = None
) -> int:
    """Write all records of ``suite`` into ``archive`` and return their number.

    Their outcomes per test example go along, and what the suite declares.

    Args:
        store: where the records are.
        suite: name of the suite.
        archive: the file to write.
        facts: what the suite declares; what an earlier archive said of it unless given.

    Raises:
        RecordError: the suite has no records, one is unreadable, or the archive cannot be written.
    """
    root = store.runs_folder(suite)
    files: dict[str, bytes] = {}
    outcomes: dict[str, bytes] = {}
    for path in sorted(root.rglob('*.json')):
        record = read_record(path)
        _check_place(record, path, store)
        files[_name(path, store)] = path.read_bytes()
        place, content = store.outcomes_path(record), store.outcomes(record)
        if place is not None and content is not None:
            outcomes[_name(place, store)] = content
    count = len(files)
    if not count:
        known = ', '.join(store.suites()) or 'none'
        raise RecordError(f"{root}: no records of suite '{suite}' (suites with records: {known})")
    if (said := facts or store.suite_facts(suite)) is not None:
        files[_name(store.suite_path(suite), store)] = said.to_json().encode()
    write_atomically(archive, _pack(suite, files | dict(sorted(outcomes.items()))))
    return count


def _name(path: Path, store: ResultStore) -> str:
    """Return how an archive names a file of a results folder."""
    return path.relative_to(store.results).as_posix()


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
    overwritten: one that says something else is a conflict, and so is what the suite declares.
    Outcomes come in with the records that name them.

    Raises:
        RecordError: the archive is damaged, holds something else than its manifest says, or
            a file that does not belong where it is; or a file cannot be written.
    """
    with _opened(archive) as packed:
        manifest = _checked_manifest(archive, packed)
        # twice over the archive: no more than one record is held at a time
        imported: dict[str, Imported] = {}
        wanted: dict[str, Path] = {}
        known: set[str] = set()
        for name, path, record in _verify(store, archive, packed, manifest):
            imported[name] = _merge(path, record)
            if (place := store.outcomes_path(record)) is not None:
                known.add(_name(place, store))
                if imported[name].outcome is not ImportOutcome.CONFLICT:
                    wanted[_name(place, store)] = place
        others = packed.namelist()
        _verify_outcomes(archive, packed, manifest, [n for n in others if _is_outcomes(n)], known)
        facts = _verify_facts(store, archive, packed, manifest)
        for name, place in wanted.items():
            if name in others and not place.is_file():
                write_atomically(place, packed.read(name))
        for name, item in imported.items():
            if item.outcome is ImportOutcome.ADDED:
                write_atomically(item.path, packed.read(name))
        return [*imported.values(), *_merge_facts(store, facts)]


def _is_outcomes(name: str) -> bool:
    return name.startswith('outcomes/')


def _verify_outcomes(
    archive: Path,
    packed: zipfile.ZipFile,
    manifest: Mapping[str, Any],
    names: Iterable[str],
    known: Container[str],
) -> None:
    """Raise unless outcomes are what their names say, and of a record of the archive."""
    for name in names:
        data = _content(archive, packed, manifest, name)
        # the name is one that a record gives, never used otherwise
        if name not in known or hashlib.sha256(data).hexdigest() != PurePosixPath(name).stem:
            raise RecordError(f'{archive}: {name} is of no record of the archive')


def _verify_facts(
    store: ResultStore, archive: Path, packed: zipfile.ZipFile, manifest: Mapping[str, Any]
) -> SuiteFacts | None:
    """Return what the suite of an archive declares; ``None`` where the archive does not say."""
    name = _name(store.suite_path(manifest['suite']), store)
    if name not in packed.namelist():
        return None
    found = suite_from_json(_content(archive, packed, manifest, name), archive / name)
    if found.name != manifest['suite']:
        raise RecordError(f"{archive}: {name} is of suite '{found.name}'")
    return found


def _merge_facts(store: ResultStore, facts: SuiteFacts | None) -> Iterator[Imported]:
    """Keep what a suite declares where nothing is known of it; yield a conflict."""
    if facts is None:
        return
    path = store.suite_path(facts.name)
    if not path.is_file():
        write_atomically(path, facts.to_json())
    elif store.suite_facts(facts.name) != facts:
        yield Imported(path, ImportOutcome.CONFLICT, 'the suite declares something else here')


@contextlib.contextmanager
def _opened(archive: Path) -> Iterator[zipfile.ZipFile]:
    if not archive.exists():
        raise RecordError(f'{archive}: no such file; give an archive written by `tbench export`')
    try:
        with zipfile.ZipFile(archive) as packed:
            yield packed
    except _DAMAGE as error:
        raise RecordError(f'{archive}: not a readable archive ({error})') from None


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
    store: ResultStore, archive: Path, packed: zipfile.ZipFile, manifest: Mapping[str, Any]
) -> Iterator[tuple[str, Path, RunRecord]]:
    """Yield the name, place and content of every record, each once it is verified."""
    facts = _name(store.suite_path(manifest['suite']), store)
    for name in packed.namelist():
        if name in (MANIFEST, facts) or _is_outcomes(name):
            continue
        record = _record(_content(archive, packed, manifest, name), archive, name)
        places = {_name(place, store): place for place in store.places(record)}
        # the name in the archive is compared, never used: it cannot lead out of the folder
        if name not in places or record.suite != manifest['suite']:
            raise RecordError(f'{archive}: {name} is not where its record belongs')
        yield name, places[name], record


def _checked_manifest(archive: Path, packed: zipfile.ZipFile) -> dict[str, Any]:
    """Return the manifest of an archive that holds the files which it lists, and no others."""
    _check_entries(packed.infolist(), archive)
    names = set(packed.namelist())
    manifest = _manifest(packed.read(MANIFEST) if MANIFEST in names else None, archive)
    said: Mapping[str, str] = manifest['files']
    for name in sorted(said.keys() ^ (names - {MANIFEST})):
        where = 'the manifest' if name in said else 'the archive'
        raise RecordError(f'{archive}: {name} is in {where} only; the archive is not whole')
    return manifest


def _content(
    archive: Path, packed: zipfile.ZipFile, manifest: Mapping[str, Any], name: str
) -> bytes:
    """Return a file of an archive, once it is what the manifest says."""
    data = packed.read(name)
    if hashlib.sha256(data).hexdigest() != manifest['files'][name]:
        raise RecordError(f'{archive}: {name} is damaged (another SHA-256 than the manifest)')
    return data


def _record(data: bytes, archive: Path, name: str) -> RunRecord:
    try:
        text = data.decode('utf-8')
    except UnicodeDecodeError as error:
        raise RecordError(f'{archive}: {name} is not text ({error})') from None
    return from_json(text, archive / name)


def _check_entries(entries: list[zipfile.ZipInfo], archive: Path) -> None:
    total = sum(entry.file_size for entry in entries)
    if total > _MOST_BYTES_IN_ALL:
        raise RecordError(f'{archive}: {total} bytes, but at most {_MOST_BYTES_IN_ALL} are read')
    seen: set[str] = set()
    for entry in entries:
        name = PurePosixPath(entry.filename)
        if name.is_absolute() or '..' in name.parts or '\\' in entry.filename:
            raise RecordError(f'{archive}: {entry.filename!r} points outside the results folder')
        if entry.filename in seen:
            raise RecordError(f'{archive}: {entry.filename} occurs twice')
        if entry.file_size > _MOST_BYTES:
            raise RecordError(
                f'{archive}: {entry.filename} has {entry.file_size} bytes, no file of an archive'
            )
        if entry.file_size > _MOST_FOLDED * entry.compress_size + _FREE_BYTES:
            raise RecordError(
                f'{archive}: {entry.filename} unfolds to {entry.file_size} bytes from '
                f'{entry.compress_size}, which no file of an archive does'
            )
        seen.add(entry.filename)


def _manifest(data: bytes | None, archive: Path) -> dict[str, Any]:
    if data is None:
        raise RecordError(f'{archive}: no {MANIFEST}; it was not made by `tbench export`')
    try:
        manifest: dict[str, Any] = parse_json(data)
        if manifest['format'] not in (1, FORMAT):
            raise ValueError(f'format is {manifest["format"]!r}, this version reads 1 and {FORMAT}')
        if not isinstance(manifest['files'], dict) or not isinstance(manifest['suite'], str):
            raise TypeError('files and suite are needed')
    except UNFIT as error:
        raise RecordError(f'{archive}: {MANIFEST} is unreadable ({error})') from None
    return manifest
