"""The mean pose of the training split, stretched to the box of every instance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset
from mmengine.structures import InstanceData


@dataclass(frozen=True)
class MeanPose:
    """Predicts ``places`` (K, 2), where (0, 0) and (1, 1) are the corners of a box."""

    places: np.ndarray

    @classmethod
    def fit(cls, train: BaseDataset) -> MeanPose:
        """Return the predictor of each key point's mean position; the centre if never labelled."""
        instances = [train.get_data_info(index) for index in range(len(train))]
        places = np.stack([_relative(item['keypoints'], item['bbox'])[0] for item in instances])
        labelled = np.stack([item['keypoints_visible'][0] > 0 for item in instances])[..., None]
        central = np.full(places.shape[1:], 0.5)
        counts = np.broadcast_to(labelled.sum(axis=0), central.shape)
        total = (places * labelled).sum(axis=0)
        return cls(np.divide(total, counts, out=central, where=counts > 0))

    def predict(self, sample: Any) -> Any:
        """Return ``sample`` with ``pred_instances``: key points (1, K, 2) in image pixels."""
        truth = sample.gt_instances
        corner, size = _corner_and_size(truth.bboxes)
        sample.pred_instances = InstanceData(
            keypoints=corner + self.places * size,
            keypoint_scores=np.ones((len(corner), len(self.places))),
            bbox_scores=truth.bbox_scores,
        )
        return sample


def _relative(points: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    corner, size = _corner_and_size(boxes)
    return (points - corner) / size


def _corner_and_size(boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return left upper corners and sizes (N, 1, 2) of boxes (N, 4) given by their corners."""
    corner, opposite = boxes[:, None, :2], boxes[:, None, 2:]
    return corner, opposite - corner
