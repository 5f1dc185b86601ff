"""Files inside of zip and tar archives, read in place: nothing is unpacked.

A path may lead through an archive, as ``/store/imagenet.zip/train/n01440764/1.JPEG``; mostly a
link inside a data set's folder leads there. The functions here take such paths and all others:
what the file system has itself costs nothing more than before. Members are read at their place in
the archive by ``os.pread``, which knows no position that threads or forked processes could share.
"""

from __future__ import annotations

import fnmatch
import functools
import io
import os
import re
import stat
import struct
import tarfile
import weakref
import zipfile
import zlib
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from benchmark.errors import DataError

SUFFIXES = ('.zip', '.tar')
"""Ends of names of archives that are read in place; compressed tars have no places to go to."""

_LOCAL = struct.Struct('<4s22x2H')
"""The head of a member of a zip file: its mark, and how long its name and its extra field are."""

_WIDTH = 5
_LONGEST = 255
_BROKEN = (tarfile.TarError, zipfile.BadZipFile, EOFError, NotImplementedError, ValueError)


class Place(NamedTuple):
    """A path inside of an archive; ``inner`` is empty for all of it."""

    archive: Archive
    inner: str


class Stamp(NamedTuple):
    """By what a file is known again: its size, and times (ns) and inode of its archive."""

    size: int
    modified: int
    changed: int
    inode: int


@dataclass
class _Folder:
    """The files of a folder of an archive, sorted by name, and the folders in it.

    ``rows`` has five numbers per file: offset, stored and whole size, checksum, and method; lists
    of numbers take a third of the memory of an object per file.
    """

    names: list[str] = field(default_factory=list)
    rows: array[int] = field(default_factory=lambda: array('Q'))
    folders: list[str] = field(default_factory=list)


