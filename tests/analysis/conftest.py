"""Settings of the tests of analyses."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from benchmark.analysis.images import ImageSet
from benchmark.openmmlab import prepare

torch.set_num_threads(1)
prepare()


@pytest.fixture
def noise() -> ImageSet:
    """Return 3 pictures of 64 px that hold noise."""
    pixels = np.random.default_rng(0).integers(0, 256, (3, 64, 64, 3), dtype=np.uint8)
    return ImageSet('noise', ('a', 'b', 'c'), pixels)
