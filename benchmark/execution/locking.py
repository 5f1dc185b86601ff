"""A lock on a run's work folder, so that two processes never train in the same one."""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path

from benchmark.errors import BenchmarkError

LOCK = 'lock'
"""The file in a work folder that is locked; it stays, empty, when the run has ended."""


@contextlib.contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """Hold ``folder`` for this process in the enclosed block; the system lets go if it dies.

    Raises:
        BenchmarkError: another process holds it, or it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / LOCK).open('ab')
    except OSError as error:
        raise BenchmarkError(f'{folder}: cannot be written ({error.strerror or error})') from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BenchmarkError(
                f'{folder}: is being run by another process; run the command again when it is done'
            ) from None
        yield
