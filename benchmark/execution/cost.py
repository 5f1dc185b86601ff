"""The cost of a run: seconds by phase and peak memory."""

from __future__ import annotations

import contextlib
import platform
import resource
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

_COUNTED_SIZE = 224
"""Side in pixels of the picture for which operations are counted."""

_RESET_PEAK = Path('/proc/self/clear_refs')
_PROCESSORS = Path('/proc/cpuinfo')
_STATUS = Path('/proc/self/status')


class Meter:
    """Measures phases from its creation on; resets the process's peak memory."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}
        _reset_peak()

    @contextlib.contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Measure the enclosed block: ``<name>_seconds``, and ``<name>_cpu_seconds`` of processors.

        The latter are those of this process alone, without those of loader processes; on a
        machine that others use, they say better than the clock what the block costs.
        """
        start, used = time.perf_counter(), time.process_time()
        yield
        self._seconds[f'{name}_seconds'] = round(time.perf_counter() - start, 2)
        self._seconds[f'{name}_cpu_seconds'] = round(time.process_time() - used, 2)

    def report(self, *, iterations: int, resumed_at: int) -> dict[str, Any]:
        """Return seconds per phase, peak memory in MiB, device, processor and iterations."""
        return {
            **self._seconds,
            'peak_memory_mb': _peak_memory(),
            'device': device_name(),
            'processor': processor_name(),
            'iterations': iterations,
            'resumed_at': resumed_at,
        }


def _reset_peak() -> None:
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
    # Linux only; elsewhere the peak is that of the whole process
    with contextlib.suppress(OSError):
        _RESET_PEAK.write_text('5')


def _peak_memory() -> int:
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated() // 2**20
    with contextlib.suppress(OSError):
        for line in _STATUS.read_text().splitlines():
            if line.startswith('VmHWM:'):
                return int(line.split()[1]) // 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def device_name() -> str:
    """Return the name of the GPU that is used, or ``'cpu'``."""
    return torch.cuda.get_device_name() if torch.cuda.is_available() else 'cpu'


def processor_name() -> str | None:
    """Return the name of this machine's processor, if the system reports it."""
    with contextlib.suppress(OSError):
        for line in _PROCESSORS.read_text(errors='replace').splitlines():
            if line.startswith('model name'):
                return line.partition(':')[2].strip()
    return platform.processor() or None


class ForwardCost(NamedTuple):
    """What one forward pass takes per pixel of the input.

    Attributes:
        flops: operations in products of matrices and convolutions; a multiplication with its
            addition counts as two.
        elements: numbers that all operations write, those of norms and activations too. They say
            what flops do not: how long a network takes whose products are small.
    """

    flops: float
    elements: float


def forward_cost(network: nn.Module) -> ForwardCost | None:
    """Return the cost of a forward pass on a square picture of 224 px, or ``None``.

    ``None``: the network cannot be traced.
    """
    image = torch.zeros(1, 3, _COUNTED_SIZE, _COUNTED_SIZE)
    was_training = network.training
    written = _Written()
    try:
        with written:
            flops = count_flops(network.eval(), image)
    except Exception:
        # a missing estimate is no reason to refuse a network
        return None
    finally:
        network.train(was_training)
    return ForwardCost(flops / _COUNTED_SIZE**2, written.count / _COUNTED_SIZE**2)


class _Written(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts the numbers that operations write; views write none."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.count = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Carry out an operation, and count the elements of what it returns."""
        found = func(*args, **(kwargs or {}))
        if not func.is_view:
            self.count += sum(part.numel() for part in tree_leaves(found) if torch.is_tensor(part))
        return found


def count_flops(network: nn.Module, images: Tensor) -> int:
    """Return the operations of one forward pass: products of matrices and convolutions."""
    counter = FlopCounterMode(display=False)
    learning = [p for p in network.parameters() if p.requires_grad]
    for parameter in learning:
        # the counter fails where a parameter is handed to a module as its input
        parameter.requires_grad_(False)
    try:
        with torch.no_grad(), counter:
            network(images)
    finally:
        for parameter in learning:
            parameter.requires_grad_(True)
    return counter.get_total_flops()
