"""Writers of tracking sequences: GOT-10k's files, and MOT's for all identities."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from benchmark.world.formats import SMALLEST_INSTANCE, tight_box, write_rgb
from benchmark.world.palette import Individual
from benchmark.world.plans import COARSE_CLASSES
from benchmark.world.render import Frame, Instance
from benchmark.world.sequences import Shot, target_of

COVER_BOUNDS = (0.0, 0.15, 0.30, 0.45, 0.60, 0.75, 0.90)
"""Visible shares above which GOT-10k's cover levels 1 to 7 begin; level 8 is all of it."""

FRAME_RATE = 10

TRACKED = 1
"""MOT's class number of all creatures."""


class TargetLabel(NamedTuple):
    """GOT-10k's labels of one frame; the box x, y, width, height counts from 1."""

    box: tuple[int, int, int, int]
    absent: bool
    cover: int
    cut: bool


def cover_level(share: float) -> int:
    """Return GOT-10k's level 0..8 of a visible share 0..1."""
    if share >= 1.0:
        return 8
    return sum(share > bound for bound in COVER_BOUNDS)


def _is_cut(instance: Instance) -> bool:
    left, top, right, bottom = instance.reach
    last = len(instance.mask) - 1
    return min(left, top) < 0 or max(right, bottom) > last


def label_target(frame: Frame) -> TargetLabel:
    """Return the labels of the target; specks smaller than 5 px at 128 px count as absent."""
    target = target_of(frame)
    least = max(5 * (len(frame.image) / 128) ** 2, 1)
    if target is None or target.area < least:
        return TargetLabel((0, 0, 0, 0), absent=True, cover=0, cut=False)
    x, y, width, height = tight_box(target.mask)
    level = max(cover_level(target.visible_share), 1)
    return TargetLabel((x + 1, y + 1, width, height), False, level, _is_cut(target))


def _write_lines(path: Path, lines: Sequence[str]) -> None:
    path.write_text('\n'.join(lines) + '\n', encoding='utf-8')


def _meta_info(individual: Individual, plot: str, size: int, frames: int) -> list[str]:
    species = individual.species
    entries = {
        'url': 'none',
        'begin': '00:00:00',
        'end': f'00:00:{frames // FRAME_RATE:02d}',
        'anno_fps': f'{FRAME_RATE}Hz',
        'object_class': species.name,
        'motion_class': 'walking',
        'major_class': COARSE_CLASSES[species.coarse],
        'root_class': 'creature',
        'motion_adverb': plot,
        'resolution': f'({size}, {size})',
    }
    return ['[METAINFO]', *(f'{key}: {value}' for key, value in entries.items())]


def _sequence_info(name: str, size: int, frames: int) -> list[str]:
    entries = {
        'name': name,
        'imDir': '.',
        'frameRate': FRAME_RATE,
        'seqLength': frames,
        'imWidth': size,
        'imHeight': size,
        'imExt': '.jpg',
    }
    return ['[Sequence]', *(f'{key}={value}' for key, value in entries.items())]


def identity_lines(frames: Sequence[Frame], creatures: int) -> list[str]:
    """Return MOT's ground truth of all creatures: boxes of what is seen, counted from 1."""
    lines = []
    for number, frame in enumerate(frames, 1):
        for instance in sorted(frame.instances, key=lambda one: one.identity):
            identity = instance.identity
            least = SMALLEST_INSTANCE * (len(frame.image) / 128) ** 2
            if identity >= creatures or instance.area < least:
                continue
            x, y, width, height = tight_box(instance.mask)
            share = round(instance.visible_share, 4)
            row = (
                number,
                identity + 1,
                x + 1,
                y + 1,
                width,
                height,
                1,
                TRACKED,
                share,
            )
            lines.append(','.join(map(str, row)))
    return lines


def write_sequence(folder: Path, shot: Shot, frames: Sequence[Frame]) -> None:
    """Write the frames with GOT-10k's label files, and MOT's ``gt/gt.txt`` and ``seqinfo.ini``."""
    (folder / 'gt').mkdir(parents=True, exist_ok=True)
    size, labels = len(frames[0].image), [label_target(frame) for frame in frames]
    for number, frame in enumerate(frames, 1):
        write_rgb(folder / f'{number:08d}.jpg', frame.image)
    boxes = [','.join(f'{value:.4f}' for value in label.box) for label in labels]
    _write_lines(folder / 'groundtruth.txt', boxes)
    _write_lines(folder / 'absence.label', [str(int(label.absent)) for label in labels])
    _write_lines(folder / 'cover.label', [str(label.cover) for label in labels])
    _write_lines(folder / 'cut_by_image.label', [str(int(label.cut)) for label in labels])
    hero = shot.plot.tracks[0].individual
    _write_lines(folder / 'meta_info.ini', _meta_info(hero, shot.plot.name, size, len(frames)))
    _write_lines(folder / 'seqinfo.ini', _sequence_info(folder.name, size, len(frames)))
    _write_lines(folder / 'gt' / 'gt.txt', identity_lines(frames, len(shot.plot.tracks)))
