"""Processes that end with their parent, however the parent ends."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal

PARENT = 'TBENCH_PARENT'
"""The environment variable with a process's number, for its children."""

CELLS_AT_A_TIME = 'TBENCH_CELLS_AT_A_TIME'
"""Name of the variable with the number of cells that this machine runs at a time."""

_PARENT_DEATH_SIGNAL = 1


def naming_parent() -> dict[str, str]:
    """Return the environment of a process that is to end with this one."""
    return {**os.environ, PARENT: str(os.getpid())}


def die_with_parent() -> None:
    """Make the system end this process, even if it hangs, when its parent thread ends.

    A parent that named itself by :func:`naming_parent`, and is gone already, ends it at once. Where
    the system cannot do this (anything but Linux), the end of the requests has to do.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, int(signal.SIGKILL))
    named = os.environ.pop(PARENT, '')
    if named and int(named) != os.getppid():
        os._exit(1)
