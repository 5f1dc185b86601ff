"""LVIS without its own library, which no longer runs on a current numpy."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import torch
from mmdet.datasets import CocoDataset
from mmdet.datasets.lvis import LVISV1Dataset
from torch import Tensor

from benchmark.kinds.common.order import SampleOrder
from benchmark.openmmlab.randomness import generator_for
from benchmark.registry import DATA_SAMPLERS, DATASETS

_SERVER = 'http://images.cocodataset.org/'


@DATASETS.register_module()
class LvisDataset(CocoDataset):
    """LVIS v1: COCO's format, but pictures are named by their URL on COCO's server.

    The address ends in ``train2017/...`` or ``val2017/...``, below ``data_prefix['img']``. Takes
    mmdet's arguments. Pictures without such an address are named by their ``file_name``.
    """

    METAINFO = LVISV1Dataset.METAINFO

    def parse_data_info(self, raw_data_info: dict[str, Any]) -> dict[str, Any]:
        """Return mmdet's description of a picture and its instances."""
        image = raw_data_info['raw_img_info']
        if 'coco_url' in image:
            image['file_name'] = image['coco_url'].replace(_SERVER, '')
        parsed: dict[str, Any] = super().parse_data_info(raw_data_info)
        return parsed


def repeat_factors(classes: Sequence[set[int]], threshold: float) -> list[float]:
    """Return the repeat factor of each picture from its classes (arXiv 1908.03195).

    A class in a share f of the pictures asks for ``sqrt(threshold / f)``, at least 1; a picture
    gets the most that one of its classes asks for.
    """
    counts = Counter(label for found in classes for label in found)
    asked = {
        label: max(1.0, math.sqrt(threshold * len(classes) / count))
        for label, count in counts.items()
    }
    return [max((asked[label] for label in found), default=1.0) for found in classes]


@DATA_SAMPLERS.register_module()
class RepeatFactors(SampleOrder):
    """Endless passes over the pictures in which those of rare classes are repeated.

    What is left of a factor over a whole number is drawn anew in every pass.

    Args:
        dataset: mmdet data set.
        threshold: share of the pictures below which a class counts as rare.
        arguments: those of :class:`SampleOrder`.
    """

    def __init__(self, dataset: Any, *, threshold: float, **arguments: Any) -> None:
        classes = [set(dataset.get_cat_ids(index)) for index in range(len(dataset))]
        self._factors = torch.tensor(repeat_factors(classes, threshold), dtype=torch.float64)
        super().__init__(dataset, **arguments)

    def order_of(self, number: int) -> Tensor:
        """Return the indices of the pictures of pass ``number`` in order: (n,)."""
        generator = generator_for('order', self.seed, number)
        least = self._factors.floor()
        drawn = torch.rand(self.size, generator=generator, dtype=torch.float64)
        times = (least + (drawn < self._factors - least)).long()
        once = torch.repeat_interleave(torch.arange(self.size), times)
        return once[torch.randperm(len(once), generator=generator)]

    def length_of(self, number: int) -> int:
        """Return how many pictures pass ``number`` shows."""
        return len(self.order_of(number))
