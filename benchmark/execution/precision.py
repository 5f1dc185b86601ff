"""Applies the precision policy of a compiled configuration (not run on a GPU so far)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn
from torch.backends import cudnn

from benchmark.compiling import PRECISION
from benchmark.engine import in_format

Config = dict[str, Any]


@contextlib.contextmanager
def computed_by(config: Config) -> Iterator[None]:
    """Set torch's single-precision mode (TF32 or not) by ``config``, until the block ends.

    Without the key it is exact: torch itself would let convolutions use TF32.
    """
    policy = config.get(PRECISION, {})
    before = torch.get_float32_matmul_precision(), cudnn.allow_tf32, cudnn.benchmark
    torch.set_float32_matmul_precision('high' if policy.get('tf32') else 'highest')
    cudnn.allow_tf32 = bool(policy.get('tf32'))
    cudnn.benchmark = False
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before[0])
        cudnn.allow_tf32, cudnn.benchmark = before[1:]


def autocast_by(config: Config, device: torch.device) -> contextlib.AbstractContextManager[Any]:
    """Return the autocast context of ``config``, or an empty one."""
    name = config.get(PRECISION, {}).get('autocast')
    return in_format(getattr(torch, name) if name else None, device)


def lay_out(model: nn.Module, config: Config) -> None:
    """Set the memory format of a model's kernels by ``config``."""
    if config.get(PRECISION, {}).get('channels_last'):
        model.to(memory_format=torch.channels_last)


def stepping(config: Config) -> Config:
    """Return the settings for steps under the policy that never wait for the device."""
    policy = config.get(PRECISION, {})
    wrapper = config['optim_wrapper']
    if wrapper.get('type', 'OptimWrapper') == 'OptimWrapper':  # not one that a user asks for
        autocast = {key: policy[key] for key in ('autocast',) if key in policy}
        wrapper = {**wrapper, 'type': 'benchmark.StepWrapper', **autocast}
    return {
        'optim_wrapper': wrapper,
        'env_cfg': {
            'cudnn_benchmark': bool(policy.get('cudnn_benchmark')),
            'mp_cfg': {'opencv_num_threads': 0},
        },
    }
