"""Pairs of pictures and depth maps in two parallel folders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mmengine.dataset import BaseDataset

from benchmark.errors import DataError
from benchmark.registry import DATASETS

_PICTURES = {'.jpg', '.jpeg', '.png', '.bmp'}


@DATASETS.register_module()
class DepthFolders(BaseDataset):
    """Pictures below ``data_prefix['img_path']``, depth below ``data_prefix['depth_path']``.

    A depth map has its picture's relative path and name, ending in ``.png``. Takes mmengine's
    arguments.

    Raises:
        DataError: there are no pictures, or one has no depth map.
    """

    def load_data_list(self) -> list[dict[str, Any]]:
        """Return one entry per picture, sorted by path."""
        folder = Path(self.data_prefix['img_path'])
        pictures = sorted(p for p in folder.rglob('*') if p.suffix.lower() in _PICTURES)
        if not pictures:
            raise DataError(f'{folder}: holds no pictures ({", ".join(sorted(_PICTURES))})')
        return [self._entry(folder, picture) for picture in pictures]

    def _entry(self, folder: Path, picture: Path) -> dict[str, Any]:
        name = picture.relative_to(folder).with_suffix('.png')
        depth = Path(self.data_prefix['depth_path']) / name
        if not depth.is_file():
            raise DataError(f'{picture}: has no depth map {depth}')
        return {'img_path': str(picture), 'depth_map_path': str(depth), 'seg_fields': []}
