"""Labels of images, and checks of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmark.kinds.common.labels import outside


def find_fault(sample: dict[str, Any], classes: int) -> str:
    """Return a text on a label outside the classes; empty if there is none."""
    labels = np.atleast_1d(sample['gt_label'])
    return outside(labels[(labels < 0) | (labels >= classes)], classes)


def find_classes(sample: dict[str, Any]) -> np.ndarray:
    """Return the labels of the picture."""
    return np.atleast_1d(sample['gt_label'])
