"""Pipes between a worker and its parent that never leave one waiting for a dead other."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Callable
from typing import BinaryIO

_FIRST_OWN = 200
"""Lowest descriptor to use, above those that libraries close or reuse."""

_CHUNK = 1 << 16


def own_channels(answers: int) -> tuple[int, int]:
    """Return private descriptors for a worker's requests and answers.

    Standard input is empty from now on, so that no library reads, replaces or closes the channel,
    and neither descriptor passes on to processes that the worker starts or forks.
    """
    own = fcntl.fcntl(0, fcntl.F_DUPFD_CLOEXEC, _FIRST_OWN)
    telling = fcntl.fcntl(answers, fcntl.F_DUPFD_CLOEXEC, _FIRST_OWN)
    point_at(os.open(os.devnull, os.O_RDONLY), 0)
    os.close(answers)
    os.register_at_fork(after_in_child=lambda: _close(own, telling))
    return own, telling


def point_at(opened: int, *standard: int) -> None:
    """Redirect the ``standard`` descriptors (0, 1, 2), which may be closed, to a new one."""
    for descriptor in standard:
        os.dup2(opened, descriptor)
    if opened not in standard:
        os.close(opened)


def _close(*descriptors: int) -> None:
    for descriptor in descriptors:
        with contextlib.suppress(OSError):
            os.close(descriptor)


def forward_lines(requests: int, put: Callable[[str], None]) -> None:
    """Pass every line of ``requests`` to ``put``; end the process when they end or are unreadable.

    A worker that can no longer be asked anything must not be waited for.
    """
    try:
        buffer = b''
        while chunk := os.read(requests, _CHUNK):
            *lines, buffer = (buffer + chunk).split(b'\n')
            for line in lines:
                put(line.decode())
    finally:
        os._exit(0)


def write_whole(answers: int, text: str) -> None:
    """Write ``text`` to a descriptor; end the process if that fails, as nobody gets the answer."""
    left = memoryview(text.encode())
    try:
        while left:
            left = left[os.write(answers, left) :]
    except OSError:
        os._exit(1)


def read_now(pipe: BinaryIO, size: int) -> bytes | None:
    """Read a non-blocking pipe: empty at its end, ``None`` if there is nothing to read now."""
    try:
        return os.read(pipe.fileno(), size)
    except BlockingIOError:
        return None
