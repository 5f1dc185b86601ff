"""What the annotations of depth maps hold, and what can be wrong with them."""

from __future__ import annotations

from typing import Any

import numpy as np


def find_fault(sample: dict[str, Any], classes: int) -> str:
    """Return whether the map has no depth, or one that is not a number from 0."""
    found = sample['gt_depth_map']
    if not np.isfinite(found).all() or (found < 0).any():
        return 'the depth map contains values that are not depths'
    return '' if (found > 0).any() else 'the depth map is empty'
