"""A small world that the tests share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmark.world import SplitCounts, WorldSpec, ensure_world
from benchmark.world.render import Frame, render
from benchmark.world.scene import draw_open_scene
from benchmark.world.streams import Stream, generator

SMALL = WorldSpec(
    size=64,
    scenes=SplitCounts(10, 80, 4),
    covered_per_class=SplitCounts(1, 1, 1),
    fine_per_class=SplitCounts(1, 1, 1),
    sequences=SplitCounts(4, 1, 1),
    sequence_length=10,
)


@pytest.fixture(scope='session')
def small_spec() -> WorldSpec:
    return SMALL


@pytest.fixture(scope='session')
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ensure_world(tmp_path_factory.mktemp('worlds'), SMALL)


@pytest.fixture(scope='session')
def frames() -> Sequence[Frame]:
    return [render(draw_open_scene(generator(5, Stream.SCENES, 0, i), 128)) for i in range(12)]
