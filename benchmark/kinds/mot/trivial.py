"""The trivial predictor: no tracks at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from mmengine.dataset import BaseDataset
from mmengine.structures import InstanceData


@dataclass(frozen=True)
class NoTracks:
    """Predicts that no object is there."""

    @classmethod
    def fit(cls, train: BaseDataset) -> NoTracks:
        """Return the predictor; there is nothing to learn from ``train``."""
        return cls()

    def predict(self, sample: Any) -> Any:
        """Return ``sample``, a clip, with no ``pred_track_instances`` in any frame."""
        for frame in sample.video_data_samples:
            frame.pred_track_instances = InstanceData(
                bboxes=torch.zeros(0, 4),
                instances_id=torch.zeros(0, dtype=torch.long),
                scores=torch.zeros(0),
            )
        return sample
