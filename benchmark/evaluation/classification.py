"""Accuracy, and predictions drawn on the images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from mmengine.evaluator import BaseMetric

from benchmark.evaluation.gallery import Gallery, Picture, caption
from benchmark.registry import HOOKS, METRICS


@METRICS.register_module()
class ClassificationMetric(BaseMetric):
    """Top-1 accuracy and the mean over classes of per-class accuracy, both in percent."""

    def process(self, data_batch: Any, data_samples: Sequence[dict[str, Any]]) -> None:
        """Keep the predicted and true label of every sample."""
        for sample in data_samples:
            pair = (int(sample['pred_label'].item()), int(sample['gt_label'].item()))
            self.results.append(pair)

    def compute_metrics(self, results: list[tuple[int, int]]) -> dict[str, float]:
        """Return ``accuracy`` and ``mean_class_accuracy`` over the classes that occur."""
        predicted, true = np.asarray(results).T
        hit = predicted == true
        per_class = [hit[true == label].mean() for label in np.unique(true)]
        return {
            'accuracy': 100 * float(hit.mean()),
            'mean_class_accuracy': 100 * float(np.mean(per_class)),
        }


@HOOKS.register_module()
class ClassificationGallery(Gallery):
    """Test images with the true and the predicted class."""

    def draw(self, image: np.ndarray, sample: Any) -> Picture:
        """Return the image captioned with the truth and with the prediction."""
        true, predicted = int(sample.gt_label), int(sample.pred_label)
        share = float(sample.pred_score[predicted])
        return Picture(
            caption(image, self.classes[true]),
            caption(image, f'{self.classes[predicted]} {share:.0%}', is_right=true == predicted),
        )
