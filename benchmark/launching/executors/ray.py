"""One Ray task per job: Ray places it, with its CPUs and GPUs, on a node of its cluster."""

from __future__ import annotations

import contextlib
import os
import weakref
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from benchmark.errors import EnvironmentProblem
from benchmark.launching.devices import worker_environments
from benchmark.launching.executors.base import Job, Reply, Wanted
from benchmark.launching.pool import Pool
from benchmark.results.leases import LENGTH
from benchmark.stopping import SECONDS

_POLL = 1.0
_OWN = ('address', 'cpus', 'gpus')


class RayExecutor:
    """Runs jobs as tasks of a Ray cluster, or on this machine if there is no cluster.

    A task runs its job in a worker process, which stays for the next task of the same Ray worker
    and ends with it. All nodes must see data, results and work folder under the same paths. Nodes
    may come and go: a job of a node that is gone is lost, and tried again by the campaign.

    Args:
        jobs: how many tasks at a time; as many as the cluster has room for, where not given.
        device: ``'cpu'``, or ``'cuda'`` or ``'auto'``, which ask for a GPU per process.
        processes: how many processes a training takes, each with a CPU or a GPU of its own.
        options: ``address`` of the cluster, and ``cpus`` and ``gpus`` per task.

    Raises:
        EnvironmentProblem: Ray is not installed, not reachable, or has no room for one task.
    """

    def __init__(
        self,
        jobs: int | None = None,
        device: str = 'auto',
        *,
        processes: int = 1,
        options: Mapping[str, str] | None = None,
    ) -> None:
        given = dict(options or {})
        if unknown := sorted(set(given) - set(_OWN)):
            raise EnvironmentProblem(
                f'--executor ray: unknown resource {unknown[0]}; allowed: {", ".join(_OWN)}'
            )
        cpus, gpus = _number('cpus', given, processes), _number('gpus', given, processes)
        self._ray, self._started = _connect(given.get('address'))
        self._finalizer = weakref.finalize(self, _shut_down, self._ray, self._started)
        has_gpus = self._ray.cluster_resources().get('GPU', 0) >= processes
        uses_gpus = device == 'cuda' or (device == 'auto' and has_gpus)
        self.device = 'gpu' if uses_gpus else 'cpu'
        self._needs = {
            'num_cpus': cpus,
            'num_gpus': gpus if uses_gpus or 'gpus' in given else 0.0,
        }
        self._asked_device, self._processes = device, processes
        room = self._room()
        if not room:
            there = self._ray.cluster_resources()
            self.close()
            raise EnvironmentProblem(
                f'--executor ray: no room for a task with {self._needs["num_cpus"]:g} CPUs and '
                f'{self._needs["num_gpus"]:g} GPUs; the cluster has {there.get("CPU", 0):g} and '
                f'{there.get("GPU", 0):g}'
            )
        self._jobs = jobs
        self.workers = min(jobs or room, room)

    @classmethod
    def of(cls, wanted: Wanted) -> RayExecutor:
        """Return the requested executor."""
        return cls(wanted.jobs, wanted.device, processes=wanted.processes, options=wanted.options)

    def _room(self) -> int:
        """Return how many tasks the cluster can run at a time now."""
        there = self._ray.cluster_resources()
        shares = [
            there.get(kind, 0) / needed
            for kind, needed in (
                ('CPU', self._needs['num_cpus']),
                ('GPU', self._needs['num_gpus']),
            )
            if needed
        ]
        return int(min(shares, default=1))

    def run(self, jobs: Iterable[Job]) -> Iterator[Reply]:
        """Yield a reply for every job as it ends, in no particular order."""
        # retries are the campaign's: it knows what was lost, and writes it down
        task = self._ray.remote(_run).options(max_retries=0, **self._needs)
        waiting = iter(jobs)
        asked: dict[Any, tuple[Job, datetime]] = {}
        try:
            while True:
                limit = self._jobs or max(self._room(), 1)  # nodes may have joined
                while len(asked) < limit and (job := next(waiting, None)) is not None:
                    handle = task.remote(self._request(job))
                    asked[handle] = (job, datetime.now(UTC))
                if not asked:
                    return
                ready, _ = self._ray.wait(list(asked), timeout=_POLL)
                for handle in ready:
                    job, started = asked.pop(handle)
                    yield Reply(job, self._answer(handle), started)
        finally:
            if asked:  # the consumer left early
                self._end(list(asked))

    def _end(self, handles: list[Any]) -> None:
        """Interrupt tasks, give trainings time for a checkpoint, and end what is left."""
        for handle in handles:
            self._ray.cancel(handle)
        _, left = self._ray.wait(handles, num_returns=len(handles), timeout=SECONDS)
        for handle in left:
            self._ray.cancel(handle, force=True)

    def _request(self, job: Job) -> dict[str, Any]:
        return {
            'job': {**asdict(job), 'log': str(job.log)},
            'device': self._asked_device if self.device == 'gpu' else 'cpu',
            'processes': self._processes,
            'lease': os.environ.get(LENGTH, ''),
        }

    def _answer(self, handle: Any) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = self._ray.get(handle)
        except self._ray.exceptions.RayTaskError as error:
            return {'error': f'{type(error.cause).__name__}: {error.cause}', 'user_error': False}
        except self._ray.exceptions.RayError as error:  # worker or node is gone, no memory
            first = str(error).strip().splitlines()[:1]
            said = f'{type(error).__name__}: {first[0][:200] if first else "no message"}'
            return {'error': said, 'user_error': False, 'lost': True}
        return answer

    def close(self) -> None:
        """Leave the cluster, and end it where this executor started it."""
        self._finalizer()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _number(name: str, given: Mapping[str, str], usual: float) -> float:
    """Return the amount of a resource that a task requests.

    Raises:
        EnvironmentProblem: something else than a number is given.
    """
    try:
        number = float(given.get(name, usual))
    except ValueError:
        number = -1.0
    if not 0 <= number < float('inf'):
        raise EnvironmentProblem(
            f'--executor ray: {name}={given[name]} must be a number, as in {name}=1'
        )
    return number


