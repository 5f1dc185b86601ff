"""A tiny rendered world in the place of the whole one, and a network of one's own."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from benchmark import world
from benchmark.world import SplitCounts, WorldSpec

TINY = WorldSpec(
    size=64,
    scenes=SplitCounts(8, 1, 4),
    covered_per_class=SplitCounts(2, 1, 1),
    fine_per_class=SplitCounts(0, 0, 0),
    sequences=SplitCounts(0, 0, 0),
    sequence_length=2,
)
NETWORK = '''
import torch
from torch import nn


class Net(nn.Module):
    """Two maps; statistics, random masks and settings take part."""

    mean = (120.0, 120.0, 120.0)
    std = (60.0, 60.0, 60.0)

    def __init__(self, width=16, slope=0.1):
        super().__init__()
        self.slope = slope
        self.stem = nn.Conv2d(3, width, 8, 8)
        self.norm = nn.BatchNorm2d(width)
        self.blocks = nn.Sequential(nn.Conv2d(width, 2 * width, 2, 2), nn.ReLU(), nn.Dropout(0.2))

    def forward(self, images):
        first = torch.nn.functional.leaky_relu(self.norm(self.stem(images)), self.slope)
        return first, self.blocks(first)
'''
SHORT = {'train_cfg.max_iters': 4, 'train_dataloader.batch_size': 4}


@pytest.fixture(scope='session')
def tiny_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp('worlds')
    world.ensure_world(root, TINY)
    return root


@pytest.fixture(autouse=True)
def _tiny_world(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = world.ensure_world
    monkeypatch.setattr(world, 'ensure_world', lambda root: whole(root, TINY))


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """Return the module ``my_net``, which defines ``Net``; its file is in the test's folder."""
    (tmp_path / 'my_net.py').write_text(NETWORK)
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module('my_net')
    del sys.modules['my_net']
