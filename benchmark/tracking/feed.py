"""Feeds trackers from what cells leave in their work folders, in a thread of its own.

Cells know nothing of it: they write points into a file, as they do without any tracker. A tracker
that raises, hangs or has no network costs the run nothing but a line.
"""

from __future__ import annotations

import contextlib
import functools
import json
import math
import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from benchmark.errors import BenchmarkError
from benchmark.results.live import LiveReader
from benchmark.results.store import write_atomically
from benchmark.tracking.base import End, Subject, TrackedRun, Tracker

PAUSE = 2.0
"""Seconds between two looks at the cells that run."""

PATIENCE = 60.0
"""Seconds that a run waits at its end for trackers to take what is left."""

_STATE = 'tracked.json'
_SPEED = {'images_per_second', 'memory_mb'}
_LONGEST = 300


@dataclass(frozen=True)
class Result:
    """What was found of a subject at its end.

    Attributes:
        step: the last step of its training, 0 where nothing was trained.
        scores: numbers by name.
        curves: points by step, sent where none were sent while it ran.
        pictures: files by name.
        artefacts: files.
        end: how it ended.
    """

    step: int = 0
    scores: Mapping[str, float] = field(default_factory=dict)
    curves: Sequence[tuple[int, Mapping[str, float]]] = ()
    pictures: Mapping[str, Path] = field(default_factory=dict)
    artefacts: Sequence[Path] = ()
    end: End = 'finished'


class Feed(Protocol):
    """Receives the points and results of cells while they run."""

    def follow(self, subject: Subject) -> None:
        """Send the points of a subject from now on, as they come."""

    def drop(self, subject: Subject) -> None:
        """Send nothing more of a subject: somebody else has it."""

    def finish(self, subject: Subject, result: Result) -> None:
        """Send what was found of a subject, and end its run."""


class Tracking:
    """Sends points, scores, pictures and files to trackers, from one thread.

    Args:
        trackers: by name.
        say: receives one line where a tracker fails.
        pause: seconds between two looks.
        patience: seconds that :meth:`close` waits for the trackers.
    """

    def __init__(
        self,
        trackers: Mapping[str, Tracker],
        say: Callable[[str], None],
        pause: float = PAUSE,
        patience: float = PATIENCE,
    ) -> None:
        self._trackers = dict(trackers)
        self._say, self._pause, self._patience = say, pause, patience
        self._open: dict[str, _Followed] = {}
        self._tasks: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()
        self._is_closed = False
        self._thread = threading.Thread(target=self._work, name='tracking', daemon=True)
        self._thread.start()

    # any thread

    def follow(self, subject: Subject) -> None:
        """Send the points of a subject from now on, as they come."""
        self._tasks.put(lambda: self._follow(subject))

    def drop(self, subject: Subject) -> None:
        """Send nothing more of a subject: somebody else has it."""
        self._tasks.put(lambda: self._leave(subject, 'interrupted'))

    def add(self, subject: Subject, step: int, values: Mapping[str, float]) -> None:
        """Send numbers of a subject at a step, once, in any order of steps."""
        self._tasks.put(lambda: self._add(subject, step, values))

    def finish(self, subject: Subject, result: Result, *, needs_curves: bool = False) -> None:
        """Send what was found of a subject, and end its run.

        With ``needs_curves`` one without a loss curve gets no run.
        """
        self._tasks.put(lambda: self._finish(subject, result, needs_curves))

    def close(self) -> None:
        """Send what is left, and let go of all trackers; wait for slow ones for a while only."""
        if self._is_closed:
            return
        self._is_closed = True
        self._tasks.put(None)
        self._thread.join(self._patience)
        if self._thread.is_alive():
            names = ', '.join(self._trackers)
            self._say(
                f'{names}: still busy after {self._patience:g} s; what was not taken by then may '
                'be missing there, the records are complete'
            )

    # the thread

    def _work(self) -> None:
        looked = time.monotonic()
        while True:
            wait = max(0.0, looked + self._pause - time.monotonic())
            try:
                task = self._tasks.get(timeout=wait)
            except queue.Empty:
                self._look()
                looked = time.monotonic()
                continue
            if task is None:
                break
            self._try(task)
        for followed in list(self._open.values()):
            self._try(functools.partial(self._leave, followed.subject, 'interrupted'))

    def _try(self, task: Callable[[], object]) -> None:
        try:
            task()
        except Exception as error:  # a fault of ours must harm no run either
            self._trackers.clear()
            self._say(f'WARNING tracking failed and ends ({type(error).__name__}: {error})')

    def _look(self) -> None:
        for followed in self._open.values():
            self._try(functools.partial(self._send_points, followed))

    def _follow(self, subject: Subject) -> _Followed:
        if subject.key not in self._open:
            self._open[subject.key] = _Followed(subject)
        return self._open[subject.key]

    def _send_points(self, followed: _Followed) -> None:
        for point in followed.reader.points():
            if point.values.keys() <= _SPEED:  # of a loop that trains nothing
                continue
            values = {f'train/{name}': value for name, value in point.values.items()}
            self._send(followed, point.step, values)

    def _send(self, followed: _Followed, step: int, values: Mapping[str, float]) -> None:
        """Send numbers of a training: a resumed one repeats some steps, which are sent once."""
        for name in self._alive():
            state = followed.state(name)
            if step > state['step'] and self._call(name, followed, 'scalars', values, step):
                state['step'] = step
                followed.keep()

    def _add(self, subject: Subject, step: int, values: Mapping[str, float]) -> None:
        followed = self._follow(subject)
        for name in self._alive():
            state = followed.state(name)
            if step not in state['sent'] and self._call(name, followed, 'scalars', values, step):
                state['sent'].append(step)
                followed.keep()

    def _finish(self, subject: Subject, result: Result, needs_curves: bool) -> None:
        followed = self._follow(subject)
        self._send_points(followed)
        if needs_curves and not result.curves and not followed.is_known:
            self._leave(subject, result.end)
            return
        if all(followed.state(name)['step'] < 0 for name in self._alive()):
            for step, values in result.curves:
                self._send(followed, step, values)
        for name in self._alive():
            if result.scores:
                self._call(name, followed, 'scalars', result.scores, result.step)
            for title, path in result.pictures.items():
                self._call(name, followed, 'picture', title, path, result.step)
            for path in result.artefacts:
                self._call(name, followed, 'artefact', path)
        self._leave(subject, result.end)

    def _leave(self, subject: Subject, end: End) -> None:
        followed = self._open.pop(subject.key, None)
        if followed is None:
            return
        for name in self._alive():
            if name in followed.runs:
                self._call(name, followed, 'close', end)
        if end != 'interrupted' and not subject.goes_on:
            followed.forget()

    def _alive(self) -> Iterator[str]:
        yield from list(self._trackers)

    def _call(self, name: str, followed: _Followed, method: str, *arguments: Any) -> bool:
        """Call a run of the tracker ``name``; one that fails is left out from then on."""
        tracker = self._trackers.get(name)
        if tracker is None:
            return False
        try:
            run = followed.run(name, tracker)
            getattr(run, method)(*arguments)
        except (Exception, SystemExit) as error:  # a client library fails in any way
            del self._trackers[name]
            said = ' '.join(f'{type(error).__name__}: {error}'.split())[:_LONGEST]
            self._say(
                f'WARNING {name} failed and takes no more of this run ({said}); the records are '
                'not affected'
            )
            return False
        return True


