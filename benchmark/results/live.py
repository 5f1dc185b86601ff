"""How far a run is, as it writes it into its work folder: steps, losses, rates, memory, speed.

A file of lines that only grows while a run trains. It is for people and trackers alone: a line
that cannot be written is left out, and nothing that is computed depends on it.
"""

from __future__ import annotations

import contextlib
import json
import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

LIVE = 'live.jsonl'
"""The file in the work folder of a run."""

_POINTS = 50
_TAIL = 1 << 12
"""How many bytes at the end of a file are searched for the last line."""


class Point(NamedTuple):
    """Where a run stood at ``moment`` (seconds since the epoch): ``step`` of ``total``, and values.

    ``values`` are numbers by name: losses, ``lr``, ``memory_mb``, ``images_per_second``.
    """

    step: int
    total: int
    moment: float
    values: Mapping[str, float]


class LiveFile:
    """Writes points into a run's work folder.

    Args:
        folder: the work folder.
        is_fresh: whether what an earlier attempt wrote goes.
    """

    def __init__(self, folder: Path, *, is_fresh: bool) -> None:
        self._path = folder / LIVE
        if is_fresh:
            with contextlib.suppress(OSError):
                self._path.unlink(missing_ok=True)

    def add(self, step: int, total: int, values: Mapping[str, float]) -> None:
        """Write a point without its numbers that are not finite; nothing where that fails.

        Args:
            step: how many steps are done.
            total: how many there are.
            values: numbers by name.
        """
        found = {name: float(f'{value:.6g}') for name, value in values.items()
                 if math.isfinite(value)}  # fmt: skip
        line = json.dumps([step, total, round(time.time(), 3), found])
        with contextlib.suppress(OSError), self._path.open('a', encoding='utf-8') as file:
            file.write(f'{line}\n')


class Pace:
    """Writes some fifty points about a loop: how far it is, and its speed.

    Args:
        file: where to; nowhere if ``None``.
        total: steps of the loop.
        batch: pictures of a step.
    """

    def __init__(self, file: LiveFile | None, total: int, batch: int) -> None:
        self._file, self._total, self._batch = file, total, batch
        self._every = max(1, total // _POINTS)
        self._before = 0, time.perf_counter()

    def advance(self, done: int) -> None:
        """Write a point where one is due.

        Args:
            done: steps that are done.
        """
        if self._file is None or (done % self._every and done != self._total):
            return
        (before, then), now = self._before, time.perf_counter()
        speed = (done - before) * self._batch / max(now - then, 1e-9)
        self._before = done, now
        self._file.add(done, self._total, {'images_per_second': speed})


@dataclass
class LiveReader:
    """Reads the points of a work folder, each once; those of an attempt from the start too.

    Attributes:
        folder: the work folder.
    """

    folder: Path
    _place: int = field(default=0, init=False)

    def points(self) -> Iterator[Point]:
        """Yield the points that are new since the last call."""
        path = self.folder / LIVE
        with contextlib.suppress(OSError):
            size = path.stat().st_size
            if size < self._place:  # it was begun anew
                self._place = 0
            if size == self._place:
                return
            with path.open('rb') as file:
                file.seek(self._place)
                content = file.read()
            whole = content[: content.rfind(b'\n') + 1]
            self._place += len(whole)
            for line in whole.splitlines():
                if (point := _point(line)) is not None:
                    yield point


def last_point(folder: Path, since: float = 0.0) -> Point | None:
    """Return the last point of a work folder, unless it was written a second before ``since``."""
    try:
        with (folder / LIVE).open('rb') as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - _TAIL))
            lines = file.read().splitlines()
    except OSError:
        return None
    found = next((p for p in map(_point, reversed(lines)) if p is not None), None)
    # the moment is rounded
    return found if found is not None and found.moment >= since - 1 else None


def _point(line: bytes) -> Point | None:
    try:
        step, total, moment, values = json.loads(line)
        return Point(int(step), int(total), float(moment), {k: float(v) for k, v in values.items()})
    except (ValueError, TypeError, AttributeError):  # half a line
        return None
