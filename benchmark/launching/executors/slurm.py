"""Workers as the tasks of a Slurm job array, submitted by submitit."""

from __future__ import annotations

import contextlib
import itertools
import os
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from benchmark.errors import BenchmarkError, EnvironmentProblem
from benchmark.launching.executors.base import Job, Reply, Wanted
from benchmark.launching.spool import Spool
from benchmark.launching.station import Station
from benchmark.results.leases import LENGTH

SIGNAL = 'USR1'
"""The signal that Slurm sends before the time limit; trainings then save a checkpoint."""

_POLL = 0.5
_LOOK_AT_JOBS = 15.0
_REQUEUES = 100
_SETUP = f'export SUBMITIT_PREEMPT_SIGNAL={SIGNAL}'
_DEFAULTS: dict[str, Any] = {'timeout_min': 24 * 60, 'cpus_per_task': 8, 'name': 'tbench'}
_OWN = ('cluster',)


class SlurmExecutor:
    """Runs jobs in the tasks of a job array, which live until the executor is closed.

    The tasks find their jobs in a folder below the work folder, so that all hosts must see it
    under the same path. A task that is preempted, or at its time limit, keeps a checkpoint, hands
    its job back and is queued again.

    Args:
        work: the work folder.
        jobs: how many tasks the array has.
        device: ``'auto'``, ``'cpu'`` or ``'cuda'``.
        processes: how many processes, with a GPU each, a training takes.
        options: parameters of submitit, such as ``slurm_partition``, ``timeout_min``, ``mem_gb``,
            ``cpus_per_task`` or ``gpus_per_node``; and ``cluster``, ``'slurm'`` or ``'local'``.

    Raises:
        EnvironmentProblem: submitit or Slurm is not there, or knows no such parameter.
    """

    def __init__(
        self,
        work: Path,
        jobs: int = 1,
        device: str = 'auto',
        *,
        processes: int = 1,
        options: Mapping[str, str] | None = None,
    ) -> None:
        self._count, self._class = jobs, 'cpu' if device == 'cpu' else 'gpu'
        self._spool = Spool(work.resolve() / 'spool' / f'slurm-{secrets.token_hex(4)}')
        self._station = Station(self._spool.folder, device, processes, os.environ.get(LENGTH, ''))
        parameters = {key: _number(value) for key, value in (options or {}).items()}
        cluster = str(parameters.pop('cluster', 'slurm'))
        gpus = {} if self._class == 'cpu' else {'gpus_per_node': processes}
        self._submitter = _submitter(
            work.resolve() / 'slurm', cluster, {**_DEFAULTS, **gpus, **parameters}
        )
        self._tasks: list[Any] = []
        self._open = contextlib.ExitStack()

    @classmethod
    def of(cls, wanted: Wanted) -> SlurmExecutor:
        """Return the requested executor.

        Raises:
            EnvironmentProblem: the number of tasks is not given.
        """
        if wanted.jobs is None:
            raise EnvironmentProblem(
                '--executor slurm: give the number of tasks of the job array as --jobs N'
            )
        jobs = wanted.jobs if wanted.most is None else min(wanted.jobs, max(wanted.most, 1))
        return cls(
            wanted.work,
            jobs,
            wanted.device,
            processes=wanted.processes,
            options=wanted.options,
        )

    @property
    def workers(self) -> int:
        """How many jobs run at a time."""
        return self._count

    @property
    def device(self) -> str:
        """The requested device class: ``'gpu'`` or ``'cpu'``."""
        return self._class

    def run(self, jobs: Iterable[Job]) -> Iterator[Reply]:
        """Yield a reply for every job as it ends, in no particular order."""
        numbers, waiting = itertools.count(), iter(jobs)
        prefix = secrets.token_hex(4)
        asked: dict[str, tuple[Job, datetime]] = {}

        def ask() -> bool:
            if (job := next(waiting, None)) is None:
                return False
            self._start()
            name = f'{prefix}-{next(numbers):07}'
            asked[name] = (job, datetime.now(UTC))
            self._spool.put(name, job)
            return True

        try:
            while len(asked) < self._count + 1 and ask():
                pass
            looked = time.monotonic()
            while asked:
                found = self._spool.answers()
                found |= {
                    name: _lost(f'worker {worker} has ended')
                    for name, worker in self._spool.lost().items()
                }
                if time.monotonic() - looked > _LOOK_AT_JOBS:
                    looked = time.monotonic()
                    found |= self._failed(asked)
                for name in [name for name in found if name in asked]:
                    job, started = asked.pop(name)
                    ask()
                    yield Reply(job, found[name], started)
                if not found:
                    time.sleep(_POLL)
        finally:
            for name in asked:  # the consumer left early
                self._spool.withdraw(name)

    def _failed(self, asked: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Return failures for jobs when no task is left to run them."""
        if not self._tasks or not all(task.done() for task in self._tasks):
            return {}
        place = self._submitter.folder
        error = f'all tasks of the job array have ended; their logs are in {place}'
        return {
            name: {'error': error, 'user_error': False}
            for name in asked
            if self._spool.withdraw(name)
        }

    def _start(self) -> None:
        if self._tasks:
            return
        self._open.enter_context(self._spool.waited_for())
        try:
            with self._submitter.batch():
                self._tasks = [self._submitter.submit(self._station) for _ in range(self._count)]
        except Exception as error:  # whatever the scheduler refuses
            self.close()
            said = ' '.join(str(error).split())[:300]
            raise EnvironmentProblem(f'--executor slurm: nothing was submitted ({said})') from None

    def close(self) -> None:
        """Cancel the tasks; the next call of ``run`` submits new ones."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            if not task.done():
                task.cancel()
        self._open.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _lost(why: str) -> dict[str, Any]:
    return {'error': why, 'user_error': False, 'lost': True}


def _number(text: str) -> int | float | str:
    for kind in (int, float):
        with contextlib.suppress(ValueError):
            return kind(text)
    return text


def _submitter(folder: Path, cluster: str, parameters: Mapping[str, Any]) -> Any:
    """Return submitit's executor.

    Raises:
        EnvironmentProblem: it is not installed, finds no Slurm, or knows no such parameter.
    """
    os.environ['SUBMITIT_PREEMPT_SIGNAL'] = SIGNAL
    try:
        import submitit
        from submitit.core.job_environment import JobEnvironment
    except ImportError:
        raise EnvironmentProblem(
            "--executor slurm needs submitit: pip install 'transferbench[slurm]'"
        ) from None
    JobEnvironment.USR_SIG = SIGNAL  # read when it was imported
    setup = {'slurm_setup': [_SETUP], 'slurm_signal_delay_s': 120} if cluster == 'slurm' else {}
    try:
        made = submitit.AutoExecutor(folder, cluster=cluster, slurm_max_num_timeout=_REQUEUES)
        made.update_parameters(**setup, **parameters)
    except BenchmarkError:
        raise
    except Exception as error:
        said = ' '.join(str(error).split())[:300]
        raise EnvironmentProblem(f'--executor slurm: {said}') from None
    return made