class Archive:
    """The members of a zip or an uncompressed tar archive.

    Raises:
        DataError: it cannot be read, is damaged, or has members that cannot be read in place.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        weakref.finalize(self, os.close, self._handle)
        facts = os.fstat(self._handle)
        self.times = (facts.st_mtime_ns, facts.st_ctime_ns, facts.st_ino)
        self._folders: dict[str, _Folder] = {'': _Folder()}
        try:
            is_zip = path.name.lower().endswith('.zip')
            rows = _rows_of_zip(path) if is_zip else _rows_of_tar(path)
            for name, row in sorted(rows, key=lambda found: found[0].rpartition('/')[::2]):
                self._add(name, row)
        except (*_BROKEN, OSError) as error:
            raise DataError(f'{path}: cannot be read as an archive ({error})') from None

    def _add(self, name: str, row: tuple[int, ...]) -> None:
        above, _, last = name.rpartition('/')
        folder = self._made(above)
        if folder.names and folder.names[-1] == last:
            raise DataError(f'{self.path}: holds {name!r} twice')
        folder.names.append(last)
        folder.rows.extend(row)

    def _made(self, place: str) -> _Folder:
        if place not in self._folders:
            self._folders[place] = _Folder()
            above, _, last = place.rpartition('/')
            self._made(above).folders.append(last)
        return self._folders[place]

    def is_folder(self, inner: str) -> bool:
        """Whether there is a folder of this name."""
        return inner in self._folders

    def is_file(self, inner: str) -> bool:
        """Whether there is a file of this name."""
        return self._row(inner) is not None

    def listed(self, inner: str) -> tuple[list[str], list[tuple[str, Stamp]]]:
        """Return the names of the folders in a folder, and its files with their stamps."""
        folder = self._folders[inner]
        sizes = folder.rows[2::_WIDTH]
        files = zip(folder.names, (Stamp(size, *self.times) for size in sizes), strict=True)
        return list(folder.folders), list(files)

    def _row(self, inner: str) -> tuple[int, ...] | None:
        above, _, last = inner.rpartition('/')
        folder = self._folders.get(above)
        index = bisect_left(folder.names, last) if folder else 0
        if folder is None or index == len(folder.names) or folder.names[index] != last:
            return None
        return tuple(folder.rows[_WIDTH * index : _WIDTH * (index + 1)])

    def read(self, inner: str) -> bytes:
        """Return the content of a file.

        Raises:
            FileNotFoundError: the archive has no such file.
            DataError: the archive is damaged there.
        """
        row = self._row(inner)
        if row is None:
            raise FileNotFoundError(2, 'No such file in the archive', f'{self.path}/{inner}')
        offset, stored, size, checksum, method = row
        problem = 'is damaged'
        try:
            if method != _RAW:
                head = os.pread(self._handle, _LOCAL.size, offset)
                mark, *lengths = _LOCAL.unpack(head)
                problem = problem if mark == b'PK\3\4' else 'is not where the index says'
                offset += _LOCAL.size + sum(lengths)
            data = self._bytes(offset, stored)
            if method == zipfile.ZIP_DEFLATED:
                data = zlib.decompressobj(-15).decompress(data, size + 1)
            is_whole = len(data) == size and (method == _RAW or zlib.crc32(data) == checksum)
        except (zlib.error, struct.error):
            is_whole = False
        except OSError as error:
            is_whole, problem = False, f'cannot be read ({error.strerror})'
        if not is_whole:
            raise DataError(f'{self.path}: {inner!r} {problem}; fetch or write the archive again')
        return data

    def _bytes(self, offset: int, count: int) -> bytes:
        # one call gives at most 2 GiB
        parts = []
        while count and (part := os.pread(self._handle, count, offset)):
            parts.append(part)
            offset, count = offset + len(part), count - len(part)
        return b''.join(parts)


_RAW = 255
"""The method of a member of a tar archive: its bytes as they are, without a checksum."""


def _rows_of_zip(path: Path) -> Iterator[tuple[str, tuple[int, ...]]]:
    with zipfile.ZipFile(path) as opened:
        for info in opened.infolist():
            name = _plain(path, info.filename)
            mode = info.external_attr >> 16
            if stat.S_IFMT(mode) and not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                raise DataError(f'{path}: {name!r} is a link or a device: refused')
            if info.flag_bits & 1:
                raise DataError(f'{path}: {name!r} is encrypted: unpack it by hand')
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise DataError(
                    f'{path}: {name!r} is compressed in a way that is not read in place; pack it '
                    'anew, stored or deflated'
                )
            if not info.is_dir() and not is_litter(name):
                sizes = info.compress_size, info.file_size
                yield name, (info.header_offset, *sizes, info.CRC, info.compress_type)


def _rows_of_tar(path: Path) -> Iterator[tuple[str, tuple[int, ...]]]:
    with tarfile.open(path, 'r:') as opened:
        for info in opened:
            opened.members = []  # type: ignore[attr-defined]  # else all of them are kept
            name = _plain(path, info.name)
            if info.isdir():
                continue
            if not info.isreg() or info.issparse():
                raise DataError(f'{path}: {name!r} is a link, a device or sparse: refused')
            if not is_litter(name):
                yield name, (info.offset_data, info.size, info.size, 0, _RAW)
    end = path.stat().st_size
    with path.open('rb') as raw:
        raw.seek(max(0, end - tarfile.BLOCKSIZE))
        if any(raw.read()):
            raise DataError(f'{path}: cannot be read as an archive (its end is missing)')


def check_name(archive: Path, name: str) -> None:
    """Refuse names that could lead out of a folder or that no file system should see.

    Raises:
        DataError: names the archive and the member.
    """
    parts = PurePosixPath(name).parts
    is_outside = name.startswith('/') or '..' in parts or '\\' in name
    is_odd = (
        re.match(r'[A-Za-z]:', name) is not None
        or any(ord(letter) < 32 or ord(letter) == 127 for letter in name)
        or any(len(os.fsencode(part)) > _LONGEST for part in parts)
    )
    if is_outside or is_odd:
        raise DataError(f'{archive}: {name!r} leads out of the folder or is no fit name: refused')


def is_litter(name: str) -> bool:
    """Whether some system's file manager added a file of this name."""
    path = PurePosixPath(name)
    return '__MACOSX' in path.parts or path.name.startswith('._') or path.name == '.DS_Store'


