from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmark.acquiring.converting import depth as converting
from benchmark.cli.main import main
from benchmark.errors import DataError
from tests.support.fakes import depth as fakes

DRIVE = '2011_09_26_drive_0002_sync'


def test_lists_of_bts_name_files_that_are_there(tmp_path: Path) -> None:
    fakes.kitti(tmp_path)
    done = converting.kitti(tmp_path, tmp_path / 'lists')
    lines = (tmp_path / 'eigen_test.txt').read_text().splitlines()
    assert lines[1] == (
        f'raw_data/2011_09_26/{DRIVE}/image_02/data/0000000001.png '
        f'data_depth_annotated/val/{DRIVE}/proj_depth/groundtruth/image_02/0000000001.png'
    )
    assert 'data_depth_annotated/train/' in (tmp_path / 'eigen_train.txt').read_text()
    assert [line.split(': ')[1] for line in done] == ['2 pairs of 3 lines'] * 2


def test_lists_that_name_the_split_give_the_same(tmp_path: Path) -> None:
    fakes.kitti(tmp_path)
    converting.kitti(tmp_path, tmp_path / 'lists')
    lists = tmp_path / 'others'
    lists.mkdir()
    for role in ('train', 'test'):
        rows = (tmp_path / f'eigen_{role}.txt').read_text().splitlines()
        slashed = [' '.join(f'/{name}' for name in row.split()) for row in rows]
        (lists / f'{role}_list.txt').write_text('\n'.join(slashed))
    before = (tmp_path / 'eigen_test.txt').read_text()
    converting.kitti(tmp_path, lists)
    assert (tmp_path / 'eigen_test.txt').read_text() == before


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    fakes.kitti(tmp_path)
    next((tmp_path / 'raw_data').rglob('0000000001.png')).unlink()
    with pytest.raises(DataError, match=r'0000000001\.png: named by the list, but not there'):
        converting.kitti(tmp_path, tmp_path / 'lists')


def test_suns_code_is_depth_with_rotated_bits(tmp_path: Path) -> None:
    fakes.sun_rgbd(tmp_path)
    assert main(['data', 'convert', 'sun-rgbd', str(tmp_path)]) == 0
    picture, depth = (tmp_path / 'test_list.txt').read_text().splitlines()[0].split()
    assert (tmp_path / picture).is_file()
    millimetres = cv2.imread(str(tmp_path / depth), cv2.IMREAD_UNCHANGED)
    assert millimetres.dtype == np.uint16
    assert (millimetres[0, 0], millimetres[-1, 0]) == (500, 7500)


def test_lists_are_asked_for_where_they_are_needed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(['data', 'convert', 'kitti', str(tmp_path)]) == 2
    assert f'{tmp_path / "lists"}: holds none of eigen_train' in capsys.readouterr().err
    assert main(['data', 'convert', 'cifar10', str(tmp_path), '--lists', str(tmp_path)]) == 2
    assert 'cifar10 needs no lists' in capsys.readouterr().err
