"""The tiny world, a network of one's own, and checkpoints of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

from benchmark.watching.evaluating import Evaluator
from tests.api.conftest import _tiny_world, net, tiny_data

__all__ = ['_tiny_world', 'net', 'tiny_data']

torch.set_num_threads(1)

TASK = 'world-covered'


@pytest.fixture
def save(net: ModuleType, tmp_path: Path) -> Callable[..., Path]:
    """Return a function that saves the network of a step, random by its seed."""

    def saved(step: int, folder: str = 'run', seed: int | None = None) -> Path:
        torch.manual_seed(step if seed is None else seed)
        path = tmp_path / folder / f'step_{step}.pth'
        path.parent.mkdir(exist_ok=True)
        torch.save({'state_dict': net.Net().state_dict(), 'step': step}, path)
        return path

    return saved


@pytest.fixture
def evaluator(tmp_path: Path, tiny_data: Path) -> tuple[Evaluator, list[str]]:
    """Return what evaluates by k-NN on the tiny world, and the lines that it says."""
    lines: list[str] = []
    found = Evaluator(
        suite='quick',
        out=tmp_path / 'out',
        tasks=[TASK],
        protocols=['knn'],
        seeds=[0],
        options={'data_root': tiny_data},
        say=lines.append,
    )
    return found, lines


def arch(folder: Path) -> str:
    return f'{folder / "my_net.py"}:Net'


def plain_scores(scores: Any) -> list[tuple[str, str, int, float]]:
    return [(s.task, s.protocol, s.seed, s.value) for s in scores]
