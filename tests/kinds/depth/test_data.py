from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmark.errors import DataError
from benchmark.kinds.depth.data import CutDepth, DepthPairs, KBCrop, Tones


def pairs(folder: Path, text: str) -> DepthPairs:
    (folder / 'list.txt').write_text(text)
    places = {'img_path': 'pictures', 'depth_path': 'maps'}
    return DepthPairs(data_root=str(folder), ann_file='list.txt', data_prefix=places)


def test_lists_of_both_forms_name_pairs(tmp_path: Path) -> None:
    found = pairs(tmp_path, '/a/b.jpg /a/b.png\nc.png None 721.5\nd.png e.png 721.5\n\n')
    assert [found[i]['img_path'] for i in range(len(found))] == [
        str(tmp_path / 'pictures/a/b.jpg'),
        str(tmp_path / 'pictures/d.png'),
    ]
    assert found[1]['depth_map_path'] == str(tmp_path / 'maps/e.png')


@pytest.mark.parametrize('text', ['alone\n', '', 'a.png None\n'])
def test_a_list_without_pairs_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(DataError, match=r'list\.txt'):
        pairs(tmp_path, text)


def sample(height: int, width: int) -> dict[str, object]:
    rows, columns = np.mgrid[:height, :width]
    return {
        'img_path': 'x.png',
        'img': np.stack([rows % 256, columns % 256, columns % 7], axis=2).astype(np.uint8),
        'gt_depth_map': (rows * 10000 + columns).astype(np.float32),
    }


def test_kittis_crop_is_at_the_bottom_and_in_the_middle() -> None:
    cut = KBCrop()(sample(375, 1242))
    assert cut['img'].shape == (352, 1216, 3)
    assert cut['gt_depth_map'][0, 0] == 23 * 10000 + 13
    assert cut['gt_depth_map'][-1, -1] == 374 * 10000 + 1228
    assert cut['img'][0, 0].tolist() == [23, 13, 13 % 7]
    assert cut['ori_shape'] == cut['img_shape'] == (352, 1216)


def test_a_picture_too_small_for_kittis_crop_is_refused() -> None:
    with pytest.raises(DataError, match='351 x 1216 pixels, the crop needs 352 x 1216'):
        KBCrop()(sample(351, 1216))


def test_a_strip_holds_the_depth_and_the_rest_the_picture() -> None:
    np.random.seed(3)
    before = np.full((20, 40, 3), 7, np.uint8)
    results = {'img': before, 'gt_depth_map': np.full((20, 40), 5.0, np.float32)}
    after = CutDepth(max_depth=10.0, probability=1.0)(results)['img']
    columns = np.flatnonzero((after != 7).any(axis=(0, 2)))
    assert 1 <= len(columns) == columns[-1] - columns[0] + 1 < 40
    assert (after[:, columns] == 128).all()
    assert (before == 7).all()


def test_the_share_of_pictures_with_a_strip() -> None:
    np.random.seed(0)
    cut = CutDepth(max_depth=10.0)
    plain = {'img': np.full((4, 8, 3), 7, np.uint8), 'gt_depth_map': np.full((4, 8), 5.0)}
    changed = [(cut(dict(plain))['img'] != 7).any() for _ in range(400)]
    assert 0.18 < np.mean(changed) < 0.32


def test_tones_stay_within_the_ranges_of_the_source() -> None:
    np.random.seed(0)
    plain = np.zeros((1, 4, 3), np.uint8)
    plain[0, 1:] = [[60, 60, 60], [128, 128, 128], [40, 60, 200]]
    found = np.stack([Tones()({'img': plain})['img'][0] for _ in range(2000)]).astype(int)
    # an eighth is left alone, as each of three changes happens half of the time
    assert 0.1 < (found == plain).all(axis=(1, 2)).mean() < 0.16
    middle = found[:, 2].mean(axis=1)
    # at most 128 * 1.2 + 51, brighter by a power of 0.8 and by 20 in value; and the same down
    assert 200 < middle.max() <= 255
    assert 20 < middle.min() < 80
    # black is lifted by brightness and value alone, in half of the pictures each
    assert found[:, 0].max() <= 51 + 20 + 30
    hues = cv2.cvtColor(found[:, 3:].astype(np.uint8), cv2.COLOR_BGR2HSV)[..., 0].astype(int)
    plain_hue = int(cv2.cvtColor(plain[:, 3:], cv2.COLOR_BGR2HSV)[0, 0, 0])
    away = np.abs((hues - plain_hue + 90) % 180 - 90)
    assert 15 < away.max() <= 24


def test_tones_leave_the_given_picture_alone() -> None:
    np.random.seed(1)
    plain = np.full((4, 8, 3), 90, np.uint8)
    for _ in range(20):
        Tones()({'img': plain})
    assert (plain == 90).all()