def _plain(path: Path, name: str) -> str:
    check_name(path, name)
    return PurePosixPath(name).as_posix()


@functools.lru_cache(maxsize=64)
def _opened(path: str, modified: int, size: int) -> Archive:
    """Return an archive, whose index is read once per process and version."""
    return Archive(Path(path))


def open_archive(path: Path) -> Archive:
    """Return the archive at ``path``.

    Raises:
        DataError: it is absent, damaged, or no zip or uncompressed tar.
    """
    if not path.name.lower().endswith(SUFFIXES):
        raise DataError(
            f'{path}: is not read in place; allowed are {" and ".join(SUFFIXES)} (a compressed tar '
            'has no places to go to: unpack it, or pack its files as a zip)'
        )
    try:
        facts = path.stat()
    except OSError as error:
        raise DataError(f'{path}: cannot be read ({error.strerror})') from None
    return _opened(os.path.realpath(path), facts.st_mtime_ns, facts.st_size)


def find(path: str | Path) -> Place | None:
    """Return what a path leads to inside of an archive; ``None`` for all other paths."""
    whole = Path(path).absolute()
    folder = _find_folder(str(whole.parent))
    if folder is None or whole.is_symlink():
        return _find_folder(str(whole))
    return Place(folder.archive, f'{folder.inner}/{whole.name}' if folder.inner else whole.name)


_FOUND: dict[str, Place] = {}
"""Folders that are known to lead into archives: of a million files few folders are asked for."""

_MOST_FOUND = 4096


def forget() -> None:
    """Look anew at where paths lead, after links were made or removed."""
    _FOUND.clear()


def _find_folder(text: str) -> Place | None:
    """Return where a path leads inside of an archive; that it leads into none is not remembered."""
    if text not in _FOUND:
        found = _searched(Path(os.path.realpath(text)))
        if found is None:
            return None
        if len(_FOUND) >= _MOST_FOUND:
            _FOUND.clear()
        _FOUND[text] = found
    return _FOUND[text]


def _searched(real: Path) -> Place | None:
    for above in (real, *real.parents):
        if above.is_file():
            if not above.name.lower().endswith(SUFFIXES):
                return None
            inner = real.relative_to(above).as_posix()
            return Place(open_archive(above), '' if inner == '.' else inner)
        if above.is_dir():
            return None
    return None


def is_folder(path: str | Path) -> bool:
    """Whether there is such a folder, in the file system or in an archive."""
    if Path(path).is_dir():
        return True
    place = find(path)
    return place is not None and place.archive.is_folder(place.inner)


def is_file(path: str | Path) -> bool:
    """Whether there is such a file, in the file system or in an archive."""
    if Path(path).is_file():
        return True
    place = find(path)
    return place is not None and place.archive.is_file(place.inner)


def read_bytes(path: str | Path) -> bytes:
    """Return the content of a file.

    Raises:
        OSError: it cannot be read.
        DataError: it lies in an archive that is damaged there.
    """
    try:
        return Path(path).read_bytes()
    except (NotADirectoryError, FileNotFoundError):
        place = find(path)
        if place is None:
            raise
        return place.archive.read(place.inner)


def open_file(path: str | Path) -> io.BufferedReader | io.BytesIO:
    """Return a file opened for reading; one in an archive is read whole.

    Raises:
        OSError: it cannot be read.
        DataError: it lies in an archive that is damaged there.
    """
    try:
        return Path(path).open('rb')
    except NotADirectoryError:
        return io.BytesIO(read_bytes(path))


def scan(path: str | Path) -> tuple[list[str], list[tuple[str, Stamp]]] | None:
    """Return the folders and files in a folder of an archive; ``None`` for all other paths."""
    place = find(path)
    if place is None or not place.archive.is_folder(place.inner):
        return None
    return place.archive.listed(place.inner)


