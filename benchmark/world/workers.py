"""Rendering of many batches on all cores."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import current_process, get_context

import cv2

from benchmark.world.splits import Batch, Row, write_batch

ITEMS_WORTH_A_POOL = 400
MOST_WORKERS = 16


def _use_one_thread() -> None:
    cv2.setNumThreads(1)


def choose_workers(items: int) -> int:
    """Return how many processes to use: one for little work, or if none may be started."""
    if items < ITEMS_WORTH_A_POOL or current_process().daemon:
        return 1
    return min(os.cpu_count() or 1, MOST_WORKERS)


def render_batches(batches: Sequence[Batch], *, workers: int) -> list[list[Row]]:
    """Return the rows of every batch, rendered by ``workers`` processes."""
    if workers <= 1:
        return [write_batch(batch) for batch in batches]
    context = get_context('spawn')
    try:
        with ProcessPoolExecutor(workers, context, _use_one_thread) as pool:
            return list(pool.map(write_batch, batches))
    except BrokenProcessPool:
        # a script without a main guard cannot be spawned from
        return [write_batch(batch) for batch in batches]
