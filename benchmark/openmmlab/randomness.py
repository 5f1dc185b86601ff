"""Random numbers that follow from what they are drawn for, not from what was drawn before.

A seed is a hash of a purpose and numbers, as of a counter-based generator: no state has to be kept,
handed on or restored. The libraries draw with the global generators, which are therefore seeded
anew before each thing that is drawn for.
"""

from __future__ import annotations

import contextlib
import hashlib
import random
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import torch
from mmengine.dist import get_dist_info
from torch import Tensor


class Seeds(NamedTuple):
    """A seed for each generator: 64 bits for Python, 32 for numpy, 63 for torch."""

    python: int
    numpy: int
    torch: int


def seeds_of(purpose: str, *numbers: int) -> Seeds:
    """Return the seeds of what is drawn for ``purpose`` at the place that ``numbers`` name.

    >>> seeds_of('sample', 0, 1, 5) == seeds_of('sample', 0, 1, 5)
    True
    >>> seeds_of('sample', 0, 1, 5) == seeds_of('sample', 0, 15)
    False
    """
    key = f'{purpose} {numbers}'.encode()
    digest = hashlib.blake2b(key, digest_size=20).digest()
    return Seeds(
        int.from_bytes(digest[:8], 'little'),
        int.from_bytes(digest[8:12], 'little'),
        int.from_bytes(digest[12:], 'little') >> 1,
    )


def seed_for(purpose: str, *numbers: int) -> None:
    """Seed Python's, numpy's and torch's CPU generator for ``purpose`` at ``numbers``."""
    seeds = seeds_of(purpose, *numbers)
    random.seed(seeds.python)
    np.random.seed(seeds.numpy)
    # torch.manual_seed visits every kind of device, which takes longer than all the rest
    torch.default_generator.manual_seed(seeds.torch)


def generator_for(purpose: str, *numbers: int) -> torch.Generator:
    """Return a generator of its own, on the CPU, for ``purpose`` at ``numbers``."""
    return torch.Generator().manual_seed(seeds_of(purpose, *numbers).torch)


@contextlib.contextmanager
def torch_draws_for(purpose: str, *numbers: int) -> Iterator[None]:
    """Let torch's CPU generator draw for ``purpose`` meanwhile, and go on where it was after."""
    before = torch.get_rng_state()
    torch.default_generator.manual_seed(seeds_of(purpose, *numbers).torch)
    try:
        yield
    finally:
        torch.set_rng_state(before)


def own_rows(draw: Callable[[int], Tensor], size: int) -> Tensor:
    """Return this process's rows of what ``draw`` draws for the samples of all processes.

    ``draw`` is given how many rows to draw: ``size`` for each of the processes, which draw alike.
    """
    rank, count = get_dist_info()
    return draw(count * size)[rank * size : (rank + 1) * size]
