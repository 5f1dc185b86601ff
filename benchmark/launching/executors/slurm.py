"""Workers as the tasks of Slurm job arrays, one per class of cells, submitted by submitit."""

from __future__ import annotations

import contextlib
import itertools
import os
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from benchmark.errors import BenchmarkError, EnvironmentProblem
from benchmark.launching.executors.base import Job, Jobs, Reply, Wanted, is_one_class
from benchmark.launching.resources import LIGHT, Needs, Share, joined, shared_out
from benchmark.launching.spool import Spool, name_with_needs
from benchmark.launching.station import Station
from benchmark.results.leases import LENGTH
from benchmark.wording import count_noun

SIGNAL = 'USR1'
"""The signal that Slurm sends before the time limit; trainings then save a checkpoint."""

_POLL = 0.5
_LOOK_AT_JOBS = 15.0
_REQUEUES = 100
_MOST_EARLY = 4
"""Most tasks for jobs that come before any cell is known: inspections of backbones."""

_SETUP = f'export SUBMITIT_PREEMPT_SIGNAL={SIGNAL}'
_CHOSEN: dict[str, tuple[str, ...]] = {
    'timeout_min': ('timeout_min', 'slurm_time'),
    'cpus_per_task': ('cpus_per_task', 'slurm_cpus_per_task', 'slurm_cpus_per_gpu'),
    'mem_gb': ('mem_gb', 'slurm_mem', 'slurm_mem_per_cpu', 'slurm_mem_per_gpu'),
    'gpus_per_node': (
        'gpus_per_node',
        'slurm_gpus_per_node',
        'slurm_gpus_per_task',
        'slurm_gres',
    ),
}
"""What each class asks for, and the parameters by which a user chooses it instead."""


class _Array:
    """A job array: the tasks of one class of cells.

    Args:
        room: what each of its tasks can run.
        count: how many tasks it has.
        submitter: submits them.
    """

    def __init__(self, room: Needs, count: int, submitter: Any) -> None:
        self.room, self.count, self._submitter = room, count, submitter
        self.tasks: list[Any] = []
        self.asked = 0

    def submit(self, station: Station) -> None:
        """Submit the tasks, unless that was done."""
        if not self.tasks:
            with self._submitter.batch():
                tasks = [self._submitter.submit(station) for _ in range(self.count)]
            self.tasks = tasks  # not before: the scheduler may have refused them

    def serves(self, needs: Needs, count: int) -> bool:
        """Whether its tasks, submitted already, do for a class that would get so many."""
        is_alive = bool(self.tasks) and not self.has_ended and self.count >= count
        return is_alive and self.room.gpus == needs.gpus and needs.fits(self.room)

    @property
    def has_ended(self) -> bool:
        """Whether tasks were submitted, and none of them is left."""
        return bool(self.tasks) and all(task.done() for task in self.tasks)

    def cancel(self) -> None:
        """Cancel the tasks; the next job submits new ones."""
        tasks, self.tasks = self.tasks, []
        for task in tasks:
            if not task.done():
                task.cancel()


