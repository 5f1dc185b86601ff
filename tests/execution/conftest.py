"""A tiny rendered world that all executed cells share."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from benchmark.openmmlab import prepare
from benchmark.world import SplitCounts, WorldSpec, ensure_world

torch.set_num_threads(1)
prepare()

TINY = WorldSpec(
    size=64,
    scenes=SplitCounts(8, 1, 4),
    covered_per_class=SplitCounts(2, 1, 1),
    fine_per_class=SplitCounts(0, 0, 0),
    sequences=SplitCounts(0, 0, 0),
    sequence_length=2,
)


@pytest.fixture(scope='session')
def tiny_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ensure_world(tmp_path_factory.mktemp('worlds'), TINY)
