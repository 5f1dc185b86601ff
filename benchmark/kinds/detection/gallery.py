"""Boxes, masks and classes of instances drawn on the images."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from benchmark.kinds.common.gallery import Gallery, Picture, palette
from benchmark.registry import HOOKS

_SHOWN_SCORE = 0.3
_ENLARGED = 3


@HOOKS.register_module()
class DetectionGallery(Gallery):
    """Test images with true and detected boxes, masks and classes."""

    def truth(self, image: np.ndarray, sample: Any) -> np.ndarray:
        """Return the image with its true instances."""
        return self._drawn(image, sample.gt_instances)

    def draw(self, image: np.ndarray, sample: Any) -> Picture:
        """Return the image with the true instances and with those detected above 0.3."""
        found = sample.pred_instances
        found = found[found.scores > _SHOWN_SCORE]
        return Picture(self.truth(image, sample), self._drawn(image, found))

    def _drawn(self, image: np.ndarray, instances: Any) -> np.ndarray:
        scale = max(1, min(_ENLARGED, round(672 / max(image.shape[:2]))))
        canvas = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
        colours = palette(len(self.classes))
        # with one class its name says nothing and hides small objects
        names = self.classes if len(self.classes) > 1 else ('',)
        boxes = np.asarray(getattr(instances.bboxes, 'tensor', instances.bboxes).cpu())
        for index, label in enumerate(instances.labels.tolist()):
            if 'masks' in instances:
                _tint(canvas, _mask(instances.masks, index), colours[label])
            _frame(canvas, boxes[index] * scale, colours[label], names[label])
        return canvas


def _mask(masks: Any, index: int) -> np.ndarray:
    array = masks.masks[index] if hasattr(masks, 'masks') else masks[index].cpu().numpy()
    return np.asarray(array, np.uint8)


def _tint(canvas: np.ndarray, mask: np.ndarray, colour: tuple[int, int, int]) -> None:
    inside = cv2.resize(mask, canvas.shape[1::-1], interpolation=cv2.INTER_NEAREST) > 0
    canvas[inside] = (0.5 * canvas[inside] + 0.5 * np.asarray(colour)).astype(np.uint8)


def _frame(canvas: np.ndarray, box: np.ndarray, colour: tuple[int, int, int], name: str) -> None:
    left, top, right, bottom = (round(float(side)) for side in box)
    cv2.rectangle(canvas, (left, top), (right, bottom), colour, 2, cv2.LINE_AA)
    place = (left + 3, max(top + 13, 13))
    cv2.putText(canvas, name, place, cv2.FONT_HERSHEY_SIMPLEX, 0.42, (20, 20, 20), 3, cv2.LINE_AA)
    cv2.putText(
        canvas, name, place, cv2.FONT_HERSHEY_SIMPLEX, 0.42, (255, 255, 255), 1, cv2.LINE_AA
    )
