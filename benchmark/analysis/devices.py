"""The device that an analysis runs on."""

from __future__ import annotations

import torch

from benchmark.errors import EnvironmentProblem


def choose_device(name: str) -> torch.device:
    """Return the device that ``auto``, ``cpu`` or ``cuda`` means here (not run on a GPU).

    Raises:
        EnvironmentProblem: ``cuda`` was asked for and there is no GPU.
    """
    has_gpu = torch.cuda.is_available()
    if name == 'cuda' and not has_gpu:
        raise EnvironmentProblem('--device cuda: no GPU is visible here')
    return torch.device('cuda' if has_gpu and name != 'cpu' else 'cpu')
