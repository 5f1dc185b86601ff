"""Accuracies by hand, and captions."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from benchmark.kinds.classification.gallery import ClassificationGallery
from benchmark.kinds.classification.metric import ClassificationMetric


def score(pairs: list[tuple[int, int]]) -> dict[str, float]:
    """Return the metric of (predicted, true) labels, given in two batches."""
    metric = ClassificationMetric()
    samples = [{'pred_label': torch.tensor([p]), 'gt_label': torch.tensor([t])} for p, t in pairs]
    metric.process(None, samples[:2])
    metric.process(None, samples[2:])
    found: dict[str, float] = metric.evaluate(len(pairs))
    return found


def test_accuracy_counts_samples_and_classes() -> None:
    # class 0: 3 of 4 right; class 1: 0 of 1; class 2 does not occur but is predicted
    found = score([(0, 0), (0, 0), (0, 0), (2, 0), (0, 1)])
    assert found == pytest.approx({'accuracy': 60.0, 'mean_class_accuracy': 37.5})


def test_all_right_is_a_hundred() -> None:
    found = score([(i % 3, i % 3) for i in range(9)])
    assert found == {'accuracy': 100.0, 'mean_class_accuracy': 100.0}


def test_captions_tell_truth_and_prediction() -> None:
    gallery = ClassificationGallery(folder='unused', classes=('cat', 'dog'))
    image = np.full((40, 80, 3), 90, np.uint8)

    def drawn(true: int, predicted: int) -> Any:
        sample = SimpleNamespace(
            gt_label=torch.tensor([true]),
            pred_label=torch.tensor([predicted]),
            pred_score=torch.tensor([0.2, 0.8]),
        )
        return gallery.draw(image, sample)

    right, wrong = drawn(1, 1), drawn(0, 1)
    assert right.truth.shape == right.prediction.shape
    assert right.truth.shape[0] > right.truth.shape[1] // 2
    assert not np.array_equal(right.truth, wrong.truth)
    # a wrong caption is red: more red than blue
    band = wrong.prediction[112:].astype(int)
    assert (band[..., 2] - band[..., 0]).max() > 100
    band = right.prediction[112:].astype(int)
    assert np.abs(band[..., 2] - band[..., 0]).max() < 10
