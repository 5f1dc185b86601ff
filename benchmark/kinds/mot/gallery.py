"""Tracks drawn in the frames, a colour for each identity."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from benchmark.kinds.common.gallery import Gallery, Picture, palette
from benchmark.registry import HOOKS

_SHOWN = 0.3
_COLOURS = 32


@HOOKS.register_module()
class MultiTrackingGallery(Gallery):
    """Test frames with the true persons and with the tracks, a colour for each identity."""

    def truth(self, image: np.ndarray, sample: Any) -> np.ndarray:
        """Return the frame with its true boxes."""
        return _framed(image, sample.gt_instances.bboxes, sample.gt_instances.instances_ids)

    def show(self, sample: Any) -> np.ndarray:
        """Return the last frame of a sample with its boxes, BGR (H, W, 3)."""
        return super().show(sample[len(sample) - 1])

    def draw(self, image: np.ndarray, sample: Any) -> Picture:
        """Return the frame with the true boxes and with the boxes of tracks."""
        found = sample.pred_track_instances
        found = found[found.scores > _SHOWN]
        return Picture(
            self.truth(image, sample),
            _framed(image, found.bboxes, found.instances_id),
        )

    def _write(self, sample: Any, number: int) -> None:
        super()._write(sample[len(sample) - 1], number)


def _framed(image: np.ndarray, boxes: Any, identities: Any) -> np.ndarray:
    canvas, colours = image.copy(), palette(_COLOURS)
    corners = np.asarray(getattr(boxes, 'tensor', boxes).cpu(), float).round().astype(int)
    for (left, top, right, bottom), identity in zip(corners, identities.tolist(), strict=True):
        colour = colours[int(identity) % _COLOURS]
        cv2.rectangle(canvas, (left, top), (right, bottom), colour, 2, cv2.LINE_AA)
    return canvas
