"""The contents of a task's data: digests of files and folders, remembered between runs.

A digest covers the names and the contents of all files. Pictures, masks and other maps of pixels
are read once: the cache knows them again by size, times and inode. Annotations and lists are read
anew each time, unless they are very large. The digest of a folder is made of those of its files
and folders, so that two copies can be compared folder by folder.
"""

from __future__ import annotations

import contextlib
import enum
import fnmatch
import hashlib
import os
import stat
import time
import unicodedata
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from benchmark import packed
from benchmark.compiling.identity import leads_back
from benchmark.errors import UNFIT, DataError, RecordError
from benchmark.results.store import write_atomically
from benchmark.specs import Task

PHOTOGRAPHS = frozenset({'.jpg', '.jpeg', '.jpe', '.jfif', '.webp', '.heic', '.avif', '.jp2'})
"""Files that can be nothing but pictures: no label map survives their compression."""

PIXELS = PHOTOGRAPHS | {
    '.png', '.bmp', '.dib', '.tif', '.tiff', '.gif', '.ppm', '.pgm', '.pbm', '.pnm', '.exr', '.hdr',
    '.pfm', '.npy', '.npz', '.bin',
}  # fmt: skip
"""Files of pixels: pictures, masks, maps of depth."""

_LARGE = 64 << 20
"""Bytes from which an annotation file is known again by its stamp, as pictures are."""

_SETTLED = 2_000_000_000
"""Minimum age (ns) at which a file's times can be trusted to distinguish two writes."""

_LEFT_BEHIND = frozenset({'Thumbs.db', 'desktop.ini', '__MACOSX', 'lost+found'})
"""What file managers and file systems put into folders; no part of any data."""

_VERSION = b'contents 1\n'
_STAMPS_KEPT = 4
_AT_ONCE = 10_000
_SECONDS_BETWEEN_LINES = 10.0
_SECONDS_BETWEEN_SAVES = 60.0
_THREADS = min(16, 4 * (os.cpu_count() or 1))


class Level(enum.StrEnum):
    """How much of the data a digest covers; two levels never give the same digest."""

    CONTENTS = 'contents'
    QUICK = 'photographs by name and size'


class Manifest(NamedTuple):
    """What a task's data are.

    Attributes:
        digest: SHA-256 of names and contents.
        folders: digest of each folder, by relative path; the data's own folder is ``'.'``.
        files: how many files there are.
        size: their bytes.
        unread: bytes whose digest was not known yet.
    """

    digest: str
    folders: Mapping[str, str]
    files: int
    size: int
    unread: int = 0


def identifying_files(task: Task, folder: Path) -> set[Path]:
    """Return the files below ``folder`` whose names and contents identify the data of ``task``.

    Raises:
        DataError: a folder cannot be listed.
    """
    found = _list_folders(folder, tuple(task.tree), tuple(_texts_in_splits(task)))
    return {folder / place / file.name for place, files in found for file in files}


class _File(NamedTuple):
    """A file as its folder lists it; ``stamp`` is size, both times in ns, and inode."""

    name: str
    stamp: tuple[int, int, int, int]

    @property
    def size(self) -> int:
        return self.stamp[0]

    def is_settled(self, now: int) -> bool:
        """Whether a change after ``now`` (ns) would show in the stamp."""
        return max(self.stamp[1], self.stamp[2]) + _SETTLED < now


@dataclass
class _Remembered:
    """What the cache knows of one folder.

    Attributes:
        wholes: digest of all its pixels, by a hash of their stamps.
        packed: stamps and digests of its files as JSON, unpacked where a file has changed.
        files: the same, unpacked.
    """

    wholes: dict[str, str] = field(default_factory=dict)
    packed: bytes = b'{}'
    files: dict[str, list[Any]] | None = None

    def digest_of(self, file: _File) -> str | None:
        """Return the digest of a file whose stamp is still the same."""
        if self.files is None:
            self.files = orjson.loads(self.packed)
        known = self.files.get(_key(file.name))
        return known[-1] if known and tuple(known[:-1]) == file.stamp else None

    def remember(self, file: _File, digest: str) -> None:
        """Keep the digest of a file."""
        if self.files is None:
            self.files = orjson.loads(self.packed)
        self.files[_key(file.name)] = [*file.stamp, digest]

    def line(self) -> bytes:
        """Return the entry as one line of the cache file."""
        packed = self.packed if self.files is None else orjson.dumps(self.files)
        wholes = dict(list(self.wholes.items())[-_STAMPS_KEPT:])
        return orjson.dumps(wholes) + b'\t' + packed


