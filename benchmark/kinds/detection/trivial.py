"""The mean box of every class in the training split, in every image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from mmengine.dataset import BaseDataset
from mmengine.structures import InstanceData


@dataclass(frozen=True)
class MeanBoxes:
    """Predicts one box per class, relative to the image, with an inscribed ellipse as mask.

    ``boxes`` (n, 4) are left, top, right and bottom as shares of width and height, ``labels``
    (n,) the classes that occur and ``scores`` (n,) their shares of all instances.
    """

    boxes: np.ndarray
    labels: np.ndarray
    scores: np.ndarray

    @classmethod
    def fit(cls, train: BaseDataset) -> MeanBoxes:
        """Return the predictor of the classes with instances in ``train``."""
        found = [item for index in range(len(train)) for item in _instances(train, index)]
        true = np.array([label for label, _ in found], int)
        boxes = np.array([box for _, box in found]).reshape(-1, 4)
        labels, counts = np.unique(true, return_counts=True)
        means = [boxes[true == label].mean(axis=0) for label in labels]
        return cls(np.reshape(means, (-1, 4)), labels, counts / max(1, len(found)))

    def predict(self, sample: Any) -> Any:
        """Return ``sample`` with ``pred_instances``: boxes in image pixels and masks (n, H, W)."""
        height, width = sample.ori_shape
        boxes = self.boxes * (width, height, width, height)
        masks = np.zeros((len(boxes), height, width), bool)
        for mask, box in zip(masks, boxes, strict=True):
            mask[:] = ellipse(box, (height, width))
        sample.pred_instances = InstanceData(
            bboxes=torch.from_numpy(boxes),
            labels=torch.from_numpy(self.labels),
            scores=torch.from_numpy(self.scores),
            masks=torch.from_numpy(masks),
        )
        return sample


def _instances(train: BaseDataset, index: int) -> list[tuple[int, np.ndarray]]:
    """Return label and relative box (4,) of an image's instances, without crowds."""
    image = train.get_data_info(index)
    size = np.array([image['width'], image['height']] * 2, float)
    return [
        (item['bbox_label'], np.asarray(item['bbox']) / size)
        for item in image['instances']
        if not item['ignore_flag']
    ]


def ellipse(box: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Return a mask (H, W) of the ellipse inscribed in ``box``."""
    left, top, right, bottom = box
    y, x = np.ogrid[0.5 : shape[0], 0.5 : shape[1]]
    across = (2 * x - left - right) / (right - left)
    down = (2 * y - top - bottom) / (bottom - top)
    inside: np.ndarray = across**2 + down**2 <= 1
    return inside
