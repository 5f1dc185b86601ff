"""Picture and label go by one rule, and label files that are none are refused by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from benchmark.openmmlab import prepare

prepare()

import mmdet.datasets  # noqa: E402, F401
import mmpretrain.datasets  # noqa: E402, F401
import mmseg.datasets  # noqa: E402, F401
from mmengine.registry import DATASETS, DefaultScope  # noqa: E402

from benchmark.errors import DataError  # noqa: E402
from benchmark.kinds.classification import folders  # noqa: E402, F401
from benchmark.kinds.depth import data  # noqa: E402, F401

TURNED = Image.Exif()
TURNED[0x0112] = 6


def built(scope: str, config: dict[str, Any]) -> Any:
    with DefaultScope.overwrite_default_scope(scope):
        return DATASETS.build({'type': 'benchmark.Opened', 'of': config})


def segmentation(folder: Path, **more: Any) -> Any:
    config = {
        'type': 'mmseg.BaseSegDataset',
        'data_root': str(folder),
        'data_prefix': {'img_path': 'images', 'seg_map_path': 'labels'},
        'metainfo': {'classes': ('ground', 'thing')},
        'pipeline': [{'type': 'LoadImageFromFile'}, {'type': 'LoadAnnotations'}],
    }
    return built('mmseg', {**config, **more})


def half_red(height: int = 64, width: int = 64) -> tuple[np.ndarray, np.ndarray]:
    """Return a picture whose upper half is red, and the mask of that half."""
    mask = np.zeros((height, width), np.uint8)
    mask[: height // 2] = 1
    picture = np.where(mask[..., None] == 1, (200, 20, 20), (20, 20, 200)).astype(np.uint8)
    return picture, mask


def save(folder: Path, picture: np.ndarray, mask: Any, **how: Any) -> None:
    for name in ('images', 'labels'):
        (folder / name).mkdir(exist_ok=True)
    Image.fromarray(picture).save(folder / 'images/0.jpg', quality=95, **how)
    mask = mask if isinstance(mask, Image.Image) else Image.fromarray(mask)
    mask.save(folder / 'labels/0.png')


def red_share(sample: dict[str, Any]) -> float:
    blue, _, red = np.moveaxis(sample['img'].astype(int), 2, 0)
    return float((red > blue)[sample['gt_seg_map'] == 1].mean())


@pytest.mark.parametrize('shape', [(64, 64), (48, 64)])
def test_a_mask_of_stored_pixels_meets_stored_pixels(
    tmp_path: Path, shape: tuple[int, int]
) -> None:
    save(tmp_path, *half_red(*shape), exif=TURNED)
    assert red_share(segmentation(tmp_path)[0]) > 0.99


def test_a_mask_of_turned_pixels_meets_turned_pixels(tmp_path: Path) -> None:
    picture, mask = half_red(48, 64)
    save(tmp_path, picture, np.rot90(mask, -1).copy(), exif=TURNED)
    assert red_share(segmentation(tmp_path)[0]) > 0.99


def test_boxes_meet_the_pixels_of_the_size_that_their_annotations_state(tmp_path: Path) -> None:
    (tmp_path / 'images').mkdir()
    Image.fromarray(half_red(48, 64)[0]).save(tmp_path / 'images/0.jpg', exif=TURNED)
    box = {'id': 1, 'image_id': 1, 'category_id': 1, 'bbox': [4, 4, 8, 8], 'area': 64, 'iscrowd': 0}
    for size in ((64, 48), (48, 64)):
        image = {'id': 1, 'file_name': '0.jpg', 'width': size[0], 'height': size[1]}
        content = {'images': [image], 'annotations': [box], 'categories': [{'id': 1, 'name': 'a'}]}
        (tmp_path / 'boxes.json').write_text(json.dumps(content))
        config = {
            'type': 'mmdet.CocoDataset',
            'data_root': str(tmp_path),
            'ann_file': 'boxes.json',
            'data_prefix': {'img': 'images'},
            'metainfo': {'classes': ('a',)},
            'pipeline': [{'type': 'LoadImageFromFile'}],
        }
        assert built('mmdet', config)[0]['img'].shape[:2] == size[::-1]
    (tmp_path / 'boxes.json').write_text(json.dumps(content).replace('64', '60'))
    with pytest.raises(DataError, match=r'0\.jpg: is 64 x 48 pixels .* are for 48 x 60'):
        built('mmdet', config)


def test_a_picture_with_a_class_alone_is_turned_upright(tmp_path: Path) -> None:
    (tmp_path / 'red').mkdir()
    Image.fromarray(half_red(48, 64)[0]).save(tmp_path / 'red/0.jpg', exif=TURNED)
    config = {
        'type': 'benchmark.ImageFolders',
        'data_root': str(tmp_path),
        'metainfo': {'classes': ('red',)},
        'pipeline': [{'type': 'LoadImageFromFile'}],
    }
    assert built('mmpretrain', config)[0]['img'].shape[:2] == (64, 48)


@pytest.mark.parametrize(
    ('mask', 'message'),
    [
        (Image.new('RGB', (64, 64)), r'0\.png: RGB pixels, a label map has one whole number'),
        (Image.new('LA', (64, 64)), r'0\.png: LA pixels'),
        (Image.new('L', (32, 32)), r'0\.png: 32 x 32 pixels .* has 64 x 64'),
        (Image.new('L', (64, 64), 7), r'0\.png: label 7 is not from 0 to 1, nor 255'),
        (Image.new('I;16', (64, 64), 257), r'0\.png: label 257 is not from 0 to 255'),
    ],
)
def test_a_map_that_cannot_be_meant_is_refused_by_name(
    tmp_path: Path, mask: Image.Image, message: str
) -> None:
    save(tmp_path, half_red()[0], mask)
    with pytest.raises(DataError, match=message):
        segmentation(tmp_path)[0]


def test_a_map_saved_as_jpeg_is_refused(tmp_path: Path) -> None:
    picture, mask = half_red()
    save(tmp_path, picture, mask)
    Image.fromarray(mask).save(tmp_path / 'labels/0.png', 'JPEG')
    with pytest.raises(DataError, match=r'0\.png: a label map saved as JPEG'):
        segmentation(tmp_path)[0]


@pytest.mark.parametrize('mode', ['1', 'P', 'I;16', 'L'])
def test_a_map_of_whole_numbers_is_read_whatever_its_depth(tmp_path: Path, mode: str) -> None:
    picture, mask = half_red()
    made = {
        '1': lambda: Image.fromarray(mask.astype(bool)),
        'P': lambda: Image.fromarray(mask, mode='P'),
        'I;16': lambda: Image.fromarray(mask.astype(np.uint16)),
        'L': lambda: Image.fromarray(mask),
    }[mode]()
    save(tmp_path, picture, made)
    assert np.array_equal(segmentation(tmp_path)[0]['gt_seg_map'], mask)


@pytest.mark.parametrize(
    ('depth', 'message'),
    [
        (np.ones((20, 20), np.uint16), r'0\.png: 20 x 20 pixels .* has 64 x 64'),
        (np.ones((64, 64, 3), np.uint8), r'0\.png: RGB pixels, a depth map has one number'),
    ],
)
def test_a_depth_map_that_cannot_be_meant_is_refused_by_name(
    tmp_path: Path, depth: np.ndarray, message: str
) -> None:
    save(tmp_path, half_red()[0], half_red()[1])
    cv2.imwrite(str(tmp_path / 'labels/0.png'), depth)
    config = {
        'type': 'benchmark.DepthFolders',
        'data_prefix': {'img_path': f'{tmp_path}/images', 'depth_path': f'{tmp_path}/labels'},
        'pipeline': [{'type': 'LoadImageFromFile'}, {'type': 'LoadDepthAnnotation'}],
    }
    with pytest.raises(DataError, match=message):
        built('mmseg', config)[0]
