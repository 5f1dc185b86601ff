"""The majority class of the training split, for every image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset


@dataclass(frozen=True)
class MajorityClass:
    """Predicts one label; in a tie the first of the most frequent ones.

    ``shares`` (C,) are how often each label occurs per image, and the predicted scores.
    """

    shares: np.ndarray

    @classmethod
    def fit(cls, train: BaseDataset) -> MajorityClass:
        """Return the predictor of the most frequent label; an image may have several, or none."""
        found = [np.atleast_1d(train.get_data_info(i)['gt_label']) for i in range(len(train))]
        labels = np.concatenate(found).astype(int)
        count = len(train.metainfo.get('classes') or ())
        return cls(np.bincount(labels, minlength=count) / len(train))

    def predict(self, sample: Any) -> Any:
        """Return ``sample`` with ``pred_label`` and ``pred_score`` (C,)."""
        sample.set_pred_score(self.shares)
        return sample.set_pred_label(int(self.shares.argmax()))
