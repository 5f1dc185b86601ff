"""Sums over the processes that share a batch, for losses that are means over what a batch holds."""

from __future__ import annotations

from mmengine.dist import get_world_size
from torch import Tensor
from torch.distributed.nn.functional import all_reduce


def sum_over_processes(own: Tensor) -> Tensor:
    """Return the sum of a tensor over the processes, through which gradients pass to all of them.

    All must ask for it, in the same order.
    """
    if get_world_size() == 1:
        return own
    total: Tensor = all_reduce(own)
    return total


def mean_over_processes(own: Tensor) -> Tensor:
    """Return the mean of a count (detached) over the processes.

    A process's sum over what it counts, divided by this, is its share of the mean over the whole
    batch, since gradients are averaged over the processes.
    """
    return sum_over_processes(own.detach()) / get_world_size()
