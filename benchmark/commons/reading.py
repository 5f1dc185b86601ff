"""Open a bundle of someone else: as data, of bounded size, and exactly what its manifest lists."""

from __future__ import annotations

import contextlib
import os
import re
import stat
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmark.acquiring.unpacking import unpack
from benchmark.commons.bundle import MANIFEST, SCHEMA
from benchmark.commons.reasons import Problem, Reason, Refused
from benchmark.errors import UNFIT, DataError, RecordError
from benchmark.hashing import file_hash
from benchmark.results.forms import parse_json

MOST_FILES = 200_000
MOST_BYTES = 256 << 20
"""Bytes of a file; a record has kilobytes, outcomes at most some megabytes."""

MOST_BYTES_IN_ALL = 4 << 30
_HASH = re.compile('[0-9a-f]{64}')


@dataclass(frozen=True)
class Bundle:
    """A bundle whose files are those that its manifest lists.

    Attributes:
        folder: where its files are.
        manifest: what ``bundle.json`` says.
        records: the places of the records, sorted.
    """

    folder: Path
    manifest: Mapping[str, Any]
    records: tuple[str, ...]

    @property
    def suite(self) -> Mapping[str, Any]:
        """What the bundle says that its suite declares."""
        found: Mapping[str, Any] = self.manifest['suite']
        return found

    @property
    def made(self) -> datetime:
        """When it was made (UTC)."""
        return datetime.fromisoformat(self.manifest['made'])

    def outcomes(self, digest: str) -> bytes | None:
        """Return the outcomes with this SHA-256; ``None`` where the bundle has none."""
        place = f'outcomes/{digest[:2]}/{digest}.npz'
        is_there = place in self.manifest['files']
        return (self.folder / place).read_bytes() if is_there else None


@contextlib.contextmanager
def open_bundle(path: Path) -> Iterator[Bundle]:
    """Yield the bundle at ``path``, a folder or a ZIP file, which is unpacked for that long.

    Raises:
        Refused: it is damaged, unsafe, or not what its manifest lists.
        RecordError: there is no such file or folder.
    """
    if path.is_dir():
        yield _checked(path)
        return
    if not path.is_file():
        raise RecordError(f'{path}: no such bundle, a ZIP file or a folder')
    with tempfile.TemporaryDirectory(prefix='tbench-bundle-') as name:
        _unpack(path, Path(name))
        yield _checked(Path(name) / _CONTENT)


_CONTENT = 'content'


def _unpack(archive: Path, place: Path) -> None:
    """Unpack into a folder below ``place``."""
    try:
        with zipfile.ZipFile(archive) as packed:
            entries = packed.infolist()
    except (OSError, ValueError, NotImplementedError, zipfile.BadZipFile) as error:
        raise _refused(Reason.UNPACKING, archive.name, f'not a ZIP file ({error})') from None
    names: set[str] = set()
    for entry in entries:
        if entry.filename in names:
            raise _refused(Reason.REPEATED_FILE, entry.filename, 'the archive holds it twice')
        names.add(entry.filename)
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise _refused(Reason.LINK, entry.filename, 'links are not followed')
    _check_sizes({entry.filename: entry.file_size for entry in entries})
    # what unpacks goes by the end of a name
    renamed, folder = place / 'bundle.zip', place / _CONTENT
    renamed.symlink_to(archive.resolve())
    folder.mkdir()
    try:
        unpack(renamed, folder)
    except DataError as error:
        said = str(error).removeprefix(f'{renamed}: ')
        raise _refused(Reason.UNPACKING, archive.name, said) from None


