"""A lock on a run's work folder, so that two processes never train in the same one."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from benchmark.errors import BenchmarkError, EnvironmentProblem

LOCK = 'lock'
"""The file in a work folder that is locked; it stays, empty, when the run has ended.

Its time of change is when it was last locked.
"""

RANKS = 'ranks'
"""The file that each of several processes which train together holds, besides the lock of the one
that started them: the folder is free once all have ended."""

_PAUSES = (0.02, 0.05, 0.1)
"""How often, after how many seconds, to try again: somebody may only have looked."""

_HELD = (errno.EWOULDBLOCK, errno.EACCES)


class BusyError(BenchmarkError):
    """Another process is at work in the folder."""


@contextlib.contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """Hold ``folder`` for this process in the enclosed block; the system lets go if it dies.

    Raises:
        BusyError: another process holds it.
        EnvironmentProblem: the file system has no locks.
        BenchmarkError: it cannot be written.
    """
    with _opened(folder, LOCK) as file:
        if not (_patiently(file, fcntl.LOCK_EX) and _ranks_have_ended(folder)):
            raise BusyError(
                f'{folder}: is being run by another process; run the command again when it is done'
            )
        os.utime(file.fileno())
        yield


@contextlib.contextmanager
def shared(folder: Path) -> Iterator[None]:
    """Hold ``folder`` as one of several processes that another one has started for it.

    Raises:
        BusyError: it is not theirs any more.
        BenchmarkError: it cannot be written.
    """
    with _opened(folder, RANKS) as file:
        if not _patiently(file, fcntl.LOCK_SH):
            raise BusyError(f'{folder}: another process has begun to run it')
        yield


def check_locks(folder: Path) -> None:
    """Make ``folder`` and try whether files in it can be locked.

    Raises:
        EnvironmentProblem: they cannot.
        BenchmarkError: it cannot be written.
    """
    name = f'.{LOCK}.{os.getpid()}'
    with _opened(folder, name) as file:
        (folder / name).unlink(missing_ok=True)
        _take(file, fcntl.LOCK_SH)


def holder_since(folder: Path) -> float | None:
    """Return when a living process locked ``folder`` (seconds since the epoch); ``None`` if free.

    Looking takes a shared lock for a moment, for which :func:`exclusive` waits.

    Raises:
        EnvironmentProblem: the file system has no locks.
    """
    since = [_held_since(folder / LOCK, fcntl.LOCK_SH), _held_since(folder / RANKS, fcntl.LOCK_EX)]
    return min((moment for moment in since if moment is not None), default=None)


def _held_since(path: Path, how: int) -> float | None:
    try:
        file = path.open('rb')
    except OSError:
        return None
    with file:
        return None if _take(file, how) else os.fstat(file.fileno()).st_mtime


def _ranks_have_ended(folder: Path) -> bool:
    if not (folder / RANKS).exists():
        return True
    with _opened(folder, RANKS) as file:
        return _patiently(file, fcntl.LOCK_EX)


def _opened(folder: Path, name: str) -> IO[bytes]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return (folder / name).open('ab')
    except OSError as error:
        raise BenchmarkError(f'{folder}: cannot be written ({error.strerror or error})') from None


def _patiently(file: IO[bytes], how: int) -> bool:
    for pause in (0.0, *_PAUSES):
        time.sleep(pause)
        if _take(file, how):
            return True
    return False


def _take(file: IO[bytes], how: int) -> bool:
    """Return whether the lock was free and is held now."""
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _HELD:
            return False
        raise EnvironmentProblem(
            f'{Path(file.name).parent}: files cannot be locked there ({error.strerror or error}); '
            'choose a --work-dir on a local disk, or on a file system mounted with locks'
        ) from None
    return True
