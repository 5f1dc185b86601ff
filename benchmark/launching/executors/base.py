"""The contract of an executor: jobs in, replies out."""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, Self, runtime_checkable

from benchmark.errors import EnvironmentProblem
from benchmark.launching.resources import LIGHT, Needs, Share


@dataclass(frozen=True)
class Job:
    """A request to a worker.

    Attributes:
        name: for messages.
        request: for the worker: plain data, whose key ``job`` names the procedure.
        log: file for its output.
        stall: seconds without progress after which it is stopped; ``None`` for never.
        needs: the resources of a worker that can run it.
    """

    name: str
    request: dict[str, Any]
    log: Path
    stall: float | None = None
    needs: Needs = LIGHT

    def to_plain(self) -> dict[str, Any]:
        """Return the job as literals, for another process."""
        return {**asdict(self), 'log': str(self.log), 'needs': tuple(self.needs)}

    @classmethod
    def from_plain(cls, content: Mapping[str, Any]) -> Self:
        """Return the job that :meth:`to_plain` wrote.

        Raises:
            TypeError, KeyError: it is something else.
        """
        log, needs = Path(content['log']), Needs(*content['needs'])
        return cls(**{**content, 'log': log, 'needs': needs})


@dataclass(frozen=True)
class Reply:
    """A worker's answer to a job; ``error`` is empty if it succeeded.

    ``started`` is when a worker got the job (UTC). An answer with ``lost`` says that the
    job may be retried: the worker or its host was lost, or memory ran out. One with ``busy`` says
    that another process holds the cell.
    """

    job: Job
    answer: dict[str, Any]
    started: datetime

    @property
    def error(self) -> str:
        """One line that says why the job failed."""
        return str(self.answer['error'])


class Jobs(Iterator[Job]):
    """Jobs in order, each made when there is room for it; a cluster takes the next that fits.

    Args:
        entries: what each needs, and a function that makes it, or returns ``None`` where it is no
            longer needed.
    """

    def __init__(self, entries: Iterable[tuple[Needs, Callable[[], Job | None]]]) -> None:
        self._groups: dict[Needs, deque[tuple[int, Callable[[], Job | None]]]] = {}
        for number, (needs, make) in enumerate(entries):
            self._groups.setdefault(needs, deque()).append((number, make))

    @classmethod
    def of(cls, jobs: Iterable[Job]) -> Jobs:
        """Return ``jobs`` as such jobs: themselves if they are, else all made already."""
        if isinstance(jobs, Jobs):
            return jobs
        return cls((job.needs, functools.partial(_same, job)) for job in jobs)

    def __next__(self) -> Job:
        """Return the next job in order, whatever it needs.

        Raises:
            StopIteration: no job is left.
        """
        while self._groups:
            job = self._make(min(self._groups, key=lambda needs: self._groups[needs][0][0]))
            if job is not None:
                return job
        raise StopIteration

    def take(self, room: Needs) -> Job | None:
        """Return the most demanding job that fits into ``room``; ``None`` if none fits."""
        while fitting := [needs for needs in self._groups if needs.fits(room)]:
            job = self._make(max(fitting, key=lambda needs: needs.size))
            if job is not None:
                return job
        return None

    def left(self) -> tuple[Needs, ...]:
        """Return what the jobs that are left need, each once, the most demanding first."""
        return tuple(sorted(self._groups, key=lambda needs: needs.size, reverse=True))

    def _make(self, needs: Needs) -> Job | None:
        group = self._groups[needs]
        _, make = group.popleft()
        if not group:
            del self._groups[needs]
        return make()


def _same(job: Job) -> Job:
    return job


@dataclass(frozen=True)
class Wanted:
    """A user's options for an executor.

    Attributes:
        device: ``'auto'``, ``'cpu'`` or ``'cuda'``.
        jobs: how many jobs may run at a time; ``None`` leaves it to the executor.
        processes: how many processes each training takes.
        most: the largest useful number of jobs at a time; ``None`` if unknown.
        work: a folder that all hosts see, for the executor's own files.
        options: further options by name, specific to the executor.
    """

    device: str = 'auto'
    jobs: int | None = None
    processes: int = 1
    most: int | None = None
    work: Path = Path('work_dirs')
    options: Mapping[str, str] = field(default_factory=dict)


@runtime_checkable
class Executor(Protocol):
    """Runs jobs and yields a reply for each as it ends, in any order.

    Jobs are requested one by one, when there is room for them.

    An executor never raises for a job that failed: the reply's ``error`` says why. It is a
    context manager, and is closed when the context ends; nothing it started outlives that.
    A consumer that stops early ends the jobs that still run.

    An executor whose workers differ also has the methods of :class:`Reserving`.
    """

    @property
    def workers(self) -> int:
        """How many jobs run at a time."""

    @property
    def device(self) -> str:
        """The class of device that jobs run on: ``'cpu'`` or ``'gpu'``."""

    def run(self, jobs: Iterable[Job]) -> Iterator[Reply]:
        """Yield a reply for every job as it ends."""

    def close(self) -> None:
        """End everything that was started; a second call does nothing."""

    def __enter__(self) -> Self:
        """Return the executor."""

    def __exit__(self, *_: object) -> None:
        """Close the executor."""


def is_one_class(executor: str, given: object) -> bool:
    """Return whether all cells get the same resources: ``one`` is given for the option classes.

    Raises:
        EnvironmentProblem: neither ``one`` nor ``several`` is given.
    """
    if given not in ('one', 'several'):
        raise EnvironmentProblem(f'--executor {executor}: classes={given} must be one or several')
    return given == 'one'


@runtime_checkable
class Reserving(Protocol):
    """What an executor has that starts workers with the resources of each class of cells."""

    def reserve(self, shares: Sequence[Share]) -> None:
        """Note the classes of the cells that come; called before they run."""

    def planned(self, shares: Sequence[Share]) -> list[str]:
        """Return a line per class of workers that it would start for cells of these classes."""


MakeExecutor = Callable[[Wanted], Executor]
"""The type of an entry point of the group ``transferbench.executors``."""
