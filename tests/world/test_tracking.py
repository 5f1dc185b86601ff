"""Sequences: GOT-10k's files, identities, and targets that go and come back."""

from __future__ import annotations

import configparser
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmark.kinds.mot.sequence import find_frames, read_facts, read_truth, wanted
from benchmark.world import SPLITS, WorldSpec
from benchmark.world.render import Frame
from benchmark.world.sequences import PLOTS, Shot, draw_shot, render_shot, target_of
from benchmark.world.spec import Split
from benchmark.world.streams import Stream, generator
from benchmark.world.tracks import cover_level, identity_lines, label_target


def sequences(world: Path, split: Split) -> list[Path]:
    names = (world / 'tracking' / split / 'list.txt').read_text().split()
    return [world / 'tracking' / split / name for name in names]


@pytest.fixture(scope='module')
def leaving() -> tuple[Shot, list[Frame]]:
    shot = draw_shot(generator(3, Stream.TRACKING, 0, 0), 64, 'leave', 16)
    return shot, list(render_shot(shot))


@pytest.mark.parametrize('split', SPLITS)
def test_label_files_have_one_line_per_frame(
    world: Path, split: Split, small_spec: WorldSpec
) -> None:
    found = sequences(world, split)
    assert len(found) == small_spec.sequences.of(split)
    for folder in found:
        images = sorted(folder.glob('*.jpg'))
        assert [path.stem for path in images] == [f'{n:08d}' for n in range(1, 11)]
        for name in ('absence.label', 'cover.label', 'cut_by_image.label'):
            assert np.loadtxt(folder / name).shape == (10,)
        assert np.loadtxt(folder / 'groundtruth.txt', delimiter=',').shape == (10, 4)


def test_boxes_count_from_one_and_lie_in_the_picture(world: Path, small_spec: WorldSpec) -> None:
    for folder in sequences(world, 'train'):
        boxes = np.loadtxt(folder / 'groundtruth.txt', delimiter=',')
        cover = np.loadtxt(folder / 'cover.label')
        absent = np.loadtxt(folder / 'absence.label')
        assert np.array_equal(cover == 0, absent == 1)
        assert (boxes[absent == 1] == 0).all()
        seen = boxes[absent == 0]
        assert seen.min() >= 1
        assert (seen[:, :2] + seen[:, 2:] - 1).max() <= small_spec.size
        assert cover[0] >= 6


def test_the_first_plot_of_a_split_loses_its_target_and_finds_it_again(world: Path) -> None:
    for split in SPLITS:
        cover = np.loadtxt(sequences(world, split)[0] / 'cover.label')
        gone = np.flatnonzero(cover == 0)
        assert len(gone) >= 1
        assert cover[gone[-1] + 1 :].max() > 0


def test_meta_information_is_readable(world: Path, small_spec: WorldSpec) -> None:
    for folder, plot in zip(sequences(world, 'train'), PLOTS, strict=True):
        parser = configparser.ConfigParser()
        parser.read(folder / 'meta_info.ini')
        meta = parser['METAINFO']
        assert meta['motion_adverb'] == plot
        assert meta['object_class'].startswith(meta['major_class'])
        assert meta['resolution'] == f'({small_spec.size}, {small_spec.size})'


def test_boxes_follow_the_target_in_the_pictures(leaving: tuple[Shot, list[Frame]]) -> None:
    _, frames = leaving
    for frame in frames:
        target, label = target_of(frame), label_target(frame)
        if label.absent:
            continue
        assert target is not None
        rows, columns = np.nonzero(target.mask)
        x, y, width, height = label.box
        assert (x, y) == (int(columns.min()) + 1, int(rows.min()) + 1)
        assert (width, height) == (int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1)


def test_a_leaving_target_is_cut_before_it_is_gone(leaving: tuple[Shot, list[Frame]]) -> None:
    labels = [label_target(frame) for frame in leaving[1]]
    gone = [index for index, label in enumerate(labels) if label.absent]
    assert gone
    assert not labels[0].absent
    assert any(label.cut for label in labels[: gone[0]])
    assert any(not label.absent for label in labels[gone[-1] :])


def test_an_approaching_target_grows() -> None:
    shot = draw_shot(generator(3, Stream.TRACKING, 0, 1), 64, 'approach', 8)
    first, *_, last = render_shot(shot)
    start, end = target_of(first), target_of(last)
    assert start is not None
    assert end is not None
    assert end.full_area > 2.5 * start.full_area


def test_a_look_alike_of_the_targets_species_is_about() -> None:
    for index, plot in enumerate(PLOTS):
        shot = draw_shot(generator(3, Stream.TRACKING, 0, index), 64, plot, 4)
        target, second = (track.individual for track in shot.plot.tracks[:2])
        assert second.species == target.species
        assert abs(second.hue - target.hue) < 0.1


def test_identities_are_listed_once_per_frame_and_agree_with_the_target(
    leaving: tuple[Shot, list[Frame]],
) -> None:
    shot, frames = leaving
    rows = [line.split(',') for line in identity_lines(frames, len(shot.plot.tracks))]
    keys = [(int(row[0]), int(row[1])) for row in rows]
    assert len(keys) == len(set(keys))
    assert {identity for _, identity in keys} <= set(range(1, len(shot.plot.tracks) + 1))
    label = label_target(frames[0])
    first = next(row for row in rows if row[:2] == ['1', '1'])
    assert tuple(map(int, first[2:6])) == label.box
    assert all(0 < float(row[8]) <= 1 for row in rows)


def test_sequences_are_read_as_those_of_motchallenge(world: Path, small_spec: WorldSpec) -> None:
    for folder in sequences(world, 'train'):
        facts = read_facts(folder)
        assert len(find_frames(folder, facts)) == small_spec.sequence_length
        assert (facts.width, facts.height) == (small_spec.size, small_spec.size)
        truth = read_truth(folder / 'gt/gt.txt', facts.length)
        assert wanted(truth).all()
        assert len(set(truth[:, 1])) >= 2


@pytest.mark.parametrize(
    ('share', 'level'),
    [
        (0.0, 0),
        (0.01, 1),
        (0.15, 1),
        (0.2, 2),
        (0.31, 3),
        (0.5, 4),
        (0.7, 5),
        (0.9, 6),
        (0.95, 7),
        (1.0, 8),
    ],
)
def test_cover_levels_are_those_of_got_10k(share: float, level: int) -> None:
    assert cover_level(share) == level


def test_the_default_test_set_has_forty_sequences_or_more_of_every_plot_alike() -> None:
    count = WorldSpec().sequences.test
    assert count >= 40
    assert count % len(PLOTS) == 0


def test_the_target_that_hides_is_hidden_by_what_stands_before_it() -> None:
    shot = draw_shot(generator(3, Stream.TRACKING, 0, 1), 64, 'hide', 12)
    shares = [target_of(frame) for frame in render_shot(shot)]
    seen = [target.visible_share for target in shares if target is not None]
    assert seen[0] >= 0.8
    assert min(seen) < 0.6
    assert len(shot.plot.blocks) == 2


def test_pictures_of_a_sequence_move(world: Path) -> None:
    folder = sequences(world, 'train')[3]
    first, second = (np.asarray(cv2.imread(str(folder / f'{n:08d}.jpg')), int) for n in (1, 5))
    assert np.abs(first - second).mean() > 3
