"""Geometry of crops, GOT-10k's files, and pairs drawn from them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from mmengine.dataset import worker_init_fn

from benchmark.errors import DataError
from benchmark.kinds.tracking.data import (
    GOT10k,
    PackVideo,
    SamplePair,
    choose_frames,
    crop,
    jitter,
    jitter_colours,
    region_around,
)

CROPS = {'template_size': 32, 'search_size': 64, 'template_factor': 2.0, 'search_factor': 4.0}
RED = (20, 30, 220)
GREY = 100
ORIGIN = np.array([1.0, 1.0, 0.0, 0.0])


def draw(box: np.ndarray, size: tuple[int, int] = (120, 90)) -> np.ndarray:
    """Return a grey picture (width, height) with a red box of whole pixels."""
    image = np.full((size[1], size[0], 3), GREY, np.uint8)
    left, top, width, height = (int(side) for side in box)
    image[top : top + height, left : left + width] = RED
    return image


def write(folder: Path, boxes: np.ndarray, name: str = 'A', **labels: list[int]) -> Path:
    """Write a sequence with a red target whose ``boxes`` count from 0; return the list file."""
    sequence = folder / name
    sequence.mkdir(parents=True)
    for number, box in enumerate(boxes, 1):
        cv2.imwrite(str(sequence / f'{number:08d}.jpg'), draw(box))
    np.savetxt(sequence / 'groundtruth.txt', boxes + ORIGIN, '%.4f', delimiter=',')
    for key, values in labels.items():
        np.savetxt(sequence / f'{key}.label', values, '%d')
    with (folder / 'list.txt').open('a') as listing:
        listing.write(f'{name}\n')
    return folder / 'list.txt'


def path_of(count: int) -> np.ndarray:
    return np.array([[30.0 + 2 * n, 20.0 + n, 20.0, 16.0] for n in range(count)])


@pytest.mark.parametrize('box', [[30.0, 20.0, 20.0, 16.0], [-7.5, 81.25, 33.0, 3.7]])
def test_a_box_survives_the_way_into_a_crop_and_back(box: list[float]) -> None:
    region = region_around(np.array([10.3, 4.4, 25.0, 36.0]), 4.0, 128)
    back = region.to_image(region.to_crop(np.array(box)))
    assert np.abs(back - box).max() < 1e-6


def test_the_box_itself_lies_in_the_middle_of_its_region() -> None:
    box = np.array([10.0, 40.0, 25.0, 36.0])
    region = region_around(box, 4.0, 120)
    assert region.side == pytest.approx(120.0)
    assert region.to_crop(box) == pytest.approx([47.5, 42.0, 25.0, 36.0])


@pytest.mark.parametrize('scale', [0.5, 1.0, 2.0, 3.0])
def test_pixels_land_where_the_geometry_says(scale: float) -> None:
    box = np.array([48.0, 38.0, 24.0, 12.0])
    region = region_around(np.array([51.0, 36.0, 24.0, 12.0]), 4.0, round(scale * 64))
    red = crop(draw(box), region)[..., 2].astype(float)
    share = (red - GREY) / (RED[2] - GREY)
    left, top, width, height = region.to_crop(box)
    rows, columns = np.mgrid[: region.size, : region.size] + 0.5
    centre = (share * columns).sum() / share.sum(), (share * rows).sum() / share.sum()
    # half a pixel of the image lies between the two conventions
    tolerance = 0.12 if scale < 1 else 0.05
    assert centre == pytest.approx((left + width / 2, top + height / 2), abs=tolerance)
    assert share.sum() == pytest.approx(width * height, rel=0.05)


def test_outside_the_image_lies_its_mean_colour() -> None:
    image = draw(np.array([0.0, 0.0, 60.0, 90.0]))
    seen = crop(image, region_around(np.array([-40.0, -30.0, 20.0, 20.0]), 1.0, 16))
    assert np.abs(seen - image.mean(axis=(0, 1))).max() <= 1


def read(listing: Path, *, test_mode: bool = False) -> GOT10k:
    return GOT10k(
        data_root=str(listing.parent.parent),
        ann_file=f'{listing.parent.name}/list.txt',
        test_mode=test_mode,
    )


def test_boxes_count_from_zero_and_hidden_frames_are_known(tmp_path: Path) -> None:
    boxes = path_of(5)
    boxes[4] = [-1, -1, 0, 0]
    listing = write(tmp_path / 'train', boxes, absence=[0, 1, 0, 0, 0], cover=[8, 8, 0, 1, 8])
    info = read(listing)[0]
    assert np.allclose(info['boxes'], boxes)
    assert info['visible'].tolist() == [True, False, False, True, False]
    assert [Path(frame).stem for frame in info['frames']] == [f'{n:08d}' for n in range(1, 6)]


@pytest.mark.parametrize('name', ['groundtruth.txt', 'absence.label', 'list.txt'])
def test_lists_and_boxes_of_films_may_be_in_utf_16(name: str, tmp_path: Path) -> None:
    boxes = path_of(5)
    listing = write(tmp_path / 'train', boxes, absence=[0, 1, 0, 0, 0], cover=[8, 8, 0, 1, 8])
    plain = read(listing)[0]
    (path,) = tmp_path.rglob(name)
    path.write_bytes(path.read_text().replace('\n', '\r\n').encode('utf-16'))
    info = read(listing)[0]
    assert info['boxes'].tolist() == plain['boxes'].tolist()
    assert info['visible'].tolist() == plain['visible'].tolist()


def test_sequences_without_labels_are_visible_throughout(tmp_path: Path) -> None:
    assert read(write(tmp_path / 'train', path_of(3)))[0]['visible'].all()


def test_a_sequence_that_never_shows_its_target_is_not_trained_on(tmp_path: Path) -> None:
    write(tmp_path / 'train', path_of(2), 'A', cover=[0, 0])
    data = read(write(tmp_path / 'train', path_of(2), 'B'))
    assert [data[i]['name'] for i in range(len(data))] == ['B']


def test_a_test_sequence_has_to_begin_with_its_target(tmp_path: Path) -> None:
    listing = write(tmp_path / 'test', path_of(2), cover=[0, 8])
    with pytest.raises(DataError, match='not visible in frame 1'):
        read(listing, test_mode=True)


def test_withheld_truth_is_told(tmp_path: Path) -> None:
    listing = write(tmp_path / 'test', path_of(3))
    (tmp_path / 'test/A/groundtruth.txt').write_text('1,1,10,10\n')
    with pytest.raises(DataError, match=r'3 frames, but groundtruth\.txt holds 1 rows'):
        read(listing, test_mode=True)


def test_a_missing_list_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r'list\.txt: cannot be read'):
        read(tmp_path / 'train/list.txt')


def test_frames_of_a_pair_are_visible_and_close() -> None:
    visible = np.ones(60, bool)
    visible[20:35] = False
    rng = np.random.default_rng(0)
    pairs = np.array([choose_frames(visible, 7, rng) for _ in range(2000)])
    assert visible[pairs].all()
    gaps = np.abs(np.diff(pairs, axis=1))
    assert gaps.max() == 7
    assert set(np.unique(pairs)) == set(np.flatnonzero(visible))


def test_jitter_keeps_the_target_centre_within_reach() -> None:
    rng = np.random.default_rng(0)
    box = np.array([100.0, 50.0, 40.0, 10.0])
    around = np.array([jitter(box, 3.0, 0.25, rng) for _ in range(4000)])
    side = np.sqrt(around[:, 2:].prod(axis=1))
    away = (around[:, :2] + around[:, 2:] / 2 - [120.0, 55.0]) / side[:, None]
    assert np.abs(away).max() <= 1.5
    assert np.abs(away).max() > 1.45
    assert np.log(around[:, 2] / 40).std() == pytest.approx(0.25, rel=0.05)


def pair(info: dict[str, object], seed: int) -> dict[str, torch.Tensor]:
    worker_init_fn(0, 1, 0, seed)
    return SamplePair(crops=CROPS, max_gap=2, shift=1.0, scale=0.1)(info)


def test_the_target_of_a_pair_is_where_its_box_is(tmp_path: Path) -> None:
    info = read(write(tmp_path / 'train', path_of(6)))[0]
    mirrored = set()
    for seed in range(8):
        found = pair(info, seed)
        assert found['template'].shape == (3, 32, 32)
        assert found['search'].shape == (3, 64, 64)
        assert found['shapes'].tolist() == [20.0, 16.0]
        red = (found['search'][0].float() - GREY) / (RED[2] - GREY)
        weight = red.clamp(0, 1) * (red > 0.3)
        place = torch.arange(64) + 0.5
        left, top, right, bottom = found['boxes'].tolist()
        seen_x = float((weight * place).sum() / weight.sum())
        seen_y = float((weight * place[:, None]).sum() / weight.sum())
        assert seen_x == pytest.approx((left + right) / 2, abs=1)
        assert seen_y == pytest.approx((top + bottom) / 2, abs=1)
        mirrored.add(round(left, 3))
    assert len(mirrored) == 8


def test_template_and_search_are_red_green_blue(tmp_path: Path) -> None:
    found = pair(read(write(tmp_path / 'train', path_of(2)))[0], 0)
    assert found['template'][:, 16, 16].tolist() == pytest.approx(RED[::-1], abs=12)


def test_pairs_depend_on_the_workers_seed_alone(tmp_path: Path) -> None:
    info = read(write(tmp_path / 'train', path_of(6)))[0]
    first, again, other = (pair(info, seed) for seed in (3, 3, 4))
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert not torch.equal(first['boxes'], other['boxes'])


def test_a_share_of_the_pairs_has_no_colour(tmp_path: Path) -> None:
    info = read(write(tmp_path / 'train', path_of(6)))[0]
    sample = SamplePair(crops=CROPS, max_gap=2, shift=1.0, scale=0.1, grey=0.25)
    greys = []
    for seed in range(80):
        worker_init_fn(0, 1, 0, seed)
        found = sample(info)
        is_grey = [
            bool((crop[0] == crop[1]).all() and (crop[1] == crop[2]).all())
            for crop in (found['template'], found['search'])
        ]
        assert is_grey[0] is is_grey[1]
        greys.append(is_grey[0])
    assert 0.1 < np.mean(greys) < 0.4


def test_colours_change_within_their_reach() -> None:
    rng = np.random.default_rng(0)
    plain = torch.full((3, 4, 4), 100, dtype=torch.uint8)
    # a grey picture has no contrast or saturation: brightness alone is left, and each of the three
    # changes rounds down to a byte
    means = [float(jitter_colours(plain, 0.4, rng).float().mean()) for _ in range(500)]
    assert 57 <= min(means) < 65
    assert 135 < max(means) <= 140
    coloured = torch.stack([torch.full((4, 4), v, dtype=torch.uint8) for v in (180, 100, 60)])
    spread = [float(jitter_colours(coloured, 0.4, rng)[:, 0, 0].float().std()) for _ in range(200)]
    assert min(spread) < 40 < 70 < max(spread)


def test_a_test_item_is_the_whole_sequence(tmp_path: Path) -> None:
    boxes = path_of(4)
    data = read(write(tmp_path / 'test', boxes, cover=[8, 8, 0, 8]), test_mode=True)
    sample = PackVideo(crops=CROPS)(data[0])['data_samples']
    assert (sample.name, len(sample.video), sample.frame_size) == ('A', 4, (120, 90))
    assert np.allclose(sample.truth, boxes)
    assert sample.visible.tolist() == [True, True, False, True]
    seen, place = sample.video.search(3, boxes[3])
    assert seen.shape == (3, 64, 64)
    assert place.to_image(place.to_crop(boxes[3])) == pytest.approx(boxes[3])


def test_an_unreadable_frame_is_told(tmp_path: Path) -> None:
    listing = write(tmp_path / 'test', path_of(2))
    (tmp_path / 'test/A/00000002.jpg').write_bytes(b'no picture')
    video = PackVideo(crops=CROPS)(read(listing, test_mode=True)[0])['data_samples'].video
    with pytest.raises(DataError, match=r'00000002\.jpg: cannot be read as a picture'):
        video.search(1, path_of(2)[1])


def test_a_frame_of_another_size_than_its_film_is_refused(tmp_path: Path) -> None:
    listing = write(tmp_path / 'test', path_of(3))
    cv2.imwrite(str(tmp_path / 'test/A/00000002.jpg'), draw(path_of(1)[0], (90, 120)))
    sequence = read(listing, test_mode=True)[0]
    message = r'00000002\.jpg: is 90 x 120 pixels .* film have 120 x 90'
    with pytest.raises(DataError, match=message):
        PackVideo(crops=CROPS)(sequence)['data_samples'].video.search(1, path_of(2)[1])
    pair = SamplePair(crops=CROPS, max_gap=2, shift=0.0, scale=0.0)

    def draw_pairs() -> None:
        for seed in range(40):
            np.random.seed(seed)
            pair(sequence)

    with pytest.raises(DataError, match='other frames of its film'):
        draw_pairs()


def renamed(listing: Path, name: str, first: int = 1) -> Path:
    """Rename the frames of sequence A by the pattern ``name``; return their folder."""
    folder = listing.parent / 'A'
    for number, path in enumerate(sorted(folder.glob('*.jpg')), first):
        path.rename(folder / f'_{name.format(number)}')
    for path in folder.glob('_*'):
        path.rename(folder / path.name[1:])
    return folder


@pytest.mark.parametrize(
    ('name', 'first'), [('{}.jpg', 1), ('{}.jpg', 0), ('img{}.PNG', 7), ('cam2_{}_raw.jpeg', 1)]
)
def test_frames_follow_their_numbers_whatever_their_padding(
    tmp_path: Path, name: str, first: int
) -> None:
    listing = write(tmp_path / 'test', path_of(12))
    folder = renamed(listing, name, first)
    info = read(listing, test_mode=True)[0]
    assert list(info['frames']) == [str(folder / name.format(n)) for n in range(first, first + 12)]
    # the box of each frame is where its picture is red
    for path, box in zip(info['frames'], info['boxes'], strict=True):
        columns = (cv2.imread(path)[..., 2] > 160).any(axis=0)
        assert abs(int(np.flatnonzero(columns)[0]) - box[0]) <= 1


@pytest.mark.parametrize(
    ('change', 'match'),
    [
        (lambda f: (f / '00000002.jpg').unlink(), 'frame 1 is followed by frame 3'),
        (lambda f: (f / '2.png').write_bytes(b''), 'are both frame 2|named in two ways'),
        (lambda f: (f / 'mask00000002.jpg').write_bytes(b''), 'frames are named in two ways'),
        (lambda f: (f / 'cover.jpg').write_bytes(b''), r'cover\.jpg: a frame without a number'),
        (lambda f: (f / '00000005.jpg').write_bytes(b''), '5 frames, but .* holds 4 rows'),
    ],
)
def test_frames_whose_order_is_open_are_refused(
    tmp_path: Path, change: Callable[[Path], Any], match: str
) -> None:
    listing = write(tmp_path / 'train', path_of(4))
    change(tmp_path / 'train/A')
    with pytest.raises(DataError, match=match):
        read(listing)


@pytest.mark.parametrize('separator', ['\t', ' ', ';', ', ', ' ; '])
def test_boxes_may_be_separated_otherwise(tmp_path: Path, separator: str) -> None:
    listing = write(tmp_path / 'train', path_of(3))
    path = tmp_path / 'train/A/groundtruth.txt'
    path.write_text('\ufeff' + path.read_text().replace(',', separator) + '\n\r\n')
    listing.write_text('\ufeffA\r\n\n')
    assert np.allclose(read(listing)[0]['boxes'], path_of(3))


@pytest.mark.parametrize(
    ('text', 'match'),
    [
        ('1,2,3,4\nx,y,w,h\n1,2,3,4\n', r"groundtruth\.txt, line 2: 'x,y,w,h' is not a row"),
        ('1,2,3,4\n1,2,3,4\n1,2,3\n', r'groundtruth\.txt, line 3: 3 numbers, expected x, y'),
        ('1,2,3,4\n\n1,2,3,4\n1,2,3,4\n', 'line 2: is empty, expected a row per frame'),
        ('1,2,3,4\n1,2,inf,4\n1,2,3,4\n', 'line 2: .* not finite'),
        ('1,2,3,4\n1,2,nan,4\n1,2,3,4\n', 'line 2: a box that is NaN in part'),
        ('1,5;2,5;3;4\n1,2,3,4\n1,2,3,4\n', "line 1: both ',' and ';'"),
        ('# boxes\n1,2,3,4\n1,2,3,4\n1,2,3,4\n', "line 1: '# boxes' is not a row"),
    ],
)
def test_malformed_boxes_are_refused_by_line(tmp_path: Path, text: str, match: str) -> None:
    listing = write(tmp_path / 'train', path_of(3))
    (tmp_path / 'train/A/groundtruth.txt').write_text(text)
    with pytest.raises(DataError, match=match):
        read(listing)


def test_a_box_of_nan_is_that_of_no_target(tmp_path: Path) -> None:
    listing = write(tmp_path / 'train', path_of(3))
    (tmp_path / 'train/A/groundtruth.txt').write_text('1,2,3,4\nNaN,NaN,NaN,NaN\n1,2,3,4\n')
    info = read(listing)[0]
    assert info['visible'].tolist() == [True, False, True]
    assert np.isfinite(info['boxes']).all()


def test_a_sequence_that_is_listed_twice_or_not_there_is_told(tmp_path: Path) -> None:
    listing = write(tmp_path / 'train', path_of(3))
    listing.write_text('A\nA\n')
    with pytest.raises(DataError, match="names the sequence 'A' twice"):
        read(listing)
    listing.write_text('A\nB\n')
    with pytest.raises(DataError, match=r'B: no such folder, though .*list\.txt names it'):
        read(listing)
