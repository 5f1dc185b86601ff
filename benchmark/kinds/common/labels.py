"""What can be wrong with the annotations of one sample, per kind.

Each function takes a sample as the data set hands it out, annotations loaded, and the number of
classes; it returns what is wrong, or an empty text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

_IGNORED = 255
_SLACK = 1.0
"""Pixels by which an annotated box may reach out of its picture."""


def classification(sample: dict[str, Any], classes: int) -> str:
    """Return which label lies outside the classes."""
    labels = np.atleast_1d(sample['gt_label'])
    return _outside(labels[(labels < 0) | (labels >= classes)], classes)


def _outside(wrong: np.ndarray, classes: int) -> str:
    return f'label {wrong[0]} is not from 0 to {classes - 1}' if len(wrong) else ''


def segmentation(sample: dict[str, Any], classes: int) -> str:
    """Return which label of the map is neither a class nor 255."""
    found = np.unique(sample['gt_seg_map'])
    return _outside(found[(found >= classes) & (found != _IGNORED)], classes)


def depth(sample: dict[str, Any], classes: int) -> str:
    """Return whether the map has no depth, or one that is not a number from 0."""
    found = sample['gt_depth_map']
    if not np.isfinite(found).all() or (found < 0).any():
        return 'the depth map holds values that are no depth'
    return '' if (found > 0).any() else 'the depth map is empty'


def detection(sample: dict[str, Any], classes: int) -> str:
    """Return which instance has a label outside the classes or a box outside the picture."""
    limits = np.array([sample['width'], sample['height']]) + _SLACK
    for instance in sample['instances']:
        label, box = instance['bbox_label'], np.asarray(instance['bbox'], float)
        if not 0 <= label < classes:
            return _outside(np.array([label]), classes)
        if (box[2:] < box[:2]).any() or (box[:2] < -_SLACK).any() or (box[2:] > limits).any():
            return (
                f'box {box.round(1).tolist()} is not inside {sample["width"]} x {sample["height"]}'
            )
    return ''


def pose(sample: dict[str, Any], classes: int) -> str:
    """Return whether the instance has an empty box or a key point that is no number."""
    box = np.asarray(sample['bbox'], float).reshape(-1, 4)[0]
    if (box[2:] <= box[:2]).any():
        return f'box {box.round(1).tolist()} is empty'
    is_finite = np.isfinite(np.asarray(sample['keypoints'], float)).all()
    return '' if is_finite else 'a key point is no number'


def tracking(sample: dict[str, Any], classes: int) -> str:
    """Return whether a visible target has a box that is no number."""
    boxes = np.asarray(sample['boxes'])[np.asarray(sample['visible'])]
    return '' if np.isfinite(boxes).all() else 'a box is no number'


def mot(sample: dict[str, Any], classes: int) -> str:
    """Return whether two boxes of a frame have one identity, or a box is empty."""
    # without a pipeline a data set of frames hands out lists, of which a test item has one entry
    instances = [instance for frame in sample['instances'] for instance in frame]
    boxes = np.array([instance['bbox'] for instance in instances], float).reshape(-1, 4)
    if (boxes[:, 2:] <= boxes[:, :2]).any():
        return 'a box is empty'
    frames = [[instance['instance_id'] for instance in frame] for frame in sample['instances']]
    return 'two boxes have one identity' if any(len(set(f)) < len(f) for f in frames) else ''


def _labels_of_picture(sample: dict[str, Any]) -> np.ndarray:
    return np.atleast_1d(sample['gt_label'])


def _labels_of_map(sample: dict[str, Any]) -> np.ndarray:
    found = np.unique(sample['gt_seg_map'])
    return found[found != _IGNORED]


def _labels_of_objects(sample: dict[str, Any]) -> np.ndarray:
    objects = sample['instances']
    return np.array([item['bbox_label'] for item in objects if not item['ignore_flag']], int)


def _visible_points(sample: dict[str, Any]) -> np.ndarray:
    return np.flatnonzero(np.asarray(sample['keypoints_visible'])[0] > 0)


def _labels_of_frames(sample: dict[str, Any]) -> np.ndarray:
    return np.zeros(sum(map(len, sample['instances'])), int)


PRESENT: Mapping[str, Callable[[dict[str, Any]], np.ndarray]] = {
    'classification': _labels_of_picture,
    'segmentation': _labels_of_map,
    'detection': _labels_of_objects,
    'pose': _visible_points,
    'mot': _labels_of_frames,
}
"""Per kind, which classes (of key points: which points) occur in a sample, by number."""
