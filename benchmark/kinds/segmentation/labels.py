"""Classes in label maps, and checks of their labels."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmark.kinds.common.labels import outside

_IGNORED = 255


def find_fault(sample: dict[str, Any], classes: int) -> str:
    """Return a text on a label that is neither a class nor 255; empty if there is none."""
    found = np.unique(sample['gt_seg_map'])
    return outside(found[(found >= classes) & (found != _IGNORED)], classes)


def find_classes(sample: dict[str, Any]) -> np.ndarray:
    """Return the labels that occur in the map."""
    found = np.unique(sample['gt_seg_map'])
    return found[found != _IGNORED]
