"""Skeletons drawn on the instances, cut out of their images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from benchmark.kinds.common.gallery import Gallery, Picture, fit, palette
from benchmark.registry import HOOKS

_MARGIN = 0.25
_LINK = (225, 225, 225)


@HOOKS.register_module()
class PoseGallery(Gallery):
    """Test instances, cut out, with the true and the estimated skeleton.

    Args:
        folder: where to write.
        classes: names by label, unused.
        skeleton: links between key points, pairs of indices from 0.
        count: how many samples.
    """

    def __init__(
        self,
        *,
        folder: str,
        classes: Sequence[str],
        skeleton: Sequence[tuple[int, int]],
        count: int = 4,
    ) -> None:
        super().__init__(folder=folder, classes=classes, count=count)
        self._skeleton = skeleton

    def truth(self, image: np.ndarray, sample: Any) -> np.ndarray:
        """Return the instance with those key points that are labelled."""
        return self._skeletons(image, sample.gt_instances, [sample.gt_instances.keypoints])[0]

    def draw(self, image: np.ndarray, sample: Any) -> Picture:
        """Return the instance twice, with those key points that are labelled."""
        truth = sample.gt_instances
        found = (truth.keypoints, sample.pred_instances.keypoints)
        return Picture(*self._skeletons(image, truth, found))

    def _skeletons(
        self, image: np.ndarray, truth: Any, found: Sequence[np.ndarray]
    ) -> list[np.ndarray]:
        """Return an instance with each of the sets of key points (1, K, 2) in image pixels."""
        left, top, right, bottom = _cut(truth.bboxes[0], image.shape)
        panel = fit(image[top:bottom, left:right])
        scale = panel.shape[1] / (right - left)
        is_labelled = truth.keypoints_visible[0] > 0
        return [
            self._drawn(panel, (points[0] - (left, top) + 0.5) * scale, is_labelled)
            for points in found
        ]

    def _drawn(self, panel: np.ndarray, points: np.ndarray, is_shown: np.ndarray) -> np.ndarray:
        canvas = panel.copy()
        places = [(round(float(x)), round(float(y))) for x, y in points]
        for start, end in self._skeleton:
            if is_shown[start] and is_shown[end]:
                cv2.line(canvas, places[start], places[end], _LINK, 2, cv2.LINE_AA)
        for place, colour, shown in zip(places, palette(len(places)), is_shown, strict=True):
            if shown:
                cv2.circle(canvas, place, 4, colour, -1, cv2.LINE_AA)
        return canvas


def _cut(box: np.ndarray, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """Return left, top, right, bottom of a box with a margin, inside the image."""
    left, top, right, bottom = (float(side) for side in box)
    margin = _MARGIN * max(right - left, bottom - top)
    return (
        max(0, int(left - margin)),
        max(0, int(top - margin)),
        min(shape[1], int(right + margin) + 1),
        min(shape[0], int(bottom + margin) + 1),
    )
