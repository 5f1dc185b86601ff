"""The majority class of the training split, for every image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset


@dataclass(frozen=True)
class MajorityClass:
    """Predicts one label; of several that are equally frequent it is the first."""

    label: int

    @classmethod
    def fit(cls, train: BaseDataset) -> MajorityClass:
        """Return the predictor of the most frequent label."""
        labels = [int(train.get_data_info(index)['gt_label']) for index in range(len(train))]
        return cls(int(np.bincount(labels).argmax()))

    def predict(self, sample: Any) -> Any:
        """Return ``sample`` with ``pred_label``."""
        return sample.set_pred_label(self.label)
