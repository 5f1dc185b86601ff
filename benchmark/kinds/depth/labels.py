"""Checks of depth maps."""

from __future__ import annotations

from typing import Any

import numpy as np


def find_fault(sample: dict[str, Any], classes: int) -> str:
    """Return a text if the map is empty or has a value that is not a depth."""
    found = sample['gt_depth_map']
    if not np.isfinite(found).all() or (found < 0).any():
        return 'the depth map contains values that are not depths'
    return '' if (found > 0).any() else 'the depth map is empty'
