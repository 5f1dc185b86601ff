"""Detect jobs without progress, and end their workers with a stack in the log."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmark.launching.nursery import Forked
from benchmark.results.leases import is_lease
from benchmark.stopping import STACK

_FOR_STACKS = 0.5
"""Seconds for which to wait until a process has written its stacks."""

_LOOKS = 50
"""Number of checks within the time that a job may take without progress."""


class Progress:
    """Watches a job's log and its folder: any change there counts as progress.

    Args:
        log: the job's log.
        limit: the seconds that it may take without progress.
        clock: a steady clock.
    """

    def __init__(
        self, log: Path, limit: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._log, self._limit, self._clock = log, limit, clock
        self._seen = self._state()
        self._last = self._looked = clock()
        self.stopped = False

    def has_stopped(self) -> bool:
        """Whether there was no progress for longer than allowed; true once only."""
        now = self._clock()
        if self.stopped or now - self._looked < self._limit / _LOOKS:
            return False
        self._looked = now
        state = self._state()
        if state != self._seen:
            self._seen, self._last = state, now
        self.stopped = now - self._last > self._limit
        return self.stopped

    def told(self) -> str:
        """Return the error message of a job that was stopped."""
        return (
            f'no progress for {self._limit:.0f} s: it was stopped; where it stood is at the end '
            'of its log; --stall SECONDS allows another time'
        )

    def _state(self) -> tuple[tuple[str, int, int], ...]:
        found = []
        with contextlib.suppress(OSError), os.scandir(self._log.parent) as entries:
            for entry in entries:
                if not is_lease(entry.name):
                    with contextlib.suppress(OSError):
                        about = entry.stat()
                        found.append((entry.name, about.st_size, about.st_mtime_ns))
        return tuple(sorted(found))


def end_with_stack(process: subprocess.Popen[bytes] | Forked) -> None:
    """Make a worker, then its children, write their stacks to the log; then end the worker."""
    with contextlib.suppress(ProcessLookupError):  # it has not begun
        _ask_for_stacks(process.pid)
    process.kill()
    process.wait()


def _ask_for_stacks(worker: int) -> None:
    started = list(_below(worker))
    for pids in ([worker], started):
        for pid in pids:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, STACK)
        if pids:
            time.sleep(_FOR_STACKS)


def _below(pid: int) -> Iterator[int]:
    """Yield all descendants of the process ``pid`` (Linux only)."""
    for place in Path(f'/proc/{pid}/task').glob('*/children'):
        with contextlib.suppress(OSError, ValueError):
            for child in map(int, place.read_text().split()):
                yield child
                yield from _below(child)
