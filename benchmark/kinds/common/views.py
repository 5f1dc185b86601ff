"""A training set with a fixed number of augmented views per picture, each drawn once."""

from __future__ import annotations

import hashlib
import random
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset

from benchmark.registry import DATASETS


@DATASETS.register_module()
class FixedViews(Dataset[Any]):
    """The samples of a data set, each in ``count`` views: sample ``i`` at ``i``, ``i + n`` and on.

    What a view looks like follows from the sample's place in the data set and the number of the
    view alone: every pass, seed and process sees the same.

    Args:
        dataset: the data set, whose pipeline draws augmentation.
        count: views of a sample.
    """

    def __init__(self, dataset: Any, count: int) -> None:
        self._dataset, self._count = dataset, count

    def __getattr__(self, name: str) -> Any:
        # attributes that loaders and pickle look for are not the data set's
        if name.startswith('__') or name == '_dataset':
            raise AttributeError(name)
        return getattr(self._dataset, name)

    def __len__(self) -> int:
        """Return the number of views of all samples."""
        return len(self._dataset) * self._count

    def __getitem__(self, index: int) -> Any:
        """Return a view."""
        view, place = divmod(index, len(self._dataset))
        states = random.getstate(), np.random.get_state(), torch.get_rng_state()
        _seed(f'view {view} of {place}')
        try:
            return self._dataset[place]
        finally:
            random.setstate(states[0])
            np.random.set_state(states[1])
            torch.set_rng_state(states[2])

    def get_cat_ids(self, index: int) -> Any:
        """Return the classes in the picture of a view, for data sets that provide them."""
        return self._dataset.get_cat_ids(index % len(self._dataset))

    def get_data_info(self, index: int) -> Any:
        """Return the data set's information on the picture of a view."""
        return self._dataset.get_data_info(index % len(self._dataset))


def _seed(of: str) -> None:
    digest = hashlib.blake2b(of.encode(), digest_size=16).digest()
    random.seed(digest[:8])
    np.random.seed(int.from_bytes(digest[8:12], 'little'))
    torch.default_generator.manual_seed(int.from_bytes(digest[8:], 'little') >> 1)
