"""What the annotations of tracked targets hold, and what can be wrong with them."""

from __future__ import annotations

from typing import Any

import numpy as np


def find_fault(sample: dict[str, Any], classes: int) -> str:
    """Return whether a visible target has a box that is no number."""
    boxes = np.asarray(sample['boxes'])[np.asarray(sample['visible'])]
    return '' if np.isfinite(boxes).all() else 'a box is not a number'
