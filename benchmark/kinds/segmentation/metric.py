"""Intersection over union from one confusion matrix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from mmengine.evaluator import BaseMetric

from benchmark.errors import DataError
from benchmark.kinds.common.outcomes import smallest
from benchmark.registry import METRICS
from benchmark.statistics.outcome_files import Measured
from benchmark.statistics.outcomes import Ratios


@METRICS.register_module()
class SegmentationMetric(BaseMetric):
    """mIoU, mean class accuracy and pixel accuracy in percent, unrounded.

    Args:
        ignore_index: label of pixels that are not scored.
    """

    def __init__(self, *, ignore_index: int, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._ignore = ignore_index

    def process(self, data_batch: Any, data_samples: Sequence[dict[str, Any]]) -> None:
        """Keep one confusion matrix per sample."""
        count = len(self.dataset_meta['classes'])
        for sample in data_samples:
            predicted = sample['pred_sem_seg']['data'].squeeze().cpu().numpy()
            true = sample['gt_sem_seg']['data'].squeeze().cpu().numpy()
            self.results.append(confusion(predicted, true, count, self._ignore))

    def compute_metrics(self, results: list[np.ndarray]) -> dict[str, float]:
        """Return ``mIoU``, ``mAcc`` and ``aAcc`` of the summed confusion matrices.

        Raises:
            DataError: every pixel of the test split is to be ignored.
        """
        matrix = np.sum(results, axis=0)
        if not matrix.sum():
            raise DataError(
                f'every pixel of the test split has the label {self._ignore}, which is ignored: '
                'nothing to score'
            )
        self.outcomes = _outcomes(results)
        return scores(matrix)


def _outcomes(matrices: Sequence[np.ndarray]) -> dict[str, Measured]:
    """Return what each picture adds to the three numbers, in pixels by class."""
    hits = smallest(np.stack([np.diag(matrix) for matrix in matrices]))
    true = smallest(np.stack([matrix.sum(1) for matrix in matrices]))
    union = smallest(np.stack([m.sum(0) + m.sum(1) - np.diag(m) for m in matrices]))
    hit, counted = (smallest(part.sum(axis=1)) for part in (hits, true))
    return {
        'mIoU': Measured(Ratios(hits, union, 100.0)),
        'mAcc': Measured(Ratios(hits, true, 100.0)),
        'aAcc': Measured(Ratios(hit, counted, 100.0)),
    }


def confusion(predicted: np.ndarray, true: np.ndarray, count: int, ignore: int) -> np.ndarray:
    """Return pixel counts (true class, predicted class) of two label maps (H, W).

    Args:
        predicted: labels (H, W).
        true: labels (H, W).
        count: number of classes.
        ignore: true label of pixels that are left out.
    """
    kept = true != ignore
    pairs = true[kept].astype(np.int64) * count + predicted[kept]
    return np.bincount(pairs, minlength=count * count).reshape(count, count)


def scores(matrix: np.ndarray) -> dict[str, float]:
    """Return mIoU, mAcc and aAcc in percent of a confusion matrix (true, predicted).

    Means run over the classes that occur: for mIoU in truth or prediction, for mAcc in truth,
    as mmseg's do.

    Raises:
        DataError: no pixel was scored.
    """
    if not matrix.any():
        raise DataError('no pixel of the test split has a label of a class: nothing can be scored')
    hit = np.diag(matrix).astype(float)
    true, predicted = matrix.sum(1), matrix.sum(0)
    with np.errstate(invalid='ignore', divide='ignore'):
        iou, accuracy = hit / (true + predicted - hit), hit / true
    return {
        'mIoU': 100 * float(np.nanmean(iou)),
        'mAcc': 100 * float(np.nanmean(accuracy)),
        'aAcc': 100 * float(hit.sum() / matrix.sum()),
    }
