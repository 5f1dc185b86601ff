"""Single-object tracking data sets in GOT-10k's layout, without copying a frame.

A sequence gets a folder with ``groundtruth.txt``, ``absence.label`` and ``frames.txt``; the last
says where its frames are: a pattern relative to the folder, the first number and how many.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmark.acquiring.converting.files import folders, halved, write_lines, write_text
from benchmark.errors import DataError
from benchmark.kinds.common.frames import numbered_frames
from benchmark.kinds.common.tables import read_boxes, read_flags, read_lines

_HELD_OUT = 'TRAIN_11'
"""TrackingNet publishes no labels of its test split: its last part of twelve stands in."""

_WITHHELD = 'TEST'
"""Its official test split; only the first box of each film is published."""

# first and last annotated frame of sequences that have more frames than annotations
_OTB_SPANS = {
    'David': (300, 770),
    'Football1': (1, 74),
    'Freeman3': (1, 460),
    'Freeman4': (1, 283),
    'Diving': (1, 215),
}


@dataclass(frozen=True)
class Sequence:
    """Where a sequence's frames are, and its boxes.

    Attributes:
        name: its name.
        folder: folder of the frames.
        pattern: name of a frame, with its number to be filled in.
        first: number of the first frame.
        boxes: (n, 4) in pixels, NaN where the target is absent; boxes count from 1.
        count: how many frames there are, where boxes of later ones are withheld.
    """

    name: str
    folder: Path
    pattern: str
    first: int
    boxes: np.ndarray
    count: int | None = None


def got10k_val(root: Path) -> list[str]:
    """Write ``val/train.txt`` and ``val/test.txt``: two thirds of the films of val and the others.

    Films go to one or the other by the hash of their names.

    Raises:
        DataError: the list of val is missing or names fewer than two films.
    """
    done = []
    names = read_lines(root / 'val/list.txt')
    for role, chosen in zip(('train', 'test'), halved(names, 2 / 3), strict=True):
        path = root / f'val/{role}.txt'
        done.append(f'{path}: {write_lines(path, sorted(chosen))} films')
    return done


def lasot(root: Path) -> list[str]:
    """Write ``train`` and ``test`` from LaSOT's categories by the lists that come with it.

    ``training_set.txt`` and ``testing_set.txt`` name the sequences. A frame in which the target
    is fully occluded or out of view has no target.

    Raises:
        DataError: a file is missing or does not fit another.
    """
    lists = {'train': 'training_set.txt', 'test': 'testing_set.txt'}
    return [
        _written(root / role, (_lasot_sequence(root, name) for name in read_lines(root / listed)))
        for role, listed in lists.items()
    ]


def _lasot_sequence(root: Path, name: str) -> Sequence:
    folder = root / name.rsplit('-', 1)[0] / name
    boxes = read_boxes(folder / 'groundtruth.txt')
    flags = [read_flags(folder / f'{flag}.txt') for flag in ('full_occlusion', 'out_of_view')]
    if any(len(flag) != len(boxes) for flag in flags):
        raise DataError(f'{folder}: {len(boxes)} boxes, but not as many flags')
    boxes[(flags[0] + flags[1]) > 0] = np.nan
    return Sequence(name, folder / 'img', '{:08d}.jpg', 1, boxes)


def trackingnet(root: Path) -> list[str]:
    """Write ``train`` and ``test`` from TrackingNet's twelve training parts; the last one tests.

    Where the part ``TEST`` is there, ``official_test`` holds its sequences with their first boxes.

    Raises:
        DataError: a part is missing, or a file does not fit another.
    """
    parts = [part for part in folders(root) if re.fullmatch(r'TRAIN_\d+', part.name)]
    held_out = [part for part in parts if part.name == _HELD_OUT]
    if not held_out or len(parts) < 2:
        raise DataError(f'{root}: must hold {_HELD_OUT} and other parts TRAIN_0, TRAIN_1 ...')
    others = [part for part in parts if part not in held_out]
    written = [
        _written(root / role, (sequence for part in chosen for sequence in _part(part)))
        for role, chosen in (('train', others), ('test', held_out))
    ]
    official = root / _WITHHELD
    if official.is_dir():
        written.append(_written(root / 'official_test', map(_withheld, _part(official))))
    return written


def _withheld(sequence: Sequence) -> Sequence:
    frames = sum(1 for _ in sequence.folder.glob('*.jpg'))
    return replace(sequence, boxes=sequence.boxes[:1], count=frames)


def _part(part: Path) -> Iterable[Sequence]:
    for path in sorted((part / 'anno').glob('*.txt')):
        boxes = read_boxes(path)
        yield Sequence(path.stem, part / 'frames' / path.stem, '{:d}.jpg', 0, boxes)


def dancetrack(root: Path) -> list[str]:
    """Put the films of ``parts``, in which the training split is handed out, into ``train``.

    Raises:
        DataError: nothing was found, neither there nor in ``train``.
    """
    films = [path.parent for path in sorted((root / 'parts').glob('**/seqinfo.ini'))]
    for film in films:
        (root / 'train').mkdir(exist_ok=True)
        film.replace(root / 'train' / film.name)
    return [f'{root / "train"}: {len(folders(root / "train"))} films, {len(films)} of them new']


def otb100(root: Path) -> list[str]:
    """Write ``test`` from OTB's sequences; one with two targets becomes two.

    Raises:
        DataError: nothing was found, or two files contradict each other.
    """
    found = (path for path in folders(root) if (path / 'img').is_dir())
    return [_written(root / 'test', (s for folder in found for s in _otb_sequences(folder)))]


def _otb_sequences(folder: Path) -> Iterable[Sequence]:
    files = [p for p in sorted(folder.glob('groundtruth_rect*.txt')) if p.read_text().strip()]
    frames = numbered_frames(folder / 'img')
    if not files or not frames:
        raise DataError(f'{folder}: holds no annotated frames')
    first = _OTB_SPANS.get(folder.name, (next(iter(frames)), 0))[0]
    pattern = _pattern(next(iter(frames.values())))
    for number, path in enumerate(files, 1):
        name = folder.name if len(files) == 1 else f'{folder.name}.{number}'
        boxes = read_boxes(path)
        yield Sequence(name, folder / 'img', pattern, first, boxes)


def _pattern(name: str) -> str:
    """Return the pattern of frames whose first is called ``name``, for example ``0001.jpg``."""
    stem, _, suffix = name.rpartition('.')
    return f'{{:0{len(stem)}d}}.{suffix}'


def uav123(root: Path) -> list[str]:
    """Write ``test`` from UAV123; ``configSeqs.m`` says which frames of a film are a sequence.

    Raises:
        DataError: a file is missing, or an annotated sequence is not described.
    """
    spans = re.findall(
        r"'name'\s*,\s*'([^']+)'\s*,\s*'path'\s*,\s*'([^']+)'\s*,\s*'startFrame'\s*,\s*(\d+)"
        r"\s*,\s*'endFrame'\s*,\s*(\d+)",
        '\n'.join(read_lines(root / 'configSeqs.m')),
    )
    found = sorted((root / 'anno/UAV123').glob('*.txt'))
    return [_written(root / 'test', (_uav_sequence(root, path, spans) for path in found))]


def _uav_sequence(root: Path, path: Path, spans: list[tuple[str, str, str, str]]) -> Sequence:
    boxes = read_boxes(path)
    for name, film, first, last in spans:
        # the file describes sequences of other selections, too
        if name == path.stem and int(last) - int(first) + 1 == len(boxes):
            folder = root / 'data_seq/UAV123' / re.split(r'[\\/]', film.rstrip('\\/'))[-1]
            return Sequence(name, folder, '{:06d}.jpg', int(first), boxes)
    raise DataError(f'{path}: configSeqs.m has no {path.stem} with {len(boxes)} frames')


def _written(place: Path, sequences: Iterable[Sequence]) -> str:
    names = []
    for sequence in sequences:
        _write(place / sequence.name, sequence)
        names.append(sequence.name)
    if not names:
        raise DataError(f'{place.parent}: holds no annotated sequence')
    return f'{place}: {write_lines(place / "list.txt", names)} sequences'


def _write(place: Path, sequence: Sequence) -> None:
    count = sequence.count or len(sequence.boxes)
    if not count:
        raise DataError(f'{sequence.folder}: the sequence {sequence.name} has no boxes')
    there = set(numbered_frames(sequence.folder).values())
    for number in range(sequence.first, sequence.first + count):
        frame = sequence.folder / sequence.pattern.format(number)
        if frame.name not in there:
            raise DataError(f'{frame}: {count} boxes are annotated, but this frame is not there')
    is_absent = np.logical_not(np.all(sequence.boxes[:, 2:] > 0, axis=1))
    boxes = np.where(is_absent[:, None], 0.0, sequence.boxes)
    write_lines(place / 'groundtruth.txt', (','.join(f'{side:g}' for side in box) for box in boxes))
    write_lines(place / 'absence.label', is_absent.astype(int))
    relative = os.path.relpath(sequence.folder, place)
    write_text(place / 'frames.txt', f'{relative}/{sequence.pattern} {sequence.first} {count}\n')
