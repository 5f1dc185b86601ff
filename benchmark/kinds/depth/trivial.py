"""The mean depth map of the training split, for every image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import torch
from mmengine.dataset import BaseDataset
from mmengine.structures import PixelData

from benchmark.errors import DataError


@dataclass(frozen=True)
class MeanDepthMap:
    """Predicts ``depth`` (H, W) in metres, which the metric resizes to the image."""

    depth: np.ndarray

    @classmethod
    def fit(cls, train: BaseDataset) -> MeanDepthMap:
        """Return the predictor of each pixel's mean over the maps with a known depth there.

        ``train`` loads depth maps, where 0 is unknown. A map of another size than the first is
        resized; a pixel that no map knows gets the mean of all.

        Raises:
            DataError: no map knows any depth.
        """
        total = np.zeros(train[0]['gt_depth_map'].shape)
        known = np.zeros(total.shape)
        for index in range(len(train)):
            depth = _resize(train[index]['gt_depth_map'], total.shape)
            total += depth
            known += depth > 0
        if not known.any():
            raise DataError('no depth map of the training split has a depth above 0')
        everywhere = np.full(total.shape, total.sum() / known.sum())
        return cls(np.divide(total, known, out=everywhere, where=known > 0))

    def predict(self, sample: Any) -> Any:
        """Return ``sample`` with ``pred_depth_map`` (1, H, W)."""
        depth = torch.from_numpy(self.depth.astype(np.float32))
        sample.pred_depth_map = PixelData(data=depth[None])
        return sample


def _resize(depth: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    if depth.shape == shape:
        return depth
    # anything smoother would mix depths with pixels that have none
    return np.asarray(cv2.resize(depth, shape[::-1], interpolation=cv2.INTER_NEAREST))