@dataclass
class _Folder:
    """A folder on the way to its digest: files to read, and what is known of the others."""

    place: str
    pixels: list[_File]
    others: list[_File]
    files: int
    size: int
    whole: str | None = None
    digests: dict[str, str] = field(default_factory=dict)


@dataclass
class DataReader:
    """Reads data folders; each file once for all tasks and all runs.

    Attributes:
        cache: folder of the files that remember digests; without one nothing is remembered.
        level: how much a digest covers.
        say: receives a line now and then where reading takes long.
    """

    cache: Path | None = None
    level: Level = Level.CONTENTS
    say: Callable[[str], None] = lambda line: None
    _made: dict[tuple[Any, ...], Manifest] = field(default_factory=dict)

    def manifest(self, task: Task, folder: Path, *, most: float | None = None) -> Manifest:
        """Return what the data of ``task`` in ``folder`` are, reading files that are not known.

        Where more than ``most`` bytes would have to be read, nothing is: the digest is empty and
        ``unread`` says how many they are.

        Raises:
            DataError: the folder is missing or empty, or a file cannot be read.
        """
        named = tuple(_texts_in_splits(task))
        key = (folder, tuple(task.tree), named)
        if key not in self._made:
            found = self._read(task.name, folder, tuple(task.tree), named, most)
            if not found.digest:
                return found
            self._made[key] = found
        return self._made[key]

    def _read(
        self,
        name: str,
        root: Path,
        patterns: tuple[str, ...],
        named: tuple[str, ...],
        most: float | None,
    ) -> Manifest:
        now = time.time_ns()
        cache = _Cache.load(self.cache, root)
        folders = [
            self._folder(place, files, cache, now)
            for place, files in _list_folders(root, patterns, named)
        ]
        outside = list(_outside(root, named))
        to_read = [(folder, file) for folder in folders for file in self._to_read(folder, cache)]
        files = sum(folder.files for folder in folders)
        if not files:
            raise DataError(f'{root}: no data here (the folder is missing or empty)')
        size = sum(folder.size for folder in folders)
        unread = sum(file.size for _, file in to_read if _is_kept(file))
        if most is not None and unread > most:
            return Manifest('', {}, files, size, unread)
        self._read_files(name, root, to_read, cache, now)
        for folder in folders:
            if folder.whole is None:
                self._finish(folder, cache, now)
        cache.save()
        digests = _combine_digests(folders)
        beyond = [f'{said}\0{_beyond(path)}' for said, path in outside]
        digest = _hash_lines([_VERSION.decode(), self.level, digests['.'], *beyond])
        return Manifest(digest, digests, files, size, unread)

    def _folder(self, place: str, files: list[_File], cache: _Cache, now: int) -> _Folder:
        """Return a folder with what the cache knows of it."""
        _check_names(place, files)
        pixels = [file for file in files if _suffix(file.name) in PIXELS]
        others = [file for file in files if _suffix(file.name) not in PIXELS]
        whole = cache.of(place).wholes.get(self._stamp(pixels)) if pixels else ''
        size = sum(file.size for file in files)
        # a million files that are known need not stay in memory
        to_look_up = pixels if whole is None else []
        return _Folder(place, to_look_up, others, len(files), size, whole)

    def _stamp(self, pixels: list[_File]) -> str:
        content = [self.level.value, *((_key(file.name), *file.stamp) for file in pixels)]
        return hashlib.sha256(orjson.dumps(content)).hexdigest()

    def _to_read(self, folder: _Folder, cache: _Cache) -> Iterator[_File]:
        """Yield the files whose digest is not known, after taking over those that are."""
        known = cache.of(folder.place)
        for file in (*folder.pixels, *folder.others):
            if self.level is Level.QUICK and _suffix(file.name) in PHOTOGRAPHS:
                folder.digests[file.name] = f'{file.size} bytes'
                continue
            digest = known.digest_of(file) if _is_kept(file) else None
            if digest is None:
                yield file
            else:
                folder.digests[file.name] = digest

    def _read_files(
        self, name: str, root: Path, files: list[tuple[_Folder, _File]], cache: _Cache, now: int
    ) -> None:
        """Read files by several threads and keep their digests; what was read survives a stop."""
        progress = _Progress(name, len(files), sum(file.size for _, file in files), self.say)
        pool = ThreadPoolExecutor(_THREADS)
        try:
            for start in range(0, len(files), _AT_ONCE):
                some = files[start : start + _AT_ONCE]
                paths = ((root / folder.place / file.name, file) for folder, file in some)
                for (folder, file), answer in zip(some, pool.map(_digest, paths), strict=True):
                    folder.digests[file.name] = answer.digest
                    if answer.is_same and _is_kept(file) and file.is_settled(now):
                        cache.of(folder.place).remember(file, answer.digest)
                        cache.is_changed = True
                    if progress.is_save_due(file.size):
                        cache.save()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            with contextlib.suppress(Exception):
                cache.save()
            raise
        pool.shutdown()

    def _finish(self, folder: _Folder, cache: _Cache, now: int) -> None:
        """Compute the digest of a folder's images from the digests of its files."""
        ordered = sorted(folder.pixels, key=lambda file: _plain(file.name))
        folder.whole = _hash_lines(
            f'{_plain(file.name)}\0{folder.digests[file.name]}' for file in ordered
        )
        if all(file.is_settled(now) for file in folder.pixels):
            cache.of(folder.place).wholes[self._stamp(folder.pixels)] = folder.whole
            cache.is_changed = True


