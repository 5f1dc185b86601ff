"""Jobs other than cells, retried if a worker or host was lost or memory ran out."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from benchmark.launching.executors.base import Executor, Job, Reply

PAUSES = (2.0, 10.0)
"""Seconds before each new try, one entry per try."""

_STALL = 3600.0
"""Seconds without progress after which such a job is stopped."""


def run_again_when_lost(
    executor: Executor, jobs: Iterable[Job], pauses: Sequence[float] = PAUSES
) -> Iterator[Reply]:
    """Yield a reply for every job; a job that was lost each time gets its last reply."""
    tries: Counter[str] = Counter()
    waiting = [replace(job, stall=job.stall or _STALL) for job in jobs]
    while waiting:
        lost: list[Job] = []
        for reply in executor.run(waiting):
            if reply.answer.get('lost') and tries[reply.job.name] < len(pauses):
                lost.append(reply.job)
            else:
                yield reply
        if lost:
            time.sleep(max(pauses[tries[job.name]] for job in lost))
        tries.update(job.name for job in lost)
        waiting = lost