def _check_sizes(sizes: Mapping[str, int]) -> None:
    if len(sizes) > MOST_FILES:
        raise _refused(Reason.TOO_LARGE, 'bundle', f'more than {MOST_FILES:,} files')
    for name, size in sizes.items():
        if size > MOST_BYTES:
            raise _refused(Reason.TOO_LARGE, name, f'{size:,} bytes, at most {MOST_BYTES:,}')
    if (total := sum(sizes.values())) > MOST_BYTES_IN_ALL:
        raise _refused(
            Reason.TOO_LARGE, 'bundle', f'{total:,} bytes, at most {MOST_BYTES_IN_ALL:,}'
        )


def _checked(folder: Path) -> Bundle:
    """Return the bundle in a folder, once its files are those that its manifest lists."""
    there = _files(folder)
    if MANIFEST not in there:
        raise _refused(Reason.NO_MANIFEST, MANIFEST, 'not there; `tbench submit` makes bundles')
    manifest = _manifest((folder / MANIFEST).read_bytes())
    listed = manifest['files']
    for name in sorted(listed.keys() - there):
        raise _refused(Reason.MISSING_FILE, name, 'the manifest lists it')
    for name in sorted(there - listed.keys() - {MANIFEST}):
        raise _refused(Reason.EXTRA_FILE, name, 'the manifest does not list it')
    for name, digest in listed.items():
        if file_hash(folder / name) != digest:
            raise _refused(Reason.DIGEST, name, 'its SHA-256 is not that of the manifest')
    for name in listed:
        if not name.startswith(('records/', 'outcomes/')):
            raise _refused(Reason.EXTRA_FILE, name, 'neither a record nor outcomes')
    records = sorted(name for name in listed if name.startswith('records/'))
    return Bundle(folder, manifest, tuple(records))


def _files(folder: Path) -> set[str]:
    """Return the places of all files, each of them regular and none too large."""
    sizes: dict[str, int] = {}
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(place, name)
            inside = path.relative_to(folder).as_posix()
            facts = path.lstat()
            if not (stat.S_ISREG(facts.st_mode) or stat.S_ISDIR(facts.st_mode)):
                raise _refused(Reason.LINK, inside, 'only files and folders are read')
            if name in files:
                sizes[inside] = facts.st_size
    _check_sizes(sizes)
    return set(sizes)


def _manifest(data: bytes) -> dict[str, Any]:
    try:
        manifest = parse_json(data)
        schema = manifest['schema']
    except UNFIT as error:
        raise _refused(Reason.NO_MANIFEST, MANIFEST, f'unreadable ({error})') from None
    if schema != SCHEMA:
        raise _refused(Reason.SCHEMA, MANIFEST, f'schema {schema!r}, this release reads {SCHEMA}')
    try:
        _check_form(manifest)
    except UNFIT as error:
        raise _refused(Reason.NO_MANIFEST, MANIFEST, f'unreadable ({error})') from None
    return dict(manifest)


def _check_form(manifest: Mapping[str, Any]) -> None:
    """Raise where a part that is relied on is missing or of another type."""
    for key in ('files', 'suite', 'weights', 'data'):
        if not isinstance(manifest[key], dict):
            raise TypeError(f"'{key}' must be an object")
    suite = manifest['suite']
    for key, kind in (('name', str), ('title', str), ('version', int), ('seeds', list),
                      ('one_seed', list), ('tasks', dict), ('protocols', dict)):  # fmt: skip
        if not isinstance(suite[key], kind):
            raise TypeError(f"'suite.{key}' must be of type {kind.__name__}")
    if not all(isinstance(tasks, list) for tasks in suite['protocols'].values()):
        raise TypeError("'suite.protocols' must map protocols to lists of tasks")
    if not isinstance(manifest['is_partial'], bool):
        raise TypeError("'is_partial' must be true or false")
    if not all(isinstance(d, str) and _HASH.fullmatch(d) for d in manifest['files'].values()):
        raise ValueError("'files' must map places to SHA-256")
    if datetime.fromisoformat(manifest['made']).tzinfo is None:
        raise ValueError("'made' has no time zone")


def _refused(reason: Reason, place: str, text: str) -> Refused:
    return Refused(Problem(reason, place, text))