def _is_kept(file: _File) -> bool:
    """Whether a file's digest is remembered; small annotations are read anew each time."""
    return _suffix(file.name) in PIXELS or file.size >= _LARGE


def _suffix(name: str) -> str:
    # a million names: a path for each would take longer than looking at the file
    dot = name.rfind('.')
    return name[dot:].lower() if dot > 0 else ''


def _plain(name: str) -> str:
    """Return a name in Unicode NFC, since file systems differ in how they store accents."""
    return unicodedata.normalize('NFC', name)


def _key(name: str) -> str:
    """Return a name as JSON can hold it: file names may contain bytes that are not valid text."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return '\0' + os.fsencode(name).decode('latin-1')
    return name


def _hash_lines(lines: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for line in lines:
        digest.update(line.encode('utf-8', 'surrogateescape') + b'\n')
    return digest.hexdigest()


def _check_names(place: str, files: list[_File]) -> None:
    if all(file.name.isascii() for file in files):
        return
    names = {_plain(file.name) for file in files}
    if len(names) < len(files):
        seen: set[str] = set()
        for file in files:
            if _plain(file.name) in seen:
                raise DataError(
                    f'{place}/{file.name}: two files have this name, their accents coded '
                    'differently; rename or remove one'
                )
            seen.add(_plain(file.name))


class _Read(NamedTuple):
    """A file's SHA-256, and whether the file was unchanged after reading."""

    digest: str
    is_same: bool


def _digest(job: tuple[Path, _File]) -> _Read:
    path, listed = job
    try:
        with path.open('rb') as file:
            digest = hashlib.file_digest(file, 'sha256').hexdigest()
            is_same = _stamp_of(os.fstat(file.fileno())) == listed.stamp
    except NotADirectoryError:  # it leads into an archive, whose changes the next stamp shows
        return _Read(hashlib.sha256(packed.read_bytes(path)).hexdigest(), True)
    except OSError as error:
        raise DataError(f'{path}: cannot be read ({error.strerror or error})') from None
    return _Read(digest, is_same)


def _stamp_of(facts: os.stat_result) -> tuple[int, int, int, int]:
    return facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns, facts.st_ino


# --- finding files --------------------------------------------------------------------------------


def _list_folders(
    root: Path, patterns: tuple[str, ...], named: tuple[str, ...]
) -> Iterator[tuple[str, list[_File]]]:
    """Yield the folders below ``root`` that hold files of the data, each with these files.

    Without patterns that is everything. Else it is what they find, what the splits name, and all
    that lies below a folder in which a pattern finds a film or to which a split, but no pattern,
    leads: another task may keep files of its own in the same place.
    """
    if not patterns:
        yield from _below(root)
        return
    wanted: dict[str, set[str]] = {}
    whole: set[str] = set()
    for pattern in patterns:
        above, _, last = pattern.rpartition('/')
        places = {folder.relative_to(root).as_posix() for folder in _folders(root, above)}
        if _is_film(pattern):
            whole |= places
        for place in places:
            wanted.setdefault(place, set()).add(last)
    for name in filter(_is_inside, named):
        place = Path(name).as_posix()
        if packed.is_file(root / name):
            above, _, last = place.rpartition('/')
            wanted.setdefault(above or '.', set()).add(last)
        elif place != '.' and not any(p.startswith(f'{place}/') for p in patterns):
            whole |= {place} if packed.is_folder(root / name) else set()
    whole = {place for place in whole if not any(str(p) in whole for p in Path(place).parents)}
    for place in sorted(whole):
        yield from _below(root, place)
    for place in sorted(wanted):
        if place in whole or any(str(p) in whole for p in Path(place).parents):
            continue
        _, files = _scan(root / place)
        matching = [f for f in files if any(fnmatch.fnmatchcase(f.name, p) for p in wanted[place])]
        if matching:
            yield place, matching


