"""Processes that end with the one that started them, whatever ends that one."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal

PARENT = 'TBENCH_PARENT'
"""The environment variable in which a process gives its number to those that it starts."""

CELLS_AT_A_TIME = 'TBENCH_CELLS_AT_A_TIME'
"""Names the variable that says how many cells this machine runs at a time."""

_PARENT_DEATH_SIGNAL = 1


def naming_parent() -> dict[str, str]:
    """Return the environment of a process that is to end with this one."""
    return {**os.environ, PARENT: str(os.getpid())}


def die_with_parent() -> None:
    """Let the system end this process when the thread that started it ends, even while it hangs.

    A parent that named itself by :func:`naming_parent`, and is gone already, ends it at once. Where
    the system cannot do this (anything but Linux), the end of the requests has to do.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, int(signal.SIGKILL))
    named = os.environ.pop(PARENT, '')
    if named and int(named) != os.getppid():
        os._exit(1)
