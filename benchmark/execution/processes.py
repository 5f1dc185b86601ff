"""The processes that share the batches of one cell: how many there are, and which this one is."""

from __future__ import annotations

import os
from typing import Any

import torch
from torch import distributed

from benchmark.errors import IncompatibleError

Config = dict[str, Any]


def world_size() -> int:
    """Return how many processes share the batches of this cell."""
    return int(os.environ.get('WORLD_SIZE', '1')) if 'LOCAL_RANK' in os.environ else 1


def own_rank() -> int:
    """Return the number of this process among those that share the batches, from 0."""
    return int(os.environ['RANK']) if world_size() > 1 else 0


def is_first() -> bool:
    """Whether this process writes what a cell leaves behind."""
    return own_rank() == 0


def in_processes(config: Config, count: int, rank: int = 0) -> Config:
    """Return a compiled configuration for process ``rank`` of ``count`` that share every batch.

    Raises:
        IncompatibleError: the batch cannot be shared evenly.
    """
    loader = config['train_dataloader']
    if loader['batch_size'] % count:
        raise IncompatibleError(
            f'a batch of {loader["batch_size"]} cannot be shared by {count} processes evenly'
        )
    if count == 1:
        return config
    share = loader['batch_size'] // count
    sampler = {**loader['sampler'], 'share': share, 'rank': rank, 'count': count}
    return {
        **config,
        'train_dataloader': {**loader, 'batch_size': share, 'sampler': sampler},
    }


def runner_arguments() -> Config:
    """Return what the training runner must be told about several processes, after joining them."""
    if world_size() == 1:
        return {}
    on_gpu = torch.cuda.is_available()  # not run on a GPU
    if not distributed.is_initialized():
        if on_gpu:
            torch.cuda.set_device(int(os.environ['LOCAL_RANK']))
        distributed.init_process_group('nccl' if on_gpu else 'gloo')
    wrapper: Config = {
        'type': 'MMDistributedDataParallel',
        # a backbone may have parameters that its maps do not depend on, as a class token's norm
        'find_unused_parameters': True,
    }
    if not on_gpu:
        wrapper['device_ids'] = None
    return {'launcher': 'pytorch', 'model_wrapper_cfg': wrapper}
