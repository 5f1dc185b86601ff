"""Progress of transfers: bars on a terminal, a line now and then in a log."""

from __future__ import annotations

import sys
import threading
from typing import Any

from tqdm import tqdm

_IN_A_LOG = 30
"""Seconds between two lines about one file when the output is not a terminal."""


class Bars:
    """A progress bar for each file being transferred, with speed and time left."""

    def __init__(self) -> None:
        self._bars: dict[str, Any] = {}
        self._lock = threading.Lock()

    def start(self, name: str, done: int, total: int) -> None:
        """Show that a transfer starts, or restarts, at ``done`` of ``total`` bytes."""
        pause = 0.2 if sys.stderr.isatty() else _IN_A_LOG
        with self._lock:
            self._close(name)
            self._bars[name] = tqdm(
                desc=name,
                initial=done,
                total=total or None,
                unit='B',
                unit_scale=True,
                mininterval=pause,
                leave=False,
            )

    def advance(self, name: str, count: int) -> None:
        """Show that ``count`` more bytes arrived."""
        self._bars[name].update(count)

    def stop(self, name: str) -> None:
        """Remove the bar."""
        with self._lock:
            self._close(name)

    def _close(self, name: str) -> None:
        bar = self._bars.pop(name, None)
        if bar is not None:
            bar.close()