def names_in(path: str | Path) -> tuple[list[str], list[str]]:
    """Return the names of the folders and of the files in a folder, in no order; links count.

    Raises:
        OSError: there is no such folder.
    """
    try:
        entries = list(os.scandir(path))
    except (NotADirectoryError, FileNotFoundError):
        packed = scan(path)
        if packed is None:
            raise
        return packed[0], [name for name, _ in packed[1]]
    folders: list[str] = []
    files: list[str] = []
    for entry in entries:
        # a link to what is not there counts as a file: whoever reads it says so; one that leads
        # into an archive is an error to the entry itself
        is_below = is_folder(entry.path) if entry.is_symlink() else entry.is_dir()
        (folders if is_below else files).append(entry.name)
    return folders, files


def files_below(path: str | Path) -> Iterator[str]:
    """Yield the relative path of each file below a folder but for hidden ones; links count."""
    to_do = ['']
    while to_do:
        place = to_do.pop()
        try:
            folders, files = names_in(Path(path) / place)
        except OSError:
            continue
        inside = f'{place}/' if place else ''
        yield from (inside + name for name in files if not name.startswith('.'))
        to_do += [inside + name for name in folders if not name.startswith('.')]


def glob(folder: Path, pattern: str) -> Iterator[Path]:
    """Yield what a pattern finds below ``folder``, as ``Path.glob`` does and in archives, too."""
    yield from (path for path in folder.glob(pattern) if path.exists())
    yield from (path for path, _ in _packed(folder, tuple(PurePosixPath(pattern).parts)))


def count_files(folder: Path, pattern: str) -> int:
    """Return how many files a pattern finds below ``folder``, in archives, too."""
    plain = sum(1 for path in folder.glob(pattern) if path.is_file())
    return plain + sum(file for _, file in _packed(folder, tuple(PurePosixPath(pattern).parts)))


def _packed(folder: Path, parts: tuple[str, ...]) -> Iterator[tuple[Path, bool]]:
    """Yield what ``parts`` of a pattern find where links below ``folder`` lead into archives.

    Beside each path stands whether it is a file.
    """
    if not folder.is_dir():
        if (place := find(folder)) is not None and place.archive.is_folder(place.inner):
            yield from _matches(folder, place, parts)
        return
    if not parts:
        return
    first, rest = parts[0], parts[1:]
    if not any(sign in first for sign in '*?['):
        yield from _packed(folder / first, rest)
        return
    if first == '**':
        yield from _packed(folder, rest)
    below = parts if first == '**' else rest
    for entry in os.scandir(folder):
        # in a folder itself nothing is left to find once no part is
        leads_on = entry.is_symlink() or (bool(below) and entry.is_dir())
        if first == '**':
            # as Path.glob, which follows no link to a folder there: it may lead back
            leads_on = leads_on and not (entry.is_symlink() and Path(entry.path).is_dir())
        else:
            leads_on = leads_on and fnmatch.fnmatchcase(entry.name, first)
        if leads_on:
            yield from _packed(Path(entry.path), below)


def _matches(folder: Path, place: Place, parts: tuple[str, ...]) -> Iterator[tuple[Path, bool]]:
    """Yield what ``parts`` of a pattern find in a folder of an archive, the folder for none."""
    if not parts:
        yield folder, False
        return
    folders, files = place.archive.listed(place.inner)
    first, rest = parts[0], parts[1:]
    if first == '**':
        yield from _matches(folder, place, rest)
    else:
        folders = [name for name in folders if fnmatch.fnmatchcase(name, first)]
        if not rest:
            matching = (name for name, _ in files if fnmatch.fnmatchcase(name, first))
            yield from ((folder / name, True) for name in matching)
    for name in folders:
        below = Place(place.archive, f'{place.inner}/{name}' if place.inner else name)
        yield from _matches(folder / name, below, parts if first == '**' else rest)
