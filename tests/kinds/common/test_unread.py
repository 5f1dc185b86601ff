"""Nothing that looks like a picture is left out without a word."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from benchmark.openmmlab import prepare

prepare()

import mmpretrain.datasets  # noqa: E402, F401
import mmseg.datasets  # noqa: E402, F401
from mmengine.registry import DATASETS, DefaultScope  # noqa: E402

from benchmark.errors import DataError  # noqa: E402
from benchmark.kinds.classification import folders  # noqa: E402, F401
from benchmark.kinds.depth import data  # noqa: E402, F401
from benchmark.kinds.tracking.data import find_frames  # noqa: E402

PICTURE = np.full((8, 8, 3), 90, np.uint8)


def built(scope: str, config: dict[str, Any]) -> Any:
    with DefaultScope.overwrite_default_scope(scope):
        return DATASETS.build({'type': 'benchmark.Opened', 'of': {**config, 'pipeline': []}})


def pictures(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        ending = Path(name).suffix.lower()
        (folder / name).write_bytes(cv2.imencode(ending, PICTURE)[1].tobytes())


def class_folders(root: Path, **more: Any) -> Any:
    config = {'type': 'benchmark.ImageFolders', 'data_root': str(root)}
    return built('mmpretrain', {**config, 'metainfo': {'classes': ('a', 'b')}, **more})


def segmentation(root: Path, **more: Any) -> Any:
    prefix = {'img_path': 'images', 'seg_map_path': 'labels'}
    config = {'type': 'mmseg.BaseSegDataset', 'data_root': str(root), 'data_prefix': prefix}
    return built('mmseg', {**config, 'metainfo': {'classes': ('x', 'y')}, **more})


def depth(root: Path) -> Any:
    prefix = {'img_path': f'{root}/images', 'depth_path': f'{root}/depth'}
    return built('mmseg', {'type': 'benchmark.DepthFolders', 'data_prefix': prefix})


def listed(root: Path, text: str) -> Any:
    (root / 'list.txt').write_text(text)
    config = {'type': 'mmpretrain.CustomDataset', 'data_root': str(root), 'ann_file': 'list.txt'}
    return built('mmpretrain', {**config, 'metainfo': {'classes': ('cat', 'dog')}})


def test_class_folders_read_every_format_and_no_hidden_file(tmp_path: Path) -> None:
    pictures(tmp_path, 'a/0.jpg', 'a/1.webp', 'a/in/2.JPG', 'a/._0.jpg', 'b/3.tif', 'b/4.PNG')
    assert [sample['gt_label'] for sample in class_folders(tmp_path)] == [0, 0, 0, 1, 1]


def test_pictures_that_a_declaration_leaves_out_are_named(tmp_path: Path) -> None:
    pictures(tmp_path, 'a/0.jpg', 'a/1.webp', 'b/3.jpg')
    with pytest.raises(DataError, match=r'a/1\.webp: would be left out.*\.webp \(1\)'):
        class_folders(tmp_path, extensions=['.jpg'])
    (tmp_path / 'a/1.webp').unlink()
    pictures(tmp_path, 'loose.jpg')
    with pytest.raises(DataError, match=r'loose\.jpg: would be left out'):
        class_folders(tmp_path)


def test_a_class_without_a_folder_is_named(tmp_path: Path) -> None:
    pictures(tmp_path, 'a/0.jpg', 'c/1.jpg')
    with pytest.raises(DataError, match=r"folders and declared classes differ: \['b', 'c'\]"):
        class_folders(tmp_path)


def test_other_endings_beside_the_declared_one_are_named(tmp_path: Path) -> None:
    pictures(tmp_path, 'images/0.jpg', 'images/1.JPG', 'images/2.tif', 'labels/0.png')
    with pytest.raises(DataError, match=r"1\.JPG: would be left out, and 1 more .*'\.jpg'"):
        segmentation(tmp_path)


def test_a_folder_without_a_picture_to_read_says_what_is_there(tmp_path: Path) -> None:
    pictures(tmp_path, 'images/0.JPG', 'labels/0.png')
    with pytest.raises(DataError, match=r"no picture to read; .*'\.jpg'.*found \.JPG \(1\)"):
        segmentation(tmp_path)
    with pytest.raises(DataError, match=r'none: no such folder'):
        segmentation(tmp_path, data_prefix={'img_path': 'none', 'seg_map_path': 'labels'})


def test_a_picture_without_a_label_is_named_and_labels_without_one_are_told(
    tmp_path: Path,
) -> None:
    pictures(tmp_path, 'images/0.jpg', 'images/1.jpg', 'labels/0.png', 'labels/2.png')
    with pytest.raises(DataError, match=r'images/1\.jpg: has no label map .*labels/1\.png'):
        segmentation(tmp_path)
    (tmp_path / 'images/1.jpg').unlink()
    (oddity,) = segmentation(tmp_path).oddities
    assert oddity.endswith('labels/2.png: does not belong to any picture')


def test_label_maps_among_the_pictures_are_no_pictures_left_out(tmp_path: Path) -> None:
    pictures(tmp_path, 'both/0.jpg', 'both/0.png')
    dataset = segmentation(tmp_path, data_prefix={'img_path': 'both', 'seg_map_path': 'both'})
    assert (len(dataset), dataset.oddities) == (1, [])


def test_depth_folders_read_every_format_but_no_two_pictures_with_one_map(tmp_path: Path) -> None:
    pictures(tmp_path, 'images/0.webp', 'images/in/1.TIF', 'depth/0.png', 'depth/in/1.png')
    assert len(depth(tmp_path)) == 2
    pictures(tmp_path, 'images/0.jpg')
    with pytest.raises(DataError, match=r'both would get the same label map'):
        depth(tmp_path)


def test_frames_of_every_format_are_read(tmp_path: Path) -> None:
    pictures(tmp_path, '00000001.jpg', '00000002.webp', '00000003.JPG')
    assert len(find_frames(tmp_path)) == 3


@pytest.mark.parametrize(
    ('line', 'message'),
    [
        (
            '2.jpg dog',
            r"list\.txt, line 2: label 'dog' is the name of a class; write its number, 1",
        ),
        ('2.jpg,1', r"list\.txt, line 2: '2\.jpg,1' must be a picture, a space and a number"),
        ('2.jpg 2', r'line 2: label 2 is not a number from 0 to 1; labels count from 0'),
        ('../2.jpg 1', r"line 2: '\.\./2\.jpg' leads out of the data's folder"),
        ('1.jpg 1', r"lines 1 and 2: '1\.jpg' is listed twice, with different labels"),
    ],
)
def test_a_wrong_line_of_a_list_is_named(tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        listed(tmp_path, f'1.jpg 0\n{line}\n')


def test_a_picture_that_is_listed_twice_is_told(tmp_path: Path) -> None:
    (oddity,) = listed(tmp_path, '1.jpg 0\n2.jpg 1\n1.jpg 0\n').oddities
    assert "line 3: '1.jpg' is listed twice; it counts twice" in oddity


def test_a_list_of_depth_maps_says_which_line_is_wrong(tmp_path: Path) -> None:
    (tmp_path / 'list.txt').write_bytes(b'\xef\xbb\xbfa.jpg b.png 518\r\n\r\nalone.jpg\r\n')
    config = {'type': 'benchmark.DepthPairs', 'ann_file': str(tmp_path / 'list.txt')}
    prefix = {'img_path': str(tmp_path), 'depth_path': str(tmp_path)}
    with pytest.raises(DataError, match=r"list\.txt, line 3: not readable .* 'alone\.jpg'"):
        built('mmseg', {**config, 'data_prefix': prefix})
