"""LVIS without its own library, which no longer runs on a current numpy."""

from __future__ import annotations

from typing import Any

from mmdet.datasets import CocoDataset
from mmdet.datasets.lvis import LVISV1Dataset

from benchmark.registry import DATASETS

_SERVER = 'http://images.cocodataset.org/'


@DATASETS.register_module()
class LvisDataset(CocoDataset):
    """LVIS v1: COCO's format, but pictures are named by their address on COCO's server.

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
