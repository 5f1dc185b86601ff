"""How many processes load samples beside one that trains or tests: as many as have a core."""

from __future__ import annotations

import os
from typing import Any

import torch

from benchmark.compiling import LOADERS
from benchmark.execution.lifetime import CELLS_AT_A_TIME
from benchmark.execution.processes import world_size

_MOST = 16
"""More processes than this wait for each other's files."""


def loader_workers(config: dict[str, Any]) -> int:
    """Return how many processes load for this one; 0 where it loads for itself.

    On a CPU the default is 0, since training already uses the cores. What is loaded does not
    depend on the number.
    """
    asked = config.get(LOADERS)
    if asked is not None:
        return int(asked)
    return spare_cores() if torch.cuda.is_available() else 0


def spare_cores() -> int:
    """Return how many cores there are for each process that trains, but one; 1 to 16."""
    cores = len(os.sched_getaffinity(0))
    training = int(os.environ.get(CELLS_AT_A_TIME, '1')) * world_size()
    return min(max(cores // training - 1, 1), _MOST)


def loading(config: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of a data loader that say who loads, and into which memory."""
    count = loader_workers(config)
    # not run on a GPU
    pinned = {'pin_memory': True} if torch.cuda.is_available() else {}
    return {'num_workers': count, 'persistent_workers': count > 0, **pinned}
