"""The only owner of paths under a results folder and a work folder."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import secrets
import stat
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from benchmark.errors import RecordError
from benchmark.hashing import slug
from benchmark.results.leases import create_whole, write_draft
from benchmark.results.records import RunRecord, from_json
from benchmark.results.suites import SuiteFacts, suite_from_json
from benchmark.results.upgrades import SCHEMA
from benchmark.specs import RunSpec


@contextlib.contextmanager
def one_writer(path: Path) -> Iterator[None]:
    """Let one process at a time read, change and write ``path`` in the enclosed block.

    Others wait. A hidden empty file beside it stays.

    Raises:
        RecordError: it cannot be written, or files cannot be locked there.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = (path.parent / f'.{path.name}.lock').open('ab')
    except OSError as error:
        raise RecordError(f'{path}: cannot be written ({error.strerror or error})') from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
        except OSError as error:
            raise RecordError(f'{path}: cannot be locked ({error.strerror or error})') from None
        yield


_LEFT_SECONDS = 24 * 3600.0


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write ``content`` to ``path`` so that a reader sees the old file or the whole new one.

    A link is followed, the umask of the process holds, and what is no file (a device, a pipe) is
    written into. What killed processes left half written in the folder goes once it is a day old.

    Raises:
        RecordError: the file cannot be written (full disk, no permission); nothing changed.
    """
    # a file name in an error message may not be valid text
    data = content.encode(errors='backslashreplace') if isinstance(content, str) else content
    try:
        if path.exists() and not path.is_file():
            with path.open('wb') as stream:
                stream.write(data)
            return
        place = Path(os.path.realpath(path))
        place.parent.mkdir(parents=True, exist_ok=True)
        _write_and_rename(place, data)
        _sweep(place.parent)
    except OSError as error:
        raise RecordError(f'{path}: cannot be written ({error.strerror or error})') from None


def _write_and_rename(path: Path, data: bytes) -> None:
    temporary = write_draft(path.parent, data)
    try:
        with contextlib.suppress(FileNotFoundError):
            temporary.chmod(stat.S_IMODE(path.stat().st_mode))
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _replace_failed(path: Path, data: bytes) -> bool:
    """Write a failed record in the place of another, and return whether no good one came in."""
    aside = path.parent / f'.{secrets.token_hex(8)}.tmp'
    path.rename(aside)
    try:
        found = aside.read_bytes()
        is_good = read_record(aside).is_ok
        create_whole(path, found if is_good else data)
        return not is_good
    finally:
        aside.unlink(missing_ok=True)


_swept: set[Path] = set()


def _sweep(folder: Path) -> None:
    """Remove what processes that were killed while writing left in a folder; once per process."""
    if folder in _swept:
        return
    _swept.add(folder)
    with contextlib.suppress(OSError):
        for left in folder.glob('.*.tmp'):
            if time.time() - left.stat().st_mtime > _LEFT_SECONDS:
                left.unlink(missing_ok=True)


def file_inside(folder: Path, name: str) -> Path | None:
    """Return the file ``name`` of ``folder``; ``None`` where it lies outside, or is no file.

    Records come from other people, and say where their pictures lie.
    """
    try:
        place = (folder / name).resolve()
        return place if place.is_relative_to(folder.resolve()) and place.is_file() else None
    except (OSError, ValueError):
        return None


OUTCOMES_FILE = 'outcomes.npz'
"""What a run found of every test example, in its work folder."""

_DIGEST = re.compile('[0-9a-f]{64}')


@dataclass(frozen=True)
class ResultStore:
    """The results folder (committed facts) and the work folder (checkpoints, logs, pictures)."""

    results: Path
    work: Path

    def runs_folder(self, suite: str) -> Path:
        """Return the folder with one JSON file per run of ``suite``."""
        return self.results / 'runs' / slug(suite)

    def record_path(self, suite: str, spec: RunSpec, fingerprint: str) -> Path:
        """Return the file that holds the record of this run."""
        return self.runs_folder(suite) / slug(spec.task) / f'{spec.id}--{fingerprint[:10]}.json'

    def suite_path(self, suite: str) -> Path:
        """Return the file with what a suite declares, where its records came in an archive."""
        return self.results / 'suites' / f'{slug(suite)}.json'

    def suite_facts(self, suite: str) -> SuiteFacts | None:
        """Return what a suite declares by the archive that it came in; ``None`` without one.

        Raises:
            RecordError: the file cannot be read, or is of another suite.
        """
        path = self.suite_path(suite)
        if not path.is_file():
            return None
        try:
            found = suite_from_json(path.read_bytes(), path)
        except OSError as error:
            raise RecordError(f'{path}: cannot be read ({error})') from None
        if slug(found.name) != slug(suite):
            raise RecordError(f"{path}: is of suite '{found.name}'; delete it")
        return found

    def index_path(self, suite: str) -> Path:
        """Return the path of the index of the records of ``suite``."""
        place = hashlib.sha256(str(self.runs_folder(suite).resolve()).encode()).hexdigest()[:10]
        return self.work / 'cache' / 'records' / f'{slug(suite)}-{place}.json'

    def tables_folder(self) -> Path:
        """Return the folder for generated tables and pages."""
        return self.results / 'tables'

    def work_folder(self, suite: str, spec: RunSpec, fingerprint: str) -> Path:
        """Return the folder for the run's checkpoints, log and pictures."""
        return self.work / slug(suite) / f'{spec.id}--{fingerprint[:10]}'

    def check_writable(self) -> None:
        """Create both folders and check that they are writable.

        Raises:
            RecordError: one of them cannot be written.
        """
        for folder in (self.results, self.work):
            probe = folder / '.writable'
            write_atomically(probe, '')
            probe.unlink(missing_ok=True)

    def save(self, record: RunRecord) -> Path:
        """Write ``record`` atomically and return its path."""
        path = self.record_path(record.suite, record.spec, record.fingerprint)
        write_atomically(path, record.to_json())
        return path

    def save_once(self, record: RunRecord) -> bool:
        """Write ``record`` unless a good one of the same run is there; return whether it was.

        One that failed must be written while its folder is held: a good one that comes in
        between stays.

        Raises:
            RecordError: it cannot be written, or what is there cannot be read.
        """
        path = self.record_path(record.suite, record.spec, record.fingerprint)
        data = record.to_json().encode(errors='backslashreplace')
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            while not create_whole(path, data):
                found = read_if_there(path)
                if found is None:  # another process puts a failed one in its place just now
                    continue
                if found.is_ok:
                    return False
                if not record.is_ok:
                    return _replace_failed(path, data)
                write_atomically(path, data)
                break
            return True
        except OSError as error:
            raise RecordError(f'{path}: cannot be written ({error.strerror or error})') from None

    def copy(self, record: RunRecord, suite: str) -> Path:
        """Write ``record`` for ``suite`` too, its pictures included, and return its path."""
        origin, place = (
            self.work_folder(name, record.spec, record.fingerprint)
            for name in (record.suite, suite)
        )
        for name in record.pictures:
            if (file := file_inside(origin, name)) is not None:
                write_atomically(place / file.relative_to(origin.resolve()), file.read_bytes())
        provenance = {**record.provenance, 'taken_from': record.suite}
        return self.save(replace(record, suite=suite, provenance=provenance))

    def outcomes_path(self, record: RunRecord) -> Path | None:
        """Return where the outcomes per test example of a record lie; ``None`` if it has none.

        The file is named by its digest: runs with equal outcomes share one, and it stays where it
        is when a record is copied or renamed.
        """
        said = record.proof.get('outcomes')
        digest = said.get('sha256') if isinstance(said, Mapping) else None
        if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
            return None
        return self.results / 'outcomes' / digest[:2] / f'{digest}.npz'

    def keep_outcomes(self, record: RunRecord, folder: Path) -> RunRecord:
        """Move the outcomes of a run from its work folder to the results, and return its record.

        Where they are not there, or not those that the record names, the record names none.

        Raises:
            RecordError: they cannot be written.
        """
        path, file = self.outcomes_path(record), folder / OUTCOMES_FILE
        if path is None:
            return record
        if not path.is_file():
            content = file.read_bytes() if file.is_file() else b''
            if hashlib.sha256(content).hexdigest() != path.stem:
                return without_outcomes(record)
            write_atomically(path, content)
        file.unlink(missing_ok=True)
        return record

    def outcomes(self, record: RunRecord) -> bytes | None:
        """Return the outcomes per test example of a record as their file holds them.

        ``None`` where the record names none, or they did not come along with it.

        Raises:
            RecordError: the file is not the one that the record names.
        """
        path = self.outcomes_path(record)
        if path is None or not path.is_file():
            return None
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != path.stem:
            raise RecordError(
                f'{path}: damaged (its SHA-256 is not its name); delete it, and comparisons do '
                'without it'
            )
        return content

    def find(self, suite: str, spec: RunSpec, fingerprint: str) -> RunRecord | None:
        """Return the record of exactly this run, or ``None`` if it has not been saved."""
        path = self.record_path(suite, spec, fingerprint)
        return read_if_there(path)

    def earlier(self, suite: str) -> Mapping[tuple[RunSpec, str], Path]:
        """Return the files of ``suite`` that an older release wrote, by cell and fingerprint.

        The fingerprint is that of today with the data known by names and sizes. Where several
        releases ran the same, a good record stands for all.

        Raises:
            RecordError: one of them is not a record.
        """
        old = (p for p in sorted(self.runs_folder(suite).rglob('*.json')) if _is_earlier(p))
        found: dict[tuple[RunSpec, str], Path] = {}
        failed: dict[tuple[RunSpec, str], Path] = {}
        for path in old:
            record = read_record(path)
            (found if record.is_ok else failed)[record.spec, record.fingerprint] = path
        return failed | found

    def adopt(self, path: Path, record: RunRecord, fingerprint: str, data: str, level: str) -> Path:
        """Move the record of an older release to its current path, and return that path.

        Args:
            path: its file, which goes once the new one is there.
            record: what the file holds, as it is read today.
            fingerprint: the one that the record has with ``data``.
            data: digest of the data's contents; the earlier record only knew names and sizes.
            level: how much of the data it covers.
        """
        earlier = record.earlier_fingerprint or record.fingerprint
        known = {'fingerprint': earlier, 'data_manifest': record.provenance.get('data_manifest')}
        said = {**record.provenance, 'data_manifest': data, 'data_level': level, 'earlier': known}
        new = self.save(replace(record, fingerprint=fingerprint, provenance=said))
        if new != path:
            path.unlink(missing_ok=True)
        old_work, work = (
            self.work_folder(record.suite, record.spec, mark) for mark in (earlier, fingerprint)
        )
        if old_work.is_dir() and not work.exists():
            old_work.rename(work)
        return new

    def places(self, record: RunRecord) -> tuple[Path, ...]:
        """Return where a record may lie: its own place, and that under its earlier fingerprint."""
        marks = dict.fromkeys((record.fingerprint, record.earlier_fingerprint))
        return tuple(self.record_path(record.suite, record.spec, mark) for mark in marks if mark)

    def suites(self) -> tuple[str, ...]:
        """Return the names of the folders under ``runs``, sorted."""
        folders = (path for path in (self.results / 'runs').glob('*') if path.is_dir())
        return tuple(sorted(path.name for path in folders))

    def records(self, suite: str) -> Iterator[RunRecord]:
        """Yield every record of ``suite`` in path order.

        Raises:
            RecordError: one of the files is not a record.
        """
        for path in sorted(self.runs_folder(suite).rglob('*.json')):
            if (record := read_if_there(path)) is not None:
                yield record