@dataclass(frozen=True)
class CurvesOnly:
    """Feeds cells that have a loss curve, and leaves the others out.

    For many cells, most of which train nothing, such as k-NN at every checkpoint of a pretraining:
    each would be a run of one number.

    Attributes:
        tracking: what is fed.
    """

    tracking: Tracking

    def follow(self, subject: Subject) -> None:
        """Send the points of a subject from now on, as they come."""
        self.tracking.follow(subject)

    def drop(self, subject: Subject) -> None:
        """Send nothing more of a subject: somebody else has it."""
        self.tracking.drop(subject)

    def finish(self, subject: Subject, result: Result) -> None:
        """Send what was found of a subject and end its run, where there is a curve."""
        self.tracking.finish(subject, result, needs_curves=True)


class _Followed:
    """A subject whose points are sent, and how much of it each tracker has."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.reader = LiveReader(subject.folder)
        self.runs: dict[str, TrackedRun] = {}
        self._path = subject.folder / _STATE
        self._states = _read(self._path)

    def state(self, name: str) -> dict[str, Any]:
        """Return how much a tracker has: its ``run``, the last ``step``, the steps ``sent``."""
        return self._states.setdefault(name, {'run': '', 'step': -1, 'sent': []})

    @property
    def is_known(self) -> bool:
        """Whether some tracker has a run of it, perhaps from an earlier process."""
        return any(state['run'] for state in self._states.values()) or bool(self.runs)

    def run(self, name: str, tracker: Tracker) -> TrackedRun:
        """Return the run in a tracker, opened where it is not."""
        if name not in self.runs:
            self.runs[name] = tracker.open(self.subject, self.state(name)['run'])
            self.state(name)['run'] = self.runs[name].id
            self.keep()
        return self.runs[name]

    def keep(self) -> None:
        """Remember what was sent, for whoever continues."""
        with contextlib.suppress(BenchmarkError, OSError):
            write_atomically(self._path, json.dumps(self._states))

    def forget(self) -> None:
        """Remember nothing: the next time is another run."""
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)


def _read(path: Path) -> dict[str, dict[str, Any]]:
    try:
        found = json.loads(path.read_text(encoding='utf-8'))
        return {
            str(name): {
                'run': str(state['run']), 'step': int(state['step']), 'sent': list(state['sent']),
            }
            for name, state in found.items()
        }  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def finite(values: Mapping[str, float | None]) -> dict[str, float]:
    """Return the numbers that are known and finite."""
    return {
        name: float(value) for name, value in values.items()
        if value is not None and math.isfinite(value)
    }  # fmt: skip
