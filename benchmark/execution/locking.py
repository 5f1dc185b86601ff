"""A lock on a run's work folder, so that two processes never train in the same one."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from benchmark.errors import BenchmarkError

LOCK = 'lock'
"""The file in a work folder that is locked; it stays, empty, when the run has ended.

Its time of change is when it was last locked.
"""

_PAUSES = (0.02, 0.05, 0.1)
"""How often, after how many seconds, to try again: somebody may only have looked."""


class BusyError(BenchmarkError):
    """Another process is at work in the folder."""


@contextlib.contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """Hold ``folder`` for this process in the enclosed block; the system lets go if it dies.

    Raises:
        BusyError: another process holds it.
        BenchmarkError: it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / LOCK).open('ab')
    except OSError as error:
        raise BenchmarkError(f'{folder}: cannot be written ({error.strerror or error})') from None
    with file:
        if not any(_take(file, pause) for pause in (0.0, *_PAUSES)):
            raise BusyError(
                f'{folder}: is being run by another process; run the command again when it is done'
            )
        os.utime(file.fileno())
        yield


def _take(file: IO[bytes], pause: float) -> bool:
    time.sleep(pause)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def holder_since(folder: Path) -> float | None:
    """Return when a living process locked ``folder`` (seconds since the epoch); ``None`` if free.

    Looking takes a shared lock for a moment, for which :func:`exclusive` waits.
    """
    try:
        file = (folder / LOCK).open('rb')
    except OSError:
        return None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return os.fstat(file.fileno()).st_mtime
    return None
