"""Visible key points of instances, and checks of their annotations."""

from __future__ import annotations

from typing import Any

import numpy as np


def find_fault(sample: dict[str, Any], classes: int) -> str:
    """Return a text if the instance has an empty box or a key point that is not a number."""
    box = np.asarray(sample['bbox'], float).reshape(-1, 4)[0]
    if (box[2:] <= box[:2]).any():
        return f'box {box.round(1).tolist()} is empty'
    is_finite = np.isfinite(np.asarray(sample['keypoints'], float)).all()
    return '' if is_finite else 'a key point is not a number'


def find_classes(sample: dict[str, Any]) -> np.ndarray:
    """Return the numbers of the key points that are visible."""
    return np.flatnonzero(np.asarray(sample['keypoints_visible'])[0] > 0)