def _is_film(pattern: str) -> bool:
    """Whether a pattern matches one fixed file name in many folders, as data of sequences do."""
    above, _, last = pattern.rpartition('/')
    return _varies(above.rpartition('/')[2]) and not _varies(last)


def _varies(name: str) -> bool:
    return any(sign in name for sign in '*?[')


def _folders(root: Path, pattern: str) -> Iterator[Path]:
    if not pattern:
        yield root
        return
    yield from (path for path in packed.glob(root, pattern) if packed.is_folder(path))


def _below(root: Path, start: str = '.') -> Iterator[tuple[str, list[_File]]]:
    """Yield every folder from ``start`` on with its files; links are followed, not in circles."""
    to_do = [start]
    while to_do:
        place = to_do.pop()
        folders, files = _scan(root / place)
        if files:
            yield place, files
        for name in folders:
            # a link to a folder above it would never end
            if not leads_back(root / place / name):
                to_do.append(name if place == '.' else f'{place}/{name}')


def _scan(folder: Path) -> tuple[list[str], list[_File]]:
    """Return the folders and files in a folder, without hidden ones.

    Raises:
        DataError: the folder cannot be listed, or a link leads nowhere.
    """
    folders: list[str] = []
    files: list[_File] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith('.') or entry.name in _LEFT_BEHIND:
                    continue
                try:
                    facts = entry.stat()
                except OSError as error:
                    if packed.is_folder(entry.path):
                        folders.append(entry.name)
                        continue
                    raise DataError(
                        f'{entry.path}: cannot be read ({error.strerror}'
                        f'{"; a link to what is not there" if entry.is_symlink() else ""})'
                    ) from None
                if stat.S_ISDIR(facts.st_mode):
                    folders.append(entry.name)
                elif stat.S_ISREG(facts.st_mode):
                    files.append(_File(entry.name, _stamp_of(facts)))
    except FileNotFoundError:
        return [], []
    except OSError as error:
        if (found := packed.scan(folder)) is not None:
            return found[0], [_File(name, stamp) for name, stamp in found[1]]
        raise DataError(f'{folder}: cannot be read ({error.strerror})') from None
    files.sort()
    return folders, files


def _texts_in_splits(task: Task) -> Iterator[str]:
    """Yield every text in the declarations of a task's splits: some of them name files."""
    seen: set[str] = set()
    to_do: list[Any] = list(task.datasets.values())
    while to_do:
        value = to_do.pop(0)
        if isinstance(value, Mapping):
            to_do.extend(value[key] for key in value if key != 'metainfo')
        elif isinstance(value, list | tuple):
            to_do.extend(value)
        elif isinstance(value, str) and value not in seen:
            seen.add(value)
            yield value


def _is_inside(name: str) -> bool:
    return bool(name) and not Path(name).is_absolute() and '..' not in Path(name).parts


def _outside(root: Path, named: Iterable[str]) -> Iterator[tuple[str, Path]]:
    """Yield label and path of each file that a task names outside its folder."""
    for name in sorted(named):
        is_path = '/' in name and '\0' not in name and '{' not in name
        if is_path and not _is_inside(name):
            path = root / name
            # where an absolute path leads is a matter of this machine
            if path.exists():
                yield (path.name if Path(name).is_absolute() else name), path


def _beyond(path: Path) -> str:
    """Return a digest of a file or folder outside the data's folder; nothing remembers it."""
    if path.is_file():
        return _digest((path, _File(path.name, (0, 0, 0, 0))))[0]
    lines = [
        f'{_plain(place)}/{_plain(file.name)}\0{_digest((path / place / file.name, file))[0]}'
        for place, files in _below(path)
        for file in files
    ]
    return _hash_lines(sorted(lines))


# --- digests of folders ---------------------------------------------------------------------------


