"""The number of workers for this machine, and the devices that each may use."""

from __future__ import annotations

import os
import subprocess
from itertools import takewhile

from benchmark.errors import EnvironmentProblem
from benchmark.execution.lifetime import CELLS_AT_A_TIME

DEVICES = ('auto', 'cpu', 'cuda')

_ON_CPU = {
    'CUDA_VISIBLE_DEVICES': '',
    # threads of several processes on the same cores wait for each other
    'OMP_NUM_THREADS': '1',
    'MKL_NUM_THREADS': '1',
    'OPENBLAS_NUM_THREADS': '1',
}


def worker_environments(
    device: str, jobs: int | None, *, processes: int = 1
) -> list[dict[str, str]]:
    """Return the environment of each worker: one per GPU, else one single-threaded per core.

    ``jobs`` sets the number of workers; with GPUs, they share these in turn. A worker whose cells
    take several ``processes`` gets as many GPUs or cores.

    Raises:
        EnvironmentProblem: ``cuda`` was asked for and there is no GPU, or a cell needs more than
            there are.
    """
    gpus = [] if device == 'cpu' else visible_gpus()
    if device == 'cuda' and not gpus:
        raise EnvironmentProblem('--device cuda: no GPU is visible here (nvidia-smi lists none)')
    if not gpus:
        return [dict(_ON_CPU) for _ in range(jobs or max(available_cores() // processes, 1))]
    ends = range(processes, len(gpus) + 1, processes)
    shares = [','.join(gpus[end - processes : end]) for end in ends]
    if not shares:
        raise EnvironmentProblem(
            f'a cell in {processes} processes needs as many GPUs; visible: {len(gpus)}'
        )
    count = jobs or len(shares)
    beside = {CELLS_AT_A_TIME: str(count)}
    return [{'CUDA_VISIBLE_DEVICES': shares[i % len(shares)], **beside} for i in range(count)]


def available_cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count() or 1


def visible_gpus() -> list[str]:
    """Return the indices of the GPUs that this process may use."""
    allowed = os.environ.get('CUDA_VISIBLE_DEVICES')
    if allowed is not None:
        # CUDA itself stops reading at the first negative index: -1 means no GPU
        named = takewhile(
            lambda index: not index.startswith('-'), map(str.strip, allowed.split(','))
        )
        return [index for index in named if index]
    command = ['nvidia-smi', '--query-gpu=index', '--format=csv,noheader']
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=20)
    except (OSError, subprocess.SubprocessError):
        return []
    return answer.stdout.split()
