"""The contract of an executor: jobs in, replies out, wherever they run."""

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
        name: for people.
        request: for the worker: plain data, whose key ``job`` names the procedure.
        log: file for what it prints.
        stall: after how many seconds without progress it is ended; ``None`` for never.
    """

    name: str
    request: dict[str, Any]
    log: Path
    stall: float | None = None


@dataclass(frozen=True)
class Reply:
    """A worker's answer to a job; ``error`` is empty when it did the job.

    ``started`` is when a worker was given the job (UTC). An answer with ``lost`` says that the
    job may work another time: the worker, its host or its memory was gone. One with ``busy`` says
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
    """What a user asks of an executor.

    Attributes:
        device: ``'auto'``, ``'cpu'`` or ``'cuda'``.
        jobs: how many jobs may run at a time; ``None`` leaves it to the executor.
        processes: how many processes each training takes.
        most: no more jobs at a time than this are of use; ``None`` where that is not known.
        work: a folder that all hosts see, for what an executor keeps while it lives.
        options: what else was asked for, by name: an executor knows its own.
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

    Jobs are asked for one by one, when there is room for them.

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
"""What an entry point of the group ``transferbench.executors`` names."""
