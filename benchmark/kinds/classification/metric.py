"""Accuracy, and average precision where pictures have several labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from mmengine.evaluator import BaseMetric

from benchmark.errors import DataError
from benchmark.registry import METRICS
from benchmark.statistics.outcome_files import Measured
from benchmark.statistics.outcomes import ByClass, Rankings, Ratios


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
        self.outcomes = {
            'accuracy': Measured(Ratios(hit, scale=100.0)),
            'mean_class_accuracy': Measured(ByClass(hit, true.astype(np.int32), scale=100.0)),
        }
        per_class = [hit[true == label].mean() for label in np.unique(true)]
        return {
            'accuracy': 100 * float(hit.mean()),
            'mean_class_accuracy': 100 * float(np.mean(per_class)),
        }


@METRICS.register_module()
class MultiLabelMetric(BaseMetric):
    """Mean over classes of average precision in percent: by 11 points, and of all points.

    As in VOC's devkits, an image that shows a class only in objects marked difficult does not
    count for that class.
    """

    def process(self, data_batch: Any, data_samples: Sequence[dict[str, Any]]) -> None:
        """Keep the scores (C,) of every image, and 1, 0 or -1 (left out) per class."""
        for sample in data_samples:
            scores = sample['pred_score'].float().cpu().numpy()
            truth = np.zeros(len(scores), int)
            truth[list(sample.get('gt_label_difficult') or ())] = -1
            truth[sample['gt_label'].cpu().numpy()] = 1
            self.results.append((scores, truth))

    def compute_metrics(self, results: list[tuple[np.ndarray, np.ndarray]]) -> dict[str, float]:
        """Return ``mAP11`` and ``mAP`` over the classes that occur.

        Raises:
            DataError: none does, but in objects marked difficult.
        """
        scores, truth = (np.stack(column, axis=1) for column in zip(*results, strict=True))
        curves = [
            precision_recall(found[true >= 0], true[true >= 0])
            for found, true in zip(scores, truth, strict=True)
            if (true == 1).any()
        ]
        if not curves:
            raise DataError('no test image shows a class that counts: nothing to score')
        ranked = scores.T, truth.T.astype(np.int8)
        self.outcomes = {
            'mAP11': Measured(Rankings(*ranked, is_voc=True, scale=100.0)),
            'mAP': Measured(Rankings(*ranked, scale=100.0)),
        }
        means = [(eleven_points(*curve), all_points(*curve)) for curve in curves]
        points, area = np.mean(means, axis=0).tolist()
        return {'mAP11': 100 * points, 'mAP': 100 * area}


def precision_recall(scores: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return precision and recall (N,) after each sample, the highest score first.

    ``scores`` and ``truth`` (1 or 0) are (N,).
    """
    hit = truth[np.argsort(-scores, kind='stable')] == 1
    found = np.cumsum(hit)
    return found / np.arange(1, len(hit) + 1), found / max(1, found[-1])


def eleven_points(precision: np.ndarray, recall: np.ndarray) -> float:
    """Return the mean of the best precisions at a recall of at least 0, 0.1 ... 1 (VOC 2007)."""
    best = [precision[recall >= level].max(initial=0.0) for level in np.linspace(0, 1, 11)]
    return float(np.mean(best))


def all_points(precision: np.ndarray, recall: np.ndarray) -> float:
    """Return the area under the falling envelope of precision over recall (VOC from 2010)."""
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float((np.diff(recall, prepend=0.0) * envelope).sum())
