"""Label maps drawn on the images."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from benchmark.kinds.common.gallery import Gallery, Picture, palette
from benchmark.registry import HOOKS

_OPACITY = 0.6


@HOOKS.register_module()
class SegmentationGallery(Gallery):
    """Test images with the true and the predicted label map laid over them."""

    def truth(self, image: np.ndarray, sample: Any) -> np.ndarray:
        """Return the image under its true labels."""
        return self._overlay(image, sample.gt_sem_seg.data.squeeze().cpu().numpy())

    def draw(self, image: np.ndarray, sample: Any) -> Picture:
        """Return the image under the true and under the predicted labels."""
        predicted = sample.pred_sem_seg.data.squeeze().cpu().numpy()
        return Picture(self.truth(image, sample), self._overlay(image, predicted))

    def _overlay(self, image: np.ndarray, labels: np.ndarray) -> np.ndarray:
        height, width = image.shape[:2]
        resized = cv2.resize(
            labels.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST
        )
        colours = np.zeros((256, 3), np.uint8)
        colours[: len(self.classes)] = palette(len(self.classes))
        mixed = cv2.addWeighted(image, 1 - _OPACITY, colours[resized], _OPACITY, 0)
        mixed[resized >= len(self.classes)] = image[resized >= len(self.classes)]
        return mixed
