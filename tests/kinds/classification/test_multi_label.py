from __future__ import annotations

import numpy as np
import pytest
import torch

from benchmark.errors import DataError
from benchmark.kinds.classification.metric import MultiLabelMetric


def devkit_eleven_points(scores: np.ndarray, truth: np.ndarray) -> float:
    """VOCevalcls of the VOC 2007 devkit, loop by loop."""
    order = sorted(range(len(scores)), key=lambda i: -scores[i])
    right, precision, recall = 0, [], []
    for rank, index in enumerate(order, 1):
        right += truth[index]
        precision.append(right / rank)
        recall.append(right / truth.sum())
    average = 0.0
    for level in np.linspace(0, 1, 11):
        reached = [p for p, r in zip(precision, recall, strict=True) if r >= level]
        average += (max(reached) if reached else 0.0) / 11
    return average


def all_points(scores: np.ndarray, truth: np.ndarray) -> float:
    """Average of the best precision at or beyond each recall that a positive reaches."""
    order = np.argsort(-scores)
    hits = truth[order] == 1
    precision = hits.cumsum() / np.arange(1, len(hits) + 1)
    return float(np.mean([precision[i:].max() for i in np.flatnonzero(hits)]))


def scored(scores: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    metric = MultiLabelMetric()
    samples = [
        {
            'pred_score': torch.tensor(row),
            'gt_label': torch.tensor(np.flatnonzero(true == 1)),
            'gt_label_difficult': np.flatnonzero(true == -1).tolist(),
        }
        for row, true in zip(scores, truth, strict=True)
    ]
    metric.process(None, samples)
    return metric.evaluate(len(samples))


@pytest.mark.parametrize('seed', range(3))
def test_precision_is_that_of_the_devkit(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores, truth = rng.random((40, 5)), rng.integers(-1, 2, (40, 5))
    truth[0] = 1
    found = scored(scores, truth)
    columns = [(s[t >= 0], t[t >= 0]) for s, t in zip(scores.T, truth.T, strict=True)]
    expected = 100 * np.mean([devkit_eleven_points(*column) for column in columns])
    assert found['mAP11'] == pytest.approx(expected, abs=1e-9)
    expected = 100 * np.mean([all_points(*column) for column in columns])
    assert found['mAP'] == pytest.approx(expected, abs=1e-9)


def test_a_class_both_difficult_and_not_counts() -> None:
    metric = MultiLabelMetric()
    sample = {'pred_score': torch.tensor([0.9]), 'gt_label': torch.tensor([0])}
    metric.process(None, [{**sample, 'gt_label_difficult': [0]}])
    assert metric.evaluate(1)['mAP11'] == pytest.approx(100)


def test_a_split_that_shows_no_class_is_told() -> None:
    with pytest.raises(DataError, match='nothing to score'):
        scored(np.random.default_rng(0).random((5, 3)), np.zeros((5, 3), int))
