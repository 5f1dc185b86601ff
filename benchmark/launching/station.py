"""A remote worker: takes jobs from a spool until no process waits for answers any more."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import time
from pathlib import Path
from typing import Any

from benchmark.execution.gang import Gang
from benchmark.launching.devices import worker_environments
from benchmark.launching.pool import Pool
from benchmark.launching.resources import Needs
from benchmark.launching.spool import Spool
from benchmark.results.leases import LENGTH

_POLL = 0.5
"""Seconds between two checks of an empty spool."""


class Station:
    """The callable that a scheduler runs: serves a spool, one job at a time.

    Args:
        folder: the spool's folder, as every host sees it.
        device: ``'auto'``, ``'cpu'`` or ``'cuda'``.
        processes: how many processes a training takes.
        lease: the length of leases in seconds, as text; empty for the usual one.
        room: what jobs it can run; any where not given. Where it is on several nodes, each of them
            calls a station, and all but the first follow that one.
    """

    def __init__(
        self,
        folder: Path,
        device: str = 'auto',
        processes: int = 1,
        lease: str = '',
        room: Needs | None = None,
    ) -> None:
        self._about = folder, device, processes, lease, room
        self._pool: Pool | None = None
        self._name = ''
        self._at: str | None = None

    def __reduce__(self) -> tuple[type[Station], tuple[Any, ...]]:
        return Station, self._about

    def __call__(self) -> int:
        """Serve the spool, and return the number of jobs done."""
        folder, device, processes, lease, room = self._about
        if lease:
            os.environ[LENGTH] = lease
        spool = Spool(folder)
        if spool.is_over:  # it waited in a queue for longer than its submitter lived
            return 0
        gang = _gang(folder, room.nodes) if room is not None and room.nodes > 1 else None
        if gang is not None and _own_node():
            gang.follow(_own_node())
            return 0
        if gang is not None:
            processes //= gang.nodes
        self._name = f'{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}'
        done = 0
        more = gang.environment() if gang is not None else {}
        environments = [
            {**found, **more} for found in worker_environments(device, 1, processes=processes)
        ]
        with (
            gang.led() if gang is not None else contextlib.nullcontext(),
            spool.working(self._name),
            Pool(environments) as self._pool,
        ):
            while not spool.is_over:
                if (found := spool.take(self._name, room)) is None:
                    time.sleep(_POLL)
                    continue
                self._at, job = found
                (reply,) = self._pool.run([job])
                if gang is not None:  # the worker may have been killed
                    gang.clear()
                spool.answer(self._at, reply.answer)
                self._at = None
                done += 1
        return done

    def checkpoint(self) -> Any:
        """Stop before the time limit or a preemption, and return the callable that continues.

        The scheduler's library calls this. The training at hand keeps a checkpoint, and its job
        goes back to the spool.
        """
        from submitit.helpers import DelayedSubmission

        if self._pool is not None:
            self._pool.close()
        if self._at is not None:
            Spool(self._about[0]).give_back(self._at, self._name)
        return DelayedSubmission(Station(*self._about))


def _own_node() -> int:
    """Return the number of this node among those of its Slurm job, from 0."""
    return int(os.environ.get('SLURM_PROCID', '0'))


def _gang(folder: Path, nodes: int) -> Gang:
    """Return the nodes of this Slurm job: each start of a job is a gang of its own."""
    job, restart = (os.environ.get(f'SLURM_{name}', '0') for name in ('JOB_ID', 'RESTART_COUNT'))
    task = os.environ.get('SLURM_ARRAY_TASK_ID', '0')
    return Gang(folder / 'gangs' / f'{job}-{task}-{restart}', nodes, socket.gethostname())
