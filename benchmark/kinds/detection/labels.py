"""Classes of objects, and checks of their annotations."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmark.kinds.common.labels import outside

_SLACK = 1.0
"""Pixels by which an annotated box may extend beyond its picture."""


def find_fault(sample: dict[str, Any], classes: int) -> str:
    """Return a text on a label outside the classes, or a box outside the picture."""
    limits = np.array([sample['width'], sample['height']]) + _SLACK
    for instance in sample['instances']:
        label, box = instance['bbox_label'], np.asarray(instance['bbox'], float)
        if not 0 <= label < classes:
            return outside(np.array([label]), classes)
        if (box[2:] < box[:2]).any() or (box[:2] < -_SLACK).any() or (box[2:] > limits).any():
            return (
                f'box {box.round(1).tolist()} is not inside {sample["width"]} x {sample["height"]}'
            )
    return ''


def find_classes(sample: dict[str, Any]) -> np.ndarray:
    """Return the labels of the objects that count."""
    objects = sample['instances']
    return np.array([item['bbox_label'] for item in objects if not item['ignore_flag']], int)