def without_outcomes(record: RunRecord) -> RunRecord:
    """Return a record that names no outcomes per test example."""
    kept = {key: value for key, value in record.proof.items() if key != 'outcomes'}
    return replace(record, proof=kept)


_SCHEMA = re.compile(rb'\s*\{\s*"schema":\s*(\d+)\s*[,}]')


def _is_earlier(path: Path) -> bool:
    """Whether an older release wrote a record, from the first bytes of its file."""
    try:
        with path.open('rb') as file:
            found = _SCHEMA.match(file.read(64))
    except OSError as error:
        raise RecordError(f'{path}: cannot be read ({error})') from None
    return found is not None and int(found[1]) < SCHEMA


def read_if_there(path: Path) -> RunRecord | None:
    """Return the record in ``path``; ``None`` where there is none, be it for a moment.

    Raises:
        RecordError: the file cannot be read or is not a record.
    """
    try:
        return read_record(path)
    except RecordError:
        return read_record(path) if _is_there(path) else None


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # its name is too long for a file
        return False


def read_record(path: Path) -> RunRecord:
    """Return the record in ``path``.

    Raises:
        RecordError: the file cannot be read or is not a record.
    """
    try:
        text = path.read_bytes()
    except (OSError, ValueError) as error:  # a zero in its name is a ValueError
        raise RecordError(f'{path}: cannot be read ({error})') from None
    return from_json(text, path)
