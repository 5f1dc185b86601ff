"""Worker processes on this machine."""

from __future__ import annotations

import functools
import sys
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Self

from benchmark.launching.devices import worker_environments
from benchmark.launching.executors.base import Job, Reply, Wanted
from benchmark.launching.nursery import Nursery
from benchmark.launching.pool import Pool


class LocalExecutor:
    """Runs jobs in worker processes: one per GPU, else one single-threaded per core.

    Args:
        jobs: number of workers; with GPUs, they share these in turn.
        device: ``'auto'``, ``'cpu'`` or ``'cuda'``.
        processes: number of processes of each training, each with its own GPU or core.
        most: the largest useful number of workers.

    Raises:
        EnvironmentProblem: ``'cuda'`` was requested and there is no GPU, or a training needs more
            than there are.

    >>> with LocalExecutor(jobs=2, device='cpu') as executor:
    ...     executor.workers, executor.device
    (2, 'cpu')
    """

    def __init__(
        self,
        jobs: int | None = None,
        device: str = 'auto',
        *,
        processes: int = 1,
        most: int | None = None,
    ) -> None:
        wanted = jobs if jobs is None or most is None else min(jobs, max(most, 1))
        self._environments = worker_environments(device, wanted, processes=processes)

    @classmethod
    def of(cls, wanted: Wanted) -> LocalExecutor:
        """Return the requested executor."""
        return cls(wanted.jobs, wanted.device, processes=wanted.processes, most=wanted.most)

    @property
    def workers(self) -> int:
        """How many jobs run at a time."""
        return len(self._environments)

    @property
    def device(self) -> str:
        """``'gpu'`` or ``'cpu'``."""
        return 'gpu' if self._environments[0].get('CUDA_VISIBLE_DEVICES') else 'cpu'

    @functools.cached_property
    def _pool(self) -> Pool:
        pool = Pool(self._environments, nursery=_nursery(self._environments))
        # an executor that is never closed ends its workers when it is garbage-collected
        weakref.finalize(self, pool.close)
        return pool

    def start_early(self) -> None:
        """Start importing the libraries while the caller does something else."""
        self._pool.start_early()

    def run(self, jobs: Iterable[Job]) -> Iterator[Reply]:
        """Yield a reply for every job as it ends, in no particular order."""
        yield from self._pool.run(jobs)

    def close(self) -> None:
        """End the workers; the next call of ``run`` starts new ones."""
        pool = self.__dict__.pop('_pool', None)
        if pool is not None:
            pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _nursery(environments: Sequence[Mapping[str, str]]) -> Nursery | None:
    """Return the process that forks CPU workers; CUDA does not survive a fork."""
    if sys.platform != 'linux' or any(e.get('CUDA_VISIBLE_DEVICES') != '' for e in environments):
        return None
    first = environments[0]
    return Nursery({k: v for k, v in first.items() if all(e.get(k) == v for e in environments)})
