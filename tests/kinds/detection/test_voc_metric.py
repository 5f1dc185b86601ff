from __future__ import annotations

import numpy as np
import pytest
import torch
from mmdet.evaluation.functional import eval_map
from mmengine.structures import InstanceData

from benchmark.errors import DataError
from benchmark.kinds.detection.voc_metric import VocDetectionMetric, judged

CLASSES = ('cat', 'dog')


def boxes(rng: np.random.Generator, count: int) -> np.ndarray:
    corner = rng.uniform(0, 60, (count, 2))
    return np.concatenate([corner, corner + rng.uniform(8, 30, (count, 2))], axis=1)


class Picture:
    """One picture with random truth and detections near it."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.true = boxes(rng, 6)
        self.labels = rng.integers(0, 2, 6)
        self.is_difficult = rng.random(6) < 0.3
        self.found = np.concatenate([self.true, self.true, boxes(rng, 4)])
        self.found += rng.normal(0, 2, self.found.shape)
        self.found_labels = np.concatenate([self.labels, self.labels, rng.integers(0, 2, 4)])
        self.scores = rng.random(16)

    def sample(self) -> dict[str, InstanceData]:
        hard = self.is_difficult

        def truth(chosen: np.ndarray) -> InstanceData:
            return InstanceData(
                bboxes=torch.tensor(self.true[chosen]), labels=torch.tensor(self.labels[chosen])
            )

        found = InstanceData(
            bboxes=torch.tensor(self.found),
            scores=torch.tensor(self.scores),
            labels=torch.tensor(self.found_labels),
        )
        return {
            'pred_instances': found,
            'gt_instances': truth(~hard),
            'ignored_instances': truth(hard),
        }

    def detections(self) -> list[np.ndarray]:
        rows = np.concatenate([self.found, self.scores[:, None]], axis=1)
        return [rows[self.found_labels == label] for label in range(2)]

    def annotation(self) -> dict[str, np.ndarray]:
        hard = self.is_difficult
        return {
            'bboxes': self.true[~hard],
            'labels': self.labels[~hard],
            'bboxes_ignore': self.true[hard],
            'labels_ignore': self.labels[hard],
        }


@pytest.mark.parametrize('seed', range(3))
def test_precision_is_that_of_mmdet_with_the_devkits_pixels(seed: int) -> None:
    rng = np.random.default_rng(seed)
    pictures = [Picture(rng) for _ in range(8)]
    metric = VocDetectionMetric()
    metric.dataset_meta = {'classes': CLASSES}
    metric.process(None, [picture.sample() for picture in pictures])
    found = metric.evaluate(len(pictures))
    for key, overlap in (('VOC_AP50', 0.5), ('VOC_AP75', 0.75)):
        expected, _ = eval_map(
            [picture.detections() for picture in pictures],
            [picture.annotation() for picture in pictures],
            iou_thr=overlap,
            eval_mode='11points',
            use_legacy_coordinate=True,
            logger='silent',
            nproc=1,
        )
        assert 0 < expected < 1
        assert found[key] == pytest.approx(expected, abs=1e-6)


def test_a_second_detection_of_one_object_is_wrong_and_a_difficult_one_does_not_count() -> None:
    true = np.array([[0.0, 0, 9, 9], [50, 50, 59, 59]])
    found = np.array([[0.0, 0, 9, 9], [0, 0, 9, 8], [50, 50, 59, 59], [90, 90, 99, 99]])
    scores = np.array([0.8, 0.9, 0.7, 0.6])
    verdicts = judged(found, scores, true, np.array([False, True]), 0.5)
    assert verdicts.tolist() == [0, 1, -1, 0]


def test_the_last_pixel_belongs_to_a_box() -> None:
    # 10 x 10 against 5 x 10 pixels: one half exactly
    pair = np.array([[0.0, 0, 9, 9]]), np.array([0.9]), np.array([[0.0, 0, 4, 9]])
    assert judged(*pair, np.array([False]), 0.5).tolist() == [1]


def test_a_split_of_difficult_objects_alone_is_told() -> None:
    metric = VocDetectionMetric()
    metric.dataset_meta = {'classes': ('cat',)}
    box, label = torch.tensor([[0.0, 0, 9, 9]]), torch.tensor([0])
    none = {'bboxes': torch.zeros(0, 4), 'labels': torch.zeros(0, dtype=torch.int64)}
    found = {'bboxes': box, 'labels': label, 'scores': torch.tensor([0.9])}
    hard = {'bboxes': box, 'labels': label}
    metric.process(
        None, [{'pred_instances': found, 'gt_instances': none, 'ignored_instances': hard}]
    )
    with pytest.raises(DataError, match='no object that is not difficult'):
        metric.evaluate(1)