class SlurmExecutor:
    """Runs jobs in the tasks of job arrays, one per class of cells, which live until it is closed.

    The tasks find their jobs in a folder below the work folder, so that all hosts must see it
    under the same path. A task takes any job that needs no more than it has. One that is preempted,
    or at its time limit, keeps a checkpoint, hands its job back and is queued again.

    Args:
        work: the work folder.
        jobs: how many tasks all arrays have together.
        device: ``'auto'``, ``'cpu'`` or ``'cuda'``.
        processes: how many processes, with a GPU each, a training takes.
        options: parameters of submitit, such as ``slurm_partition``, ``timeout_min``, ``mem_gb``,
            ``cpus_per_task``, ``gpus_per_node`` or ``nodes``: for all classes, or with ``cpu.`` or
            ``gpu.`` before them for those without or with GPUs; ``cluster``, ``'slurm'`` or
            ``'local'``; and ``classes``, ``'one'`` for the same resources everywhere.

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
        self._asked_device, self._processes = device, processes
        self._spool = Spool(work.resolve() / 'spool' / f'slurm-{secrets.token_hex(4)}')
        self._options = {key: _number(value) for key, value in (options or {}).items()}
        self._cluster = str(self._options.pop('cluster', 'slurm'))
        self._is_one = is_one_class('slurm', self._options.pop('classes', 'several'))
        self._folder = work.resolve() / 'slurm'
        self._open = contextlib.ExitStack()
        self._is_served = False
        first = Needs(processes, 0 if self._class == 'cpu' else processes)
        self._nodes_of(first)
        # a wrong parameter is said at once
        _submitter(self._folder, self._cluster, self._parameters(first))
        early = LIGHT._replace(memory_gb=_EARLY_GB, minutes=_EARLY_MINUTES)
        self._arrays = [self._array(early, min(jobs, _MOST_EARLY))]
        self._is_early = True

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

    def reserve(self, shares: Sequence[Share]) -> None:
        """Use an array of tasks per class from now on: one that is there, if it does, or a new one.

        Arrays of earlier classes that do for none are cancelled.
        """
        before, self._arrays = self._arrays, []
        for share, count in self._split(shares):
            kept = next((a for a in before if a.serves(share.needs, count)), None)
            if kept is not None:
                before.remove(kept)
            self._arrays.append(kept or self._array(share.needs, count))
        for array in before:
            array.cancel()
        self._is_early = False

    def planned(self, shares: Sequence[Share]) -> list[str]:
        """Return a line per job array that it would submit for cells of these classes."""
        return [
            f'slurm: {count_noun(share.cells, "cell")} in an array of {count_noun(count, "task")} '
            f'with {_said(self._parameters(share.needs))}'
            for share, count in self._split(shares)
        ]

    def _split(self, shares: Sequence[Share]) -> list[tuple[Share, int]]:
        """Return the classes with their numbers of tasks; those that request the same are one."""
        merged: dict[str, Share] = {}
        for share in shares:
            key = '' if self._is_one else repr(self._parameters(share.needs))
            merged[key] = joined(merged[key], share) if key in merged else share
        return shared_out(list(merged.values()), self._count)

    def _array(self, needs: Needs, count: int) -> _Array:
        room = needs._replace(nodes=self._nodes_of(needs))
        made = _submitter(self._folder, self._cluster, self._parameters(needs))
        return _Array(self._roomy(room), count, made)

    def _roomy(self, room: Needs) -> Needs:
        """Return what tasks can run whose user chose some of the resources: any amount of these."""
        chosen = self._chosen(room.gpus)
        names = {'mem_gb': 'memory_gb', 'cpus_per_task': 'cpus', 'timeout_min': 'minutes'}
        free = {field: _ANY for name, field in names.items() if name in chosen}
        return room._replace(**free)

    def _chosen(self, gpus: int) -> set[str]:
        """Return which of the resources the user chose for a class with so many GPUs."""
        own = self._own(gpus)
        return {name for name, keys in _CHOSEN.items() if any(key in own for key in keys)}

    def _own(self, gpus: int) -> dict[str, Any]:
        """Return the user's parameters for a class with so many GPUs."""
        found = {key: value for key, value in self._options.items() if key[:4] not in _KINDS}
        prefix = 'gpu.' if gpus else 'cpu.'
        special = {k[4:]: v for k, v in self._options.items() if k.startswith(prefix)}
        return found | special

    def _nodes_of(self, needs: Needs) -> int:
        """Return on how many nodes a class runs: a training's processes share those requested.

        Raises:
            EnvironmentProblem: they cannot be shared evenly.
        """
        own = self._own(needs.gpus)
        nodes = own.get('nodes', own.get('slurm_nodes', 1))
        if nodes == 1 or needs.processes == 1:
            return 1
        if not isinstance(nodes, int) or nodes < 1 or needs.processes % nodes:
            raise EnvironmentProblem(
                f'--executor slurm: nodes={nodes} cannot share --processes {needs.processes} '
                'evenly; give a number of nodes that divides it'
            )
        return nodes

    def _parameters(self, needs: Needs) -> dict[str, Any]:
        """Return the parameters of submitit for a class: what the user chose, else its needs."""
        own, nodes = self._own(needs.gpus), self._nodes_of(needs)
        each = needs._replace(nodes=nodes).per_node
        asked = {
            'timeout_min': needs.minutes or _EARLY_MINUTES,
            'cpus_per_task': each.cpus,
            'mem_gb': each.memory_gb or _EARLY_GB,
            **({'gpus_per_node': each.gpus} if each.gpus else {}),
        }
        chosen = self._chosen(needs.gpus)
        asked = {name: value for name, value in asked.items() if name not in chosen}
        own = {key: value for key, value in own.items() if key not in ('nodes', 'slurm_nodes')}
        many = {'nodes': nodes, 'tasks_per_node': 1} if nodes > 1 else {}
        return {'name': 'tbench', **asked, **own, **many}

    def run(self, jobs: Iterable[Job]) -> Iterator[Reply]:
        """Yield a reply for every job as it ends, in no particular order."""
        numbers, waiting = itertools.count(), Jobs.of(jobs)
        prefix = secrets.token_hex(4)
        asked: dict[str, tuple[Job, datetime, _Array]] = {}

        def ask() -> None:
            """Put jobs into the spool, one more per array than it has tasks."""
            # the least demanding first: what they leave is for those that can run anything
            for array in sorted(self._arrays, key=lambda array: array.room.size):
                while array.asked < array.count + 1 and (job := waiting.take(array.room)):
                    self._submit(array)
                    array.asked += 1
                    name = name_with_needs(f'{prefix}-{next(numbers):07}', job.needs)
                    asked[name] = (job, datetime.now(UTC), array)
                    self._spool.put(name, job)

        try:
            self._make_room_for(waiting)
            ask()
            looked = time.monotonic()
            while asked:
                found = self._spool.answers()
                found |= {
                    name: _lost(f'worker {worker} has ended')
                    for name, worker in self._spool.lost().items()
                }
                if time.monotonic() - looked > _LOOK_AT_JOBS:
                    looked = time.monotonic()
                    found |= self._failed({name: job for name, (job, _, _) in asked.items()})
                    self._end_idle(waiting, [job.needs for job, _, _ in asked.values()])
                for name in [name for name in found if name in asked]:
                    job, started, array = asked.pop(name)
                    array.asked -= 1
                    ask()
                    yield Reply(job, found[name], started)
                if not found:
                    time.sleep(_POLL)
        finally:
            for name, (_, _, array) in asked.items():  # the consumer left early
                array.asked -= 1
                self._spool.withdraw(name)

    def _make_room_for(self, waiting: Jobs) -> None:
        """Add an array of one task for each class that none of the arrays can run."""
        for needs in waiting.left():
            if not any(needs.fits(array.room) for array in self._arrays):
                self._arrays.append(self._array(needs, self._count if self._is_early else 1))

    def _end_idle(self, waiting: Jobs, asked: Sequence[Needs]) -> None:
        """Cancel the tasks of arrays for which nothing is left, while others are at work."""
        for array in self._arrays:
            if not any(needs.fits(array.room) for needs in (*asked, *waiting.left())):
                array.cancel()

    def _failed(self, asked: Mapping[str, Job]) -> dict[str, dict[str, Any]]:
        """Return failures for jobs when no task is left that could run them."""
        alive = [array for array in self._arrays if array.tasks and not array.has_ended]
        error = f'all tasks of the job array have ended; their logs are in {self._folder}'
        return {
            name: {'error': error, 'user_error': False}
            for name, job in asked.items()
            if not any(job.needs.fits(array.room) for array in alive) and self._spool.withdraw(name)
        }

    def _submit(self, array: _Array) -> None:
        if not self._is_served:
            self._open.enter_context(self._spool.waited_for())
            self._is_served = True
        device = self._asked_device if array.room.gpus else 'cpu'
        station = Station(
            self._spool.folder,
            device,
            array.room.processes,
            os.environ.get(LENGTH, ''),
            array.room,
        )
        try:
            array.submit(station)
        except Exception as error:  # whatever the scheduler refuses
            self.close()
            said = ' '.join(str(error).split())[:300]
            raise EnvironmentProblem(
                f'--executor slurm: nothing was submitted for cells that need '
                f'{_said(self._parameters(array.room))} ({said}); --resources KEY=VALUE sets '
                'others, and classes=one requests the same for all'
            ) from None

    def close(self) -> None:
        """Cancel the tasks; the next call of ``run`` submits new ones."""
        for array in self._arrays:
            array.cancel()
        self._is_served = False
        self._open.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


_ANY = 1 << 30
"""More than any cell needs."""

_EARLY_GB, _EARLY_MINUTES = 16, 240
"""Memory and time of tasks for jobs that come before any cell is known; round numbers of ours."""

_KINDS = ('cpu.', 'gpu.')


def _said(parameters: Mapping[str, Any]) -> str:
    return ' '.join(f'{key}={value}' for key, value in parameters.items() if key != 'name')


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