def _connect(address: str | None) -> tuple[Any, bool]:
    """Connect to Ray; return its module, and whether this executor must end the connection."""
    os.environ.setdefault('RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO', '0')
    try:
        import ray
    except ImportError:
        raise EnvironmentProblem(
            "--executor ray needs Ray: pip install 'transferbench[ray]'"
        ) from None
    if ray.is_initialized():
        return ray, False
    options: dict[str, Any] = {'log_to_driver': False, 'configure_logging': False}
    try:
        if address or os.environ.get('RAY_ADDRESS'):
            ray.init(address=address or 'auto', **options)
        else:
            ray.init(include_dashboard=False, **options)
    except Exception as error:  # whatever keeps Ray from starting
        said = ' '.join(str(error).split())[:300]
        raise EnvironmentProblem(f'--executor ray: cannot be reached ({said})') from None
    return ray, True


def _shut_down(ray: Any, is_ours: bool) -> None:
    if is_ours:
        with contextlib.suppress(Exception):
            ray.shutdown()


_pools: dict[tuple[str, ...], Pool] = {}


def _run(request: dict[str, Any]) -> dict[str, Any]:
    """Return the answer to a job, inside a Ray worker."""
    if request['lease']:
        os.environ[LENGTH] = request['lease']
    environments = worker_environments(request['device'], 1, processes=request['processes'])
    key = tuple(f'{name}={value}' for name, value in sorted(environments[0].items()))
    for other in [other for other in _pools if other != key]:  # Ray gave other GPUs before
        _pools.pop(other).close()
    if key not in _pools:
        _pools[key] = Pool(environments)
    content = request['job']
    job = Job(**{**content, 'log': Path(content['log'])})
    (reply,) = _pools[key].run([job])
    return reply.answer
