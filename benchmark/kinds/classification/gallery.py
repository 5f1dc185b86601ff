"""Predicted classes beside the true ones, as captions of the images."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmark.kinds.common.gallery import Gallery, Picture, caption
from benchmark.registry import HOOKS


@HOOKS.register_module()
class ClassificationGallery(Gallery):
    """Test images with the true and the predicted class."""

    is_placed = False

    def truth(self, image: np.ndarray, sample: Any) -> np.ndarray:
        """Return the image captioned with its classes."""
        return caption(image, ', '.join(self.classes[label] for label in sample.gt_label.tolist()))

    def show(self, sample: Any) -> np.ndarray:
        """Return the captioned picture of a sample, BGR (H, W, 3)."""
        return self.truth(self.read(sample), sample)

    def draw(self, image: np.ndarray, sample: Any) -> Picture:
        """Return the image captioned with the truth and with the likeliest class."""
        true, predicted = sample.gt_label.tolist(), int(sample.pred_score.argmax())
        share = float(sample.pred_score[predicted])
        return Picture(
            self.truth(image, sample),
            caption(image, f'{self.classes[predicted]} {share:.0%}', is_right=predicted in true),
        )
