"""What the annotations of several kinds have in common."""

from __future__ import annotations

import numpy as np


def outside(wrong: np.ndarray, classes: int) -> str:
    """Return a text about the first of the labels that lie outside the classes, if there is one."""
    return f'label {wrong[0]} is not from 0 to {classes - 1}' if len(wrong) else ''
