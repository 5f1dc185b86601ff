"""Occasional lines on running cells: the progress of each, and the time left."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

from benchmark.launching.campaign import Campaign
from benchmark.launching.status import running_since
from benchmark.planning import Plan

PAUSE = 30.0
"""Seconds between two checks."""

RUNNING = 'running  '
"""How a line about a cell that runs begins."""


@contextlib.contextmanager
def reporting(campaign: Campaign, plan: Plan, pause: float = PAUSE) -> Iterator[None]:
    """Report the progress of a campaign's running cells, a line per change, while the block runs.

    What is said is read from the work folder, as ``tbench status`` does; a look that fails is left
    out.
    """
    folders = dict(campaign.places(plan.to_do))
    if not folders:
        yield
        return
    done = threading.Event()
    watcher = _Watcher(folders)

    def watch() -> None:
        while not done.wait(pause):
            for line in watcher.lines():
                campaign.say(line)

    thread = threading.Thread(target=watch, name='progress', daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


class _Watcher:
    """Remembers what was reported about each folder, to report only changes.

    Args:
        folders: what the cell of each work folder is called.
    """

    def __init__(self, folders: dict[Path, str]) -> None:
        self._folders = folders
        self._said: dict[Path, str] = {}
        self._first: dict[tuple[Path, str], tuple[int, float]] = {}

    def lines(self) -> Iterator[str]:
        """Yield a line per cell whose progress has changed since the last report."""
        for folder, name in self._folders.items():
            with contextlib.suppress(OSError):
                found = running_since(folder)
                if found is None:
                    continue
                progress, seconds = found
                if progress and progress != self._said.get(folder):
                    self._said[folder] = progress
                    left = self._left(folder, progress, seconds)
                    yield f'{RUNNING}{name}  {progress}, {duration(seconds)}{left}'

    def _left(self, folder: Path, progress: str, seconds: float) -> str:
        """Return the remaining time of the phase, from its pace since it was first seen."""
        phase, _, place = progress.partition(' ')
        at, of = map(int, place.split('/'))
        first, then = self._first.setdefault((folder, phase), (at, seconds))
        steps, took = at - first, seconds - then
        if steps <= 0 or took <= 0:
            # nothing was seen to move yet: the pace since the start, which loads the data too
            return f', about {duration(seconds * (of - at) / at)} left' if at else ''
        return f', about {duration(took * (of - at) / steps)} left'


def duration(seconds: float) -> str:
    """Format a duration in a suitable unit.

    >>> duration(40), duration(600), duration(36000)
    ('40 s', '10 min', '10.0 h')
    """
    if seconds < 90:
        return f'{seconds:.0f} s'
    if seconds < 5400:
        return f'{seconds / 60:.0f} min'
    return f'{seconds / 3600:.1f} h'