def _combine_digests(folders: Iterable[_Folder]) -> dict[str, str]:
    """Return the digest of each folder, made of those of its files and of the folders in it."""
    content: dict[str, list[str]] = {'.': []}
    for folder in folders:
        lines = content.setdefault(folder.place, [])
        lines.append(f'pixels\0{folder.whole}')
        lines += [f'file\0{_plain(f.name)}\0{folder.digests[f.name]}' for f in folder.others]
        above = folder.place
        while above != '.':
            above = _above(above)
            content.setdefault(above, [])
    digests: dict[str, str] = {}
    for place in sorted(content, key=lambda place: (place != '.', place.count('/')), reverse=True):
        digests[place] = _hash_lines(sorted(content[place]))
        if place != '.':
            line = f'folder\0{_plain(place.rpartition("/")[2])}\0{digests[place]}'
            content[_above(place)].append(line)
    return dict(sorted(digests.items()))


def _above(place: str) -> str:
    return place.rpartition('/')[0] or '.'


# --- what is remembered ---------------------------------------------------------------------------


@dataclass
class _Cache:
    """Digests of the files of one data folder; empty if the cache file is damaged or absent."""

    path: Path | None
    folders: dict[str, _Remembered] = field(default_factory=dict)
    is_changed: bool = False

    @classmethod
    def load(cls, cache: Path | None, root: Path) -> _Cache:
        """Return what is remembered of the files below ``root``."""
        if cache is None:
            return cls(None)
        real = os.fsencode(os.path.realpath(root))
        path = cache / f'{hashlib.sha256(real).hexdigest()[:16]}.txt'
        try:
            version, checksum, body = path.read_bytes().split(b'\n', 2)
            if version + b'\n' != _VERSION or int(checksum) != zlib.crc32(body):
                return cls(path)
            return cls(path, dict(_parse_cache_line(line) for line in body.splitlines()))
        except (OSError, *UNFIT):
            return cls(path)

    def of(self, place: str) -> _Remembered:
        """Return what is known of a folder."""
        return self.folders.setdefault(_key(place), _Remembered())

    def save(self) -> None:
        """Write what is known, if there is anything new; without a place for it, all goes on."""
        if not self.is_changed or self.path is None:
            return
        lines = (
            b'%s\t%s' % (orjson.dumps(place), known.line()) for place, known in self.folders.items()
        )
        body = b'\n'.join(lines)
        with contextlib.suppress(RecordError):
            write_atomically(self.path, b'%s%d\n%s' % (_VERSION, zlib.crc32(body), body))
        self.is_changed = False


def _parse_cache_line(line: bytes) -> tuple[str, _Remembered]:
    place, wholes, packed = line.split(b'\t')
    return orjson.loads(place), _Remembered(orjson.loads(wholes), packed)


def remembered_hash(path: Path, cache: Path) -> str:
    """Return the SHA-256 of a file's content, read once as long as the file stays as it is.

    Raises:
        DataError: the file cannot be read.
    """
    now = time.time_ns()
    real = os.fsencode(os.path.realpath(path))
    place = cache / 'files' / f'{hashlib.sha256(real).hexdigest()[:16]}.json'
    try:
        listed = _File(path.name, _stamp_of(path.stat()))
    except OSError as error:
        raise DataError(f'{path}: cannot be read ({error.strerror})') from None
    with contextlib.suppress(OSError, *UNFIT):
        *stamp, digest = orjson.loads(place.read_bytes())
        if tuple(stamp) == listed.stamp and len(bytes.fromhex(digest)) == 32:
            return str(digest)
    found = _digest((path, listed))
    if found.is_same and listed.is_settled(now):
        with contextlib.suppress(RecordError):
            write_atomically(place, orjson.dumps([*listed.stamp, found.digest]))
    return found.digest


@dataclass
class _Progress:
    """Logs the progress of reading from time to time."""

    name: str
    files: int
    size: int
    say: Callable[[str], None]
    began: float = field(default_factory=time.monotonic)
    done: int = 0
    read: int = 0
    said: float = field(default_factory=time.monotonic)
    saved: float = field(default_factory=time.monotonic)

    def is_save_due(self, size: int) -> bool:
        """Count a file of ``size`` bytes, and return whether it is time to save what is known."""
        self.done += 1
        self.read += size
        now = time.monotonic()
        if now - self.said > _SECONDS_BETWEEN_LINES:
            self.said = now
            self.say(
                f'{self.name}: reading the data once, {self.done:,} of {self.files:,} files, '
                f'{self.read / 1e9:.1f} of {self.size / 1e9:.1f} GB, '
                f'{self.read / 1e6 / (now - self.began):.0f} MB/s'
            )
        if now - self.saved > _SECONDS_BETWEEN_SAVES:
            self.saved = now
            return True
        return False
