"""Unpack archives as data: nothing outside the folder, no links, no devices, bounded size."""

from __future__ import annotations

import bz2
import gzip
import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, cast

from benchmark.errors import DataError
from benchmark.packed import check_name, is_litter

SUFFIXES = ('.zip', '.tar', '.tar.gz', '.tgz', '.tar.xz', '.txz', '.tar.bz2', '.tbz2')
"""Ends of names of archives that can be unpacked."""

RATIO = 100
"""How many times its own size an archive may hold; pictures pack to about their own size, text
and label maps to a twentieth."""

FREE = 1 << 26
"""Bytes that any archive may hold, however small it is."""

MEMBERS = 5_000_000
"""How many files an archive may hold."""

_CHUNK = 1 << 20
_BROKEN = (
    tarfile.TarError, zipfile.BadZipFile, gzip.BadGzipFile, lzma.LZMAError, zlib.error, EOFError,
    NotImplementedError, RuntimeError,
)  # fmt: skip


@dataclass(frozen=True)
class _Member:
    """A regular file in an archive."""

    name: str
    open: Callable[[], IO[bytes] | None]


def is_archive(name: str) -> bool:
    """Whether a file of this name can be unpacked."""
    return name.lower().endswith(SUFFIXES)


def unpack(archive: Path, folder: Path) -> int:
    """Unpack ``archive`` into ``folder`` and return how many files came out.

    What the file managers of some systems add (``__MACOSX``, ``._name``) is left out. Files are
    not executable, whatever the archive says.

    Raises:
        DataError: it is no archive, is damaged, or a member is a link, a device, lies outside of
            the folder or makes the whole too large; names the archive and the member.
    """
    budget = max(FREE, RATIO * archive.stat().st_size)
    count = written = 0
    try:
        for member in _members(archive):
            count += 1
            if count > MEMBERS:
                raise DataError(f'{archive}: holds more than {MEMBERS:,} files')
            place = _place(archive, folder, member.name)
            source = member.open()
            if source is None:
                raise DataError(f'{archive}: {member.name!r} has no content')
            written += _write(archive, source, place, budget - written)
    except _BROKEN as error:
        raise DataError(f'{archive}: cannot be unpacked ({_said(error)})') from None
    except OSError as error:
        raise DataError(f'{archive}: cannot be unpacked into {folder} ({_said(error)})') from None
    return count


def move_in(source: Path, goal: Path) -> None:
    """Move what ``source`` holds into ``goal``, file by file where a folder is there already."""
    for path in sorted(source.iterdir()):
        place = goal / path.name
        if path.is_dir() and place.is_dir():
            move_in(path, place)
        else:
            path.replace(place)


def _said(error: BaseException) -> str:
    return ' '.join(str(error).split()) or type(error).__name__


def _members(archive: Path) -> Iterator[_Member]:
    if archive.name.lower().endswith('.zip'):
        yield from _of_zip(archive)
    elif is_archive(archive.name):
        yield from _of_tar(archive)
    else:
        raise DataError(f'{archive}: not an archive that can be unpacked ({", ".join(SUFFIXES)})')


def _of_zip(archive: Path) -> Iterator[_Member]:
    with zipfile.ZipFile(archive) as opened:
        for info in opened.infolist():
            mode = info.external_attr >> 16
            check_name(archive, info.filename)
            if mode and not (stat.S_ISREG(mode) or stat.S_ISDIR(mode) or not stat.S_IFMT(mode)):
                raise DataError(f'{archive}: {info.filename!r} is a link or a device: refused')
            if info.flag_bits & 1:
                raise DataError(f'{archive}: {info.filename!r} is encrypted: unpack it by hand')
            if info.is_dir() or is_litter(info.filename):
                continue
            yield _Member(info.filename, partial(opened.open, info))


def _of_tar(archive: Path) -> Iterator[_Member]:
    with _decompressed(archive) as raw:
        # as a stream, so that no part is read twice; the end is read for its checksum
        with tarfile.open(fileobj=cast(IO[bytes], raw), mode='r|') as opened:
            for info in opened:
                check_name(archive, info.name)
                if not (info.isreg() or info.isdir()):
                    raise DataError(f'{archive}: {info.name!r} is a link or a device: refused')
                if not info.isdir() and not is_litter(info.name):
                    yield _Member(info.name, partial(opened.extractfile, info))
        while raw.read(_CHUNK):
            pass


def _decompressed(archive: Path) -> IO[bytes] | gzip.GzipFile:
    name = archive.name.lower()
    if name.endswith(('.gz', '.tgz')):
        return gzip.open(archive)
    if name.endswith(('.xz', '.txz')):
        return lzma.open(archive)
    if name.endswith(('.bz2', '.tbz2')):
        return bz2.open(archive)
    opened = archive.open('rb')
    # an archive that was cut between two members reads like a shorter one
    opened.seek(max(0, archive.stat().st_size - tarfile.BLOCKSIZE))
    if any(opened.read()):
        opened.close()
        raise DataError(f'{archive}: cannot be unpacked (its end is missing)')
    opened.seek(0)
    return opened


def _place(archive: Path, folder: Path, name: str) -> Path:
    place = folder / name
    place.parent.mkdir(parents=True, exist_ok=True)
    # a link that lay in the folder before must not lead out of it either
    if not place.parent.resolve().is_relative_to(folder.resolve()):
        raise DataError(f'{archive}: {name!r} would be outside {folder}: refused')
    return place


def _write(archive: Path, source: IO[bytes], place: Path, budget: int) -> int:
    count = 0
    place.unlink(missing_ok=True)
    with source, place.open('xb') as out:
        while chunk := source.read(_CHUNK):
            count += len(chunk)
            if count > budget:
                raise DataError(
                    f'{archive}: unpacks to more than {RATIO} times its size (at {place.name!r}): '
                    'refused'
                )
            out.write(chunk)
    return count
