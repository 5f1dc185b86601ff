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
        ('gt/gt.txt', 'one,two\n', "line 1: 'one,two' is not a row of numbers"),
        ('seqinfo.ini', '[Other]\n', 'not readable as the description of a sequence'),
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
    with pytest.raises(DataError, match="contains no frames of sequences called '\\*-FRCNN'"):
        frames(tmp_path, detector='-FRCNN')


def rewrite(root: Path, *rows: str) -> Path:
    """Write the truth of MOT20-01 anew; return the file."""
    path = root / 'train/MOT20-01/gt/gt.txt'
    path.write_text('\n'.join(rows) + '\n')
    return path


@pytest.mark.parametrize(
    ('rows', 'match'),
    [
        (('1,1,0,0,9,9,1,1,1', '2,1,0,0,9,9,1,1,1', '2,1,9,9,9,9,1,1,1'), 'line 3: frame 2 has'),
        # a distractor and a person of one identity cannot be scored either
        (('1,1,0,0,9,9,1,1,1', '1,1,9,9,9,9,0,8,1'), 'identity 1 already in line 1'),
        (('1,-1,0,0,9,9,1,1,1',), 'line 1: an identity must be 0 or more'),
        (('1,1,0,0,9,9,1,1,1', '6,1,0,0,9,9,1,1,1'), 'line 2: frames are 1 to 5'),
        (('0,1,0,0,9,9,1,1,1',), 'line 1: frames are 1 to 5'),
        (('1,1,0,0,0,9,1,1,1',), 'line 1: width and height must be above 0'),
        (('1,1,0,0,9,9,1,14,1',), 'class must be 1 .* to 13'),
        (('1,1,0,0,9,9,0.5,1,1',), 'must be 0 or 1'),
        (('1.5,1,0,0,9,9,1,1,1',), 'number 1 must be whole'),
        (('1,1,0,0,9,nan,1,1,1',), 'line 1: .* not finite'),
        (('1,1,0,0,9,9,1,-1,-1,-1',), 'line 1: 10 numbers, expected frame, identity'),
        (('1,1,0,0,9,9,1,1,1', '2,1,0,0,9,9,1,1'), 'line 2: 8 numbers, line 1 has 9'),
    ],
)
def test_a_truth_that_cannot_be_scored_is_refused_by_line(
    tmp_path: Path, rows: tuple[str, ...], match: str
) -> None:
    fakes.mot20(tmp_path)
    path = rewrite(tmp_path, *rows)
    with pytest.raises(DataError, match=match) as error:
        frames(tmp_path)
    assert str(path) in str(error.value)


def test_a_truth_may_be_separated_otherwise(tmp_path: Path) -> None:
    fakes.mot20(tmp_path)
    path = tmp_path / 'train/MOT20-01/gt/gt.txt'
    plain = [
        frames(tmp_path)._frames(path.parent.parent)[0][key].tolist() for key in ('boxes', 'ids')
    ]
    text = path.read_text()
    for separator in ('\t', ' ', ';', ', '):
        path.write_text('\ufeff' + text.replace(',', separator) + '\r\n\n')
        found = frames(tmp_path)._frames(path.parent.parent)[0]
        assert [found[key].tolist() for key in ('boxes', 'ids')] == plain


@pytest.mark.parametrize('name', ['gt/gt.txt', 'seqinfo.ini'])
@pytest.mark.parametrize('encoding', ['utf-8-sig', 'utf-16'])
def test_any_encoding_that_says_what_it_is_is_read(
    name: str, encoding: str, tmp_path: Path
) -> None:
    fakes.mot20(tmp_path)
    path = tmp_path / 'train/MOT20-01' / name
    plain = frames(tmp_path)._frames(tmp_path / 'train/MOT20-01')
    path.write_bytes(path.read_text().replace('\n', '\r\n').encode(encoding))
    found = frames(tmp_path)._frames(tmp_path / 'train/MOT20-01')
    assert [one['ids'].tolist() for one in found] == [one['ids'].tolist() for one in plain]
    assert [one['boxes'].tolist() for one in found] == [one['boxes'].tolist() for one in plain]
    path.write_bytes(path.read_text(encoding=encoding).encode('utf-16-le'))
    with pytest.raises(DataError, match=name):
        frames(tmp_path)


def test_frames_follow_their_numbers_though_not_padded(tmp_path: Path) -> None:
    fakes._sequence(tmp_path / 'train/film', 12, 1)
    found = frames(tmp_path, test_mode=True)
    assert numbers(found) == list(range(1, 13))
    lefts = [found[i]['instances'][0][0]['bbox'][0] for i in range(12)]
    assert lefts == [4 + 2 * n for n in range(1, 13)]


def test_frames_from_zero_are_refused(tmp_path: Path) -> None:
    fakes.mot20(tmp_path)
    folder = tmp_path / 'train/MOT20-01/img1'
    (folder / '000005.jpg').rename(folder / '000000.jpg')
    with pytest.raises(DataError, match='there is no frame 5; frames must be numbered from 1 to 5'):
        frames(tmp_path)


@pytest.mark.parametrize(
    ('said', 'instead', 'match'),
    [
        ('seqLength=5', 'seqLength=4', r'5 frames, seqinfo\.ini says 4'),
        ('seqLength=5', 'seqLength=five', r"seqLength is 'five', must be a number above 0"),
        ('imWidth=64', 'imWidth=46', r'000001\.jpg: 64 x 48 pixels, seqinfo\.ini says 46 x 48'),
        ('imExt=.jpg', 'imExt=.png', r"000001\.jpg: seqinfo\.ini says that frames end in '\.png'"),
    ],
)
def test_facts_that_contradict_the_folder_are_refused(
    tmp_path: Path, said: str, instead: str, match: str
) -> None:
    fakes.mot20(tmp_path)
    path = tmp_path / 'train/MOT20-01/seqinfo.ini'
    path.write_text(path.read_text().replace(said, instead))
    with pytest.raises(DataError, match=match):
        frames(tmp_path)


def test_a_sequence_of_one_frame_with_persons_is_refused_before_training(tmp_path: Path) -> None:
    fakes.mot20(tmp_path)
    rewrite(tmp_path, '3,1,0,0,9,9,1,1,1')
    with pytest.raises(DataError, match='needs two frames with persons to train on'):
        frames(tmp_path)
