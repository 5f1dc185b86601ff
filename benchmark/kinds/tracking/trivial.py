"""The trivial predictor: the box of frame 1, kept for the whole video."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset


@dataclass(frozen=True)
class FirstBox:
    """Predicts that the target stays where it was shown in frame 1."""

    @classmethod
    def fit(cls, train: BaseDataset) -> FirstBox:
        """Return the predictor; there is nothing to learn from ``train``."""
        return cls()

    def predict(self, sample: Any) -> Any:
        """Return ``sample`` with ``boxes`` (n, 4)."""
        sample.boxes = np.repeat(sample.truth[:1], len(sample.truth), axis=0)
        return sample
