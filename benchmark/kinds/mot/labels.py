"""What the annotations of tracked objects hold, and what can be wrong with them."""

from __future__ import annotations

from typing import Any

import numpy as np


def find_fault(sample: dict[str, Any], classes: int) -> str:
    """Return whether two boxes of a frame have one identity, or a box is empty."""
    # without a pipeline a data set of frames hands out lists, of which a test item has one entry
    instances = [instance for frame in sample['instances'] for instance in frame]
    boxes = np.array([instance['bbox'] for instance in instances], float).reshape(-1, 4)
    if (boxes[:, 2:] <= boxes[:, :2]).any():
        return 'a box is empty'
    frames = [[instance['instance_id'] for instance in frame] for frame in sample['instances']]
    return 'two boxes have one identity' if any(len(set(f)) < len(f) for f in frames) else ''


def find_classes(sample: dict[str, Any]) -> np.ndarray:
    """Return a 0, the only class, for each box."""
    return np.zeros(sum(map(len, sample['instances'])), int)
