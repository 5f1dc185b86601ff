"""The contract of an executor: jobs in, replies out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, Self, runtime_checkable


@dataclass(frozen=True)
class Job:
    """A request to a worker.

    Attributes:
        name: for messages.
        request: for the worker: plain data, whose key ``job`` names the procedure.
        log: file for its output.
        stall: seconds without progress after which it is stopped; ``None`` for never.
    """

    name: str
    request: dict[str, Any]
    log: Path
    stall: float | None = None


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


MakeExecutor = Callable[[Wanted], Executor]
"""The type of an entry point of the group ``transferbench.executors``."""
