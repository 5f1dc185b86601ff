"""Checks of labels shared by several kinds."""

from __future__ import annotations

import numpy as np


def outside(wrong: np.ndarray, classes: int) -> str:
    """Return a text on the first label outside the classes; empty if there is none."""
    return f'label {wrong[0]} is not from 0 to {classes - 1}' if len(wrong) else ''
