from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.errors import DataError
from benchmark.kinds.mot.data import MotFrames, part_of
from tests.support.fakes import mot as fakes


def frames(root: Path, **arguments: Any) -> MotFrames:
    return MotFrames(
        data_root=str(root), data_prefix={'img_path': 'train'}, pipeline=[], **arguments
    )


def numbers(dataset: MotFrames) -> list[int]:
    return [int(Path(dataset.get_data_info(i)['img_path']).stem) for i in range(len(dataset))]


def test_halves_share_no_frame_and_the_first_has_the_middle() -> None:
    # MOT17-02 has 600 frames, of which ByteTrack trains on 301
    assert (len(part_of(600, 'first')), len(part_of(600, 'second'))) == (301, 299)
    assert [*part_of(5, 'first'), *part_of(5, 'second')] == list(part_of(5, 'all'))


def test_frames_of_one_detectors_sequences(tmp_path: Path) -> None:
    fakes.mot17(tmp_path)
    found = frames(tmp_path, detector='-FRCNN', part='second', test_mode=True)
    assert numbers(found) == [4, 5, 4, 5]
    (item,) = [found[1]]
    assert item['frame_id'] == [1]
    assert item['first_frame'] == [4]
    assert item['ori_video_length'] == [2]
    boxes = {i['instance_id']: i['bbox'] for i in item['instances'][0]}
    # the car and the person marked as not to be tracked are left out
    assert boxes == {1: [14, 8, 28, 38], 2: [30, 10, 45, 42]}


def test_a_training_item_has_a_reference_of_its_own_sequence(tmp_path: Path) -> None:
    fakes.mot17(tmp_path)
    dataset = frames(tmp_path, detector='-FRCNN', part='first')
    np.random.seed(0)
    for index in range(len(dataset)):
        item = dataset[index]
        assert item['img_id'] == sorted(item['img_id'])
        assert len(set(item['img_id'])) == 2
        assert len({Path(path).parent for path in item['img_path']}) == 1
        key = item['key_frame_flags'].index(True)
        assert item['img_path'][key] == dataset.get_data_info(index)['img_path']
        assert sum(item['key_frame_flags']) == 1


def test_frames_without_persons_do_not_train(tmp_path: Path) -> None:
    fakes.mot20(tmp_path)
    path = tmp_path / 'train/MOT20-01/gt/gt.txt'
    path.write_text('\n'.join(r for r in path.read_text().splitlines() if r[0] != '2') + '\n')
    assert numbers(frames(tmp_path)) == [1, 3, 4, 5, 1, 2, 3, 4, 5]
    assert len(frames(tmp_path, test_mode=True)) == 10


def test_lost_frames_are_told(tmp_path: Path) -> None:
    fakes.mot20(tmp_path)
    (tmp_path / 'train/MOT20-02/img1/000002.jpg').unlink()
    with pytest.raises(DataError, match=r'MOT20-02: 4 frames, seqinfo\.ini says 5'):
        frames(tmp_path)


@pytest.mark.parametrize(
    ('name', 'content', 'match'),
    [
        ('gt/gt.txt', 'one,two\n', 'not readable as annotations'),
        ('seqinfo.ini', '[Other]\n', 'not readable as facts of a sequence'),
        ('seqinfo.ini', '[Sequence]\nimDir=img1\n', 'lacks imExt, imHeight, imWidth, seqLength'),
    ],
)
def test_malformed_files_are_named(tmp_path: Path, name: str, content: str, match: str) -> None:
    fakes.mot20(tmp_path)
    path = tmp_path / 'train/MOT20-01' / name
    path.write_text(content)
    with pytest.raises(DataError, match=match) as error:
        frames(tmp_path)
    assert str(path) in str(error.value)


def test_no_sequence_is_told(tmp_path: Path) -> None:
    fakes.mot20(tmp_path)
    with pytest.raises(DataError, match="holds no frames of sequences called '\\*-FRCNN'"):
        frames(tmp_path, detector='-FRCNN')
