"""Pairs of pictures and depth maps, in parallel folders or listed, and how they are cut."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmengine.dataset import BaseDataset
from mmengine.registry import TRANSFORMS

from benchmark import packed
from benchmark.errors import DataError
from benchmark.openmmlab.decoding import is_picture
from benchmark.openmmlab.lists import read_lines
from benchmark.registry import DATASETS


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
        pictures = sorted(folder / name for name in packed.files_below(folder) if is_picture(name))
        if not pictures:
            raise DataError(f'{folder}: holds no pictures')
        return [self._entry(folder, picture) for picture in pictures]

    def _entry(self, folder: Path, picture: Path) -> dict[str, Any]:
        name = picture.relative_to(folder).with_suffix('.png')
        depth = Path(self.data_prefix['depth_path']) / name
        if not packed.is_file(depth):
            raise DataError(f'{picture}: has no depth map {depth}')
        return {'img_path': str(picture), 'depth_map_path': str(depth), 'seg_fields': []}


@DATASETS.register_module()
class DepthPairs(BaseDataset):
    """Pairs named in a list: a picture and its depth map per line, and what else is ignored.

    This is the form of the lists of NYUv2 and of KITTI's Eigen split. Pictures lie below
    ``data_prefix['img_path']``, depth maps below ``data_prefix['depth_path']``; a leading slash
    means nothing, a depth map called ``None`` leaves its picture out. Takes mmengine's arguments.

    Raises:
        DataError: the list cannot be read, a line has no pair, or no pair is left.
    """

    def load_data_list(self) -> list[dict[str, Any]]:
        """Return one entry per pair, in the list's order."""
        pairs = []
        for line in read_lines(self.ann_file):
            words = line.text.split()
            if len(words) < 2:
                raise DataError(
                    f'{self.ann_file}, line {line.number}: not readable as picture and depth map: '
                    f"'{line.text}'"
                )
            pairs.append((words[0], words[1]))
        images, depths = (Path(self.data_prefix[key]) for key in ('img_path', 'depth_path'))
        found = [
            {
                'img_path': str(images / picture.lstrip('/')),
                'depth_map_path': str(depths / depth.lstrip('/')),
                'seg_fields': [],
            }
            for picture, depth in pairs
            if depth != 'None'
        ]
        if not found:
            raise DataError(f'{self.ann_file}: names no pair of picture and depth map')
        return found


@TRANSFORMS.register_module()
class KBCrop(BaseTransform):
    """Cuts picture and depth map to the size of KITTI's depth benchmark.

    That is ``height`` x ``width`` pixels, at the bottom and in the middle.
    """

    def __init__(self, height: int = 352, width: int = 1216) -> None:
        self._size = (height, width)

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Return ``results`` with both cut; the cut picture counts as the original one.

        Raises:
            DataError: the picture is smaller.
        """
        rows, columns = results['img'].shape[:2]
        top, left = rows - self._size[0], (columns - self._size[1]) // 2
        if min(top, left) < 0:
            raise DataError(
                f'{results["img_path"]}: {rows} x {columns} pixels, the crop needs '
                f'{self._size[0]} x {self._size[1]}'
            )
        bottom, right = top + self._size[0], left + self._size[1]
        results['img'] = results['img'][top:bottom, left:right]
        results['gt_depth_map'] = results['gt_depth_map'][top:bottom, left:right]
        results['img_shape'] = results['ori_shape'] = self._size
        return results


@TRANSFORMS.register_module()
class CutDepth(BaseTransform):
    """Writes the true depth into a vertical strip of the picture (vertical CutDepth).

    Place and width are random as in the official code of arXiv 2205.13543, but depth is scaled:
    0 to ``max_depth`` metres become 0 to 255. That code writes 16-bit depth into 8-bit pixels,
    which keeps the remainder of a division by 256.

    Args:
        max_depth: depth in metres that is white.
        probability: share of the pictures that get a strip.
        widest: largest width, as a share of what lies right of the strip's left end.
    """

    def __init__(
        self, *, max_depth: float, probability: float = 0.25, widest: float = 0.75
    ) -> None:
        self._max_depth = max_depth
        self._probability = probability
        self._widest = widest

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Return ``results``, its picture perhaps with a strip."""
        # mmengine seeds numpy's global state in every worker
        rng = np.random.default_rng(np.random.randint(2**31))
        if rng.random() < self._probability:
            width = results['img'].shape[1]
            left = int(rng.random() * width)
            right = left + int(max((width - left) * rng.random() * self._widest, 1))
            depth = results['gt_depth_map'][:, left:right, None] / self._max_depth
            results['img'] = results['img'].copy()
            results['img'][:, left:right] = np.clip(255 * depth, 0, 255).round().astype(np.uint8)
        return results


@TRANSFORMS.register_module()
class Tones(BaseTransform):
    """Changes brightness and contrast, gamma, and hue, each with probability 1/2.

    The three, and the ranges they are drawn from, are those that the official code of arXiv
    2205.13543 takes from albumentations: pixels times 0.8 to 1.2 plus up to 51, a power of 0.8 to
    1.2, and up to 20 steps of 180 in hue, 30 in saturation and 20 in value.
    """

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Return ``results`` with other tones; the picture is BGR, 0 to 255, bytes."""
        # mmengine seeds numpy's global state in every worker
        rng = np.random.default_rng(np.random.randint(2**31))
        levels = np.arange(256, dtype=np.float64)
        image: np.ndarray = results['img']
        if rng.random() < 0.5:
            contrast, brightness = rng.uniform(0.8, 1.2), rng.uniform(-0.2, 0.2)
            image = _bytes(levels * contrast + 255 * brightness)[image]
        if rng.random() < 0.5:
            image = _bytes(255 * (levels / 255) ** rng.uniform(0.8, 1.2))[image]
        if rng.random() < 0.5:
            image = _shift_hue(image, *rng.uniform(-1, 1, 3) * (20, 30, 20))
        results['img'] = image
        return results


def _bytes(levels: np.ndarray) -> np.ndarray:
    found: np.ndarray = np.clip(levels, 0, 255).astype(np.uint8)
    return found


def _shift_hue(image: np.ndarray, hue: float, saturation: float, value: float) -> np.ndarray:
    levels = np.arange(256, dtype=np.float64)
    tables = (
        np.mod(levels + hue, 180).astype(np.uint8),
        *map(_bytes, (levels + saturation, levels + value)),
    )
    channels = cv2.split(cv2.cvtColor(image, cv2.COLOR_BGR2HSV))
    shifted = [table[channel] for table, channel in zip(tables, channels, strict=True)]
    return cv2.cvtColor(cv2.merge(shifted), cv2.COLOR_HSV2BGR)
