from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmark.acquiring.converting import tracking as converting
from benchmark.errors import DataError
from benchmark.kinds.tracking.data import GOT10k
from tests.support.fakes import tracking as fakes
from tests.support.fakes.pictures import lines, picture


def sequences(root: Path, role: str) -> dict[str, dict[str, object]]:
    dataset = GOT10k(data_root=str(root), ann_file=f'{role}/list.txt', test_mode=True)
    return {info['name']: info for info in map(dataset.get_data_info, range(len(dataset)))}


def numbers(info: dict[str, object]) -> list[int]:
    frames = info['frames']
    assert all(Path(path).is_file() for path in frames)  # type: ignore[attr-defined]
    return [int(Path(path).stem) for path in frames]  # type: ignore[attr-defined]


def test_lasots_lists_split_and_its_flags_hide(tmp_path: Path) -> None:
    fakes.lasot(tmp_path)
    converting.lasot(tmp_path)
    assert set(sequences(tmp_path, 'train')) == {'airplane-1', 'dog-2'}
    (found,) = sequences(tmp_path, 'test').values()
    assert found['visible'].tolist() == [True, True, False, True, False]
    assert found['boxes'][1].tolist() == [7, 7, 20, 16]
    assert numbers(found) == [1, 2, 3, 4, 5]


def test_trackingnets_frames_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    fakes.trackingnet(tmp_path)
    converting.trackingnet(tmp_path)
    assert set(sequences(tmp_path, 'train')) == {'aa_0', 'bb_1', 'cc_0'}
    (found,) = sequences(tmp_path, 'test').values()
    assert found['name'] == 'dd_0'
    assert numbers(found) == list(range(12))


def test_trackingnets_official_test_has_first_boxes_alone(tmp_path: Path) -> None:
    fakes.trackingnet(tmp_path)
    assert len(converting.trackingnet(tmp_path)) == 3
    (found,) = GOT10k(
        data_root=str(tmp_path),
        ann_file='official_test/list.txt',
        test_mode=True,
        is_withheld=True,
    ).load_data_list()
    assert (found['name'], len(found['frames'])) == ('ee_0', 7)
    assert found['boxes'][0].tolist() == [4, 7, 20, 16]
    assert found['visible'].tolist() == [True, *[False] * 6]
    assert np.isnan(found['boxes'][1:]).all()


def test_otbs_targets_and_spans(tmp_path: Path) -> None:
    fakes.otb100(tmp_path)
    assert converting.otb100(tmp_path)[0].endswith('4 sequences')
    found = sequences(tmp_path, 'test')
    assert set(found) == {'Basketball', 'David', 'Jogging.1', 'Jogging.2'}
    assert numbers(found['David']) == [300, 301, 302]
    assert found['Jogging.2']['boxes'][2].tolist() == [10, 7, 20, 16]


def test_uavs_sequences_are_parts_of_films(tmp_path: Path) -> None:
    fakes.uav123(tmp_path)
    converting.uav123(tmp_path)
    found = sequences(tmp_path, 'test')
    assert numbers(found['group1_2']) == [5, 6, 7, 8]
    assert found['group1_2']['visible'].tolist() == [True, False, True, True]
    assert np.isfinite(found['group1_2']['boxes']).all()


def test_boxes_without_frames_are_refused(tmp_path: Path) -> None:
    fakes.lasot(tmp_path)
    (tmp_path / 'dog/dog-2/img/00000005.jpg').unlink()
    with pytest.raises(DataError, match=r'00000005\.jpg: 5 boxes are annotated, but this frame'):
        converting.lasot(tmp_path)


def test_frames_that_went_away_are_named(tmp_path: Path) -> None:
    fakes.lasot(tmp_path)
    converting.lasot(tmp_path)
    (tmp_path / 'airplane/airplane-13/img/00000001.jpg').unlink()
    with pytest.raises(DataError, match=r'frames\.txt, but not there'):
        sequences(tmp_path, 'test')


def test_a_sequence_that_is_not_described_is_refused(tmp_path: Path) -> None:
    fakes.uav123(tmp_path)
    path = tmp_path / 'anno/UAV123/group1_2.txt'
    path.write_text(path.read_text() + '1,1,5,5\n')
    with pytest.raises(DataError, match='has no group1_2 with 5 frames'):
        converting.uav123(tmp_path)


@pytest.mark.parametrize('first', [0, 1, 5])
def test_otbs_frames_may_be_unpadded_and_begin_anywhere(tmp_path: Path, first: int) -> None:
    for number in range(first, first + 12):
        picture(tmp_path / f'Film/img/{number}.jpg')
    lines(tmp_path / 'Film/groundtruth_rect.txt', *(f'{5 + n} 8 20 16' for n in range(12)))
    converting.otb100(tmp_path)
    (found,) = sequences(tmp_path, 'test').values()
    assert numbers(found) == list(range(first, first + 12))
    assert found['boxes'][:, 0].tolist() == [4 + n for n in range(12)]  # type: ignore[index]


def test_a_frame_missing_in_between_is_named(tmp_path: Path) -> None:
    fakes.trackingnet(tmp_path)
    (tmp_path / 'TRAIN_0/frames/aa_0/7.jpg').unlink()
    with pytest.raises(DataError, match=r'aa_0/7\.jpg: 12 boxes are annotated, but this frame'):
        converting.trackingnet(tmp_path)


@pytest.mark.parametrize('row', ['1,2,3', '1,2,3,4,5', 'one,2,3,4'])
def test_a_row_that_is_no_box_is_refused_by_line(tmp_path: Path, row: str) -> None:
    fakes.trackingnet(tmp_path)
    path = tmp_path / 'TRAIN_1/anno/cc_0.txt'
    rows = path.read_text().splitlines()
    path.write_text('\n'.join([*rows[:3], row, *rows[4:]]))
    with pytest.raises(DataError, match=r'cc_0\.txt, line 4: '):
        converting.trackingnet(tmp_path)
