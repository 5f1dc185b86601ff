from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import scipy.io

from benchmark.acquiring.converting import pose as converting
from benchmark.errors import DataError
from tests.support.fakes import pose as fakes


def test_crowdposes_swapped_sizes_are_set_right(tmp_path: Path) -> None:
    fakes.crowdpose(tmp_path)
    converting.crowdpose(tmp_path)
    before = json.loads((tmp_path / 'crowdpose_test.json').read_text())
    after = json.loads((tmp_path / 'annotations/test.json').read_text())
    assert {(i['width'], i['height']) for i in before['images']} == {(48, 64)}
    assert {(i['width'], i['height']) for i in after['images']} == {(64, 48)}
    assert after['annotations'] == before['annotations']
    assert [i['crowdIndex'] for i in after['images']] == [0.05, 0.5, 0.95]


def test_mpiis_people_become_cocos(tmp_path: Path) -> None:
    fakes.mpii(tmp_path)
    converting.mpii(tmp_path)
    people = json.loads((tmp_path / 'mpii_val.json').read_text())
    found = json.loads((tmp_path / 'annotations/val.json').read_text())
    first = found['annotations'][0]
    # a person of scale 0.2 at (30, 22): 40 px around a centre 3 px lower, counted from 0
    assert first['bbox'] == pytest.approx([9, 4, 40, 40])
    assert first['keypoints'][:3] == [0, 0, 0]
    joint = people[0]['joints'][1]
    assert first['keypoints'][3:6] == pytest.approx([joint[0] - 1, joint[1] - 1, 2])
    assert first['num_keypoints'] == 15
    assert [a['head_size'] for a in found['annotations']] == pytest.approx([30, 60])
    train = json.loads((tmp_path / 'annotations/train.json').read_text())
    assert 'head_size' not in train['annotations'][0]


def test_head_boxes_of_other_people_are_refused(tmp_path: Path) -> None:
    fakes.mpii(tmp_path)
    scipy.io.savemat(tmp_path / 'mpii_gt_val.mat', {'headboxes_src': np.zeros((2, 2, 5))})
    with pytest.raises(DataError, match=r'head boxes are \(2, 2, 5\), must be \(2, 2, 2\)'):
        converting.mpii(tmp_path)
