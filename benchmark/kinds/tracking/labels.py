"""Checks of the annotations of tracked targets."""

from __future__ import annotations

from typing import Any

import numpy as np


def find_fault(sample: dict[str, Any], classes: int) -> str:
    """Return a text if a visible target has a box that is not a number."""
    boxes = np.asarray(sample['boxes'])[np.asarray(sample['visible'])]
    return '' if np.isfinite(boxes).all() else 'a box is not a number'
