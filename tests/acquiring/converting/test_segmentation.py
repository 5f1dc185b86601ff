from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import scipy.io
from PIL import Image

from benchmark.acquiring.converting import segmentation as converting
from benchmark.errors import DataError
from tests.support.fakes.pictures import array, lines


def labels(path: Path) -> list[int]:
    return np.asarray(Image.open(path)).ravel().tolist()


def test_cityscapes_labels_get_their_training_numbers(tmp_path: Path) -> None:
    # road, sidewalk, sky, bicycle count; unlabelled, parking, caravan do not
    values = np.array([[7, 8, 23, 33], [0, 9, 29, 255]], np.uint8)
    for role in ('train', 'val'):
        array(tmp_path / f'gtFine/{role}/a/x_gtFine_labelIds.png', values)
    converting.cityscapes(tmp_path)
    found = labels(tmp_path / 'gtFine/train/a/x_gtFine_labelTrainIds.png')
    assert found == [0, 1, 10, 18, 255, 255, 255, 255]


def test_coco_stuffs_labels_close_their_gaps(tmp_path: Path) -> None:
    # as in mmseg: 0, 10 and 12 around the first gap, 89 and 91 around the last, the last class
    values = np.array([[0, 10, 12, 89], [91, 181, 255, 11]], np.uint8)
    for role in ('train2017', 'val2017'):
        array(tmp_path / f'annotations/{role}/000000000009.png', values)
    converting.coco_stuff(tmp_path)
    again = converting.coco_stuff(tmp_path)
    place = tmp_path / 'annotations/val2017/000000000009_labelTrainIds.png'
    assert labels(place) == [0, 10, 11, 79, 80, 170, 255, 255]
    assert again[0].endswith(': 1 label maps')


def test_pictures_of_voc_keep_vocs_own_labels(tmp_path: Path) -> None:
    release = tmp_path / 'benchmark_RELEASE/dataset'
    lines(release / 'train.txt', '2008_000001', '2008_000002')
    lines(release / 'val.txt', '2008_000003', '2008_000004')
    lists = tmp_path / 'VOC2012/ImageSets/Segmentation'
    lines(lists / 'train.txt', '2008_000002')
    lines(lists / 'val.txt', '2008_000003')
    (release / 'cls').mkdir()
    for number in (1, 4):
        values = {'Segmentation': np.full((4, 6), number, np.uint8)}
        scipy.io.savemat(release / f'cls/2008_00000{number}.mat', {'GTcls': values})
    converting.sbd(tmp_path)
    assert (lists / 'aug.txt').read_text().split() == ['2008_000001', '2008_000004']
    assert set(labels(tmp_path / 'VOC2012/SegmentationClassAug/2008_000004.png')) == {4}


def test_a_missing_or_coloured_map_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r'gtFine/train: holds no label maps'):
        converting.cityscapes(tmp_path)
    array(tmp_path / 'gtFine/train/a/x_gtFine_labelIds.png', np.zeros((2, 2, 3), np.uint8))
    with pytest.raises(DataError, match='must be a label map of 8 bits'):
        converting.cityscapes(tmp_path)
