"""Intersection over union against a plain computation and against mmseg's."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from mmseg.evaluation import IoUMetric

from benchmark.errors import DataError
from benchmark.kinds.common.gallery import palette
from benchmark.kinds.segmentation.gallery import SegmentationGallery
from benchmark.kinds.segmentation.metric import SegmentationMetric, confusion

CLASSES = ('sky', 'wall', 'ground', 'body', 'never')
IGNORE = 255


def random_maps(count: int = 6) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return pairs (predicted, true) that agree on most pixels; some truth is unlabelled."""
    rng = np.random.default_rng(3)
    pairs = []
    for _ in range(count):
        size = tuple(rng.integers(10, 30, 2))
        true = rng.integers(0, 4, size)
        predicted = np.where(rng.random(size) < 0.7, true, rng.integers(0, 4, size))
        true[rng.random(size) < 0.1] = IGNORE
        pairs.append((predicted, true))
    return pairs


def sample(predicted: np.ndarray, true: np.ndarray) -> dict[str, Any]:
    return {
        'pred_sem_seg': {'data': torch.from_numpy(predicted)[None]},
        'gt_sem_seg': {'data': torch.from_numpy(true)[None]},
    }


def evaluate(metric: Any, pairs: list[tuple[np.ndarray, np.ndarray]]) -> dict[str, float]:
    metric.dataset_meta = {'classes': CLASSES}
    for predicted, true in pairs:
        metric.process(None, [sample(predicted, true)])
    found: dict[str, float] = metric.evaluate(len(pairs))
    return found


def test_scores_by_counting_pixels() -> None:
    pairs = random_maps()
    predicted, true = (np.concatenate([p[i].ravel() for p in pairs]) for i in range(2))
    kept = true != IGNORE
    predicted, true = predicted[kept], true[kept]
    masks = [(predicted == c, true == c) for c in range(4)]
    expected = {
        'mIoU': 100 * np.mean([(p & t).sum() / (p | t).sum() for p, t in masks]),
        'mAcc': 100 * np.mean([(p & t).sum() / t.sum() for p, t in masks]),
        'aAcc': 100 * (predicted == true).mean(),
    }
    found = evaluate(SegmentationMetric(ignore_index=IGNORE), pairs)
    assert found == pytest.approx(expected, rel=1e-12)


def test_scores_agree_with_mmseg() -> None:
    pairs = random_maps()
    reference = evaluate(IoUMetric(ignore_index=IGNORE, iou_metrics=['mIoU']), pairs)
    found = evaluate(SegmentationMetric(ignore_index=IGNORE), pairs)
    for key in ('mIoU', 'mAcc', 'aAcc'):
        assert found[key] == pytest.approx(reference[key], abs=0.00501), key


def test_confusion_has_truth_in_rows() -> None:
    true, predicted = np.array([[0, 0, 1, IGNORE]]), np.array([[0, 1, 1, 0]])
    assert confusion(predicted, true, 3, IGNORE).tolist() == [[1, 1, 0], [0, 1, 0], [0, 0, 0]]


def test_unlabelled_pixels_do_not_count() -> None:
    predicted, true = np.array([[0, 1, 1]]), np.array([[0, 1, IGNORE]])
    found = evaluate(SegmentationMetric(ignore_index=IGNORE), [(predicted, true)])
    assert found == {'mIoU': 100.0, 'mAcc': 100.0, 'aAcc': 100.0}


def test_label_maps_are_laid_over_the_image() -> None:
    image = np.full((20, 40, 3), 100, np.uint8)
    true = np.zeros((10, 20), np.int64)
    true[:, 10:] = IGNORE
    drawn = SegmentationGallery(folder='unused', classes=CLASSES).draw(
        image,
        SimpleNamespace(
            gt_sem_seg=SimpleNamespace(data=torch.from_numpy(true)[None]),
            pred_sem_seg=SimpleNamespace(data=torch.full((1, 10, 20), 3)),
        ),
    )
    assert drawn.truth.shape == drawn.prediction.shape == image.shape
    blend = [0.4 * 100 + 0.6 * np.array(palette(5)[label]) for label in (0, 3)]
    assert np.abs(drawn.truth[:, :20] - blend[0]).max() <= 1
    assert (drawn.truth[:, 20:] == 100).all()
    assert np.abs(drawn.prediction - blend[1]).max() <= 1
    assert cv2.countNonZero(cv2.absdiff(drawn.truth, drawn.prediction)[..., 0]) > 0


def test_a_split_whose_pixels_are_all_ignored_is_told() -> None:
    nothing = np.full((4, 5), IGNORE)
    with pytest.raises(DataError, match='every pixel of the test split has the label 255'):
        evaluate(SegmentationMetric(ignore_index=IGNORE), [(np.zeros((4, 5), int), nothing)])
