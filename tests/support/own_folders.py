"""Data as users have them: folders in the usual layouts, one writer per kind and layout."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tests.support.fakes.detection import annotations
from tests.support.fakes.mot import _sequence
from tests.support.fakes.pictures import array, depth, labels, lines, picture, written_json
from tests.support.fakes.pose import _instance


class Layout(NamedTuple):
    """A layout: the kind, its writer, and what a draft must find in it."""

    kind: str
    write: Callable[[Path], None]
    counts: dict[str, int]
    classes: tuple[str, ...]


def classes(root: Path) -> None:
    for role, count in (('train', 6), ('val', 3), ('test', 4)):
        for name in ('daisy', 'tulip'):
            for n in range(count):
                picture(root / role / name / f'{n}.jpg')


def classes_without_splits(root: Path) -> None:
    for name in ('daisy', 'tulip'):
        for n in range(10):
            picture(root / name / f'{n}.jpg')


def classes_without_test(root: Path) -> None:
    for role, count in (('training', 6), ('validation', 4)):
        for name in ('daisy', 'tulip'):
            for n in range(count):
                picture(root / role / name / f'{n}.jpg')


def maps(root: Path) -> None:
    for role, count in (('train', 6), ('test', 4)):
        for n in range(count):
            picture(root / 'images' / role / f'{n}.jpg')
            labels(root / 'labels' / role / f'{n}.png', 3)


def maps_with_endings(root: Path) -> None:
    """The split first, masks named after the pictures, names of classes in a file."""
    for role, count in (('train', 6), ('val', 4)):
        for n in range(count):
            picture(root / role / 'images' / f'{n}.png')
            labels(root / role / 'masks' / f'{n}_mask.png', 2)
    lines(root / 'classes.txt', 'soil', 'wheat')


def maps_without_splits(root: Path) -> None:
    for n in range(10):
        picture(root / 'images' / f'{n}.jpg')
        labels(root / 'masks' / f'{n}.png', 2)


def _images(root: Path, folder: str, role: str, count: int) -> list[dict[str, Any]]:
    found = []
    for n in range(count):
        name = f'{role}{n}.jpg'
        picture(root / folder / name)
        found.append({'id': n + 1, 'file_name': name, 'height': 48, 'width': 64})
    return found


CELLS = [{'id': 1, 'name': 'red'}, {'id': 2, 'name': 'white'}, {'id': 9, 'name': 'unused'}]


def boxes(root: Path) -> None:
    """One folder of pictures, a file per split; outlines are the boxes."""
    for role, count in (('train', 5), ('val', 3), ('test', 4)):
        content = annotations(_images(root, 'images', role, count), CELLS[:2])
        content['categories'] = CELLS
        written_json(root / 'annotations' / f'{role}.json', content)


def boxes_beside_pictures(root: Path) -> None:
    """A folder per split with its file among the pictures, and real outlines."""
    for role, count in (('train', 5), ('valid', 3), ('test', 4)):
        content = annotations(_images(root, role, role, count), CELLS[:2])
        for one in content['annotations']:
            x, y, width, height = one['bbox']
            corners = [x, y, x + width, y + height / 2, x + width / 2, y + height]
            one['segmentation'] = [corners]
        written_json(root / role / '_annotations.coco.json', content)


def key_points(root: Path) -> None:
    for role, count in (('train', 5), ('test', 4)):
        images = _images(root, 'images', role, count)
        category = {
            'id': 1,
            'name': 'mouse',
            'keypoints': ['nose', 'left_ear', 'right_ear', 'tail'],
            'skeleton': [[1, 2], [1, 3], [1, 4]],
        }
        found = [_instance(n + 1, image['id'], 4, area=900.0) for n, image in enumerate(images)]
        content = {'images': images, 'annotations': found, 'categories': [category]}
        written_json(root / 'annotations' / f'person_keypoints_{role}2017.json', content)


def depths(root: Path) -> None:
    for role, count in (('train', 6), ('test', 4)):
        for n in range(count):
            picture(root / role / 'rgb' / f'{n}.jpg')
            depth(root / role / 'depth' / f'{n}.png', scale=0.001, far=8.0)


def films(root: Path) -> None:
    for role, count in (('train', 3), ('test', 2)):
        lines(root / role / 'list.txt', *(f'film-{n}' for n in range(count)))
        for n in range(count):
            folder = root / role / f'film-{n}'
            for frame in range(4):
                picture(folder / f'{frame + 1:08d}.jpg')
            lines(folder / 'groundtruth.txt', *(f'{5 + 3 * f},8,20,16' for f in range(4)))


def crowds(root: Path) -> None:
    for role, names in (('train', ('a', 'b')), ('test', ('c',))):
        for name in names:
            _sequence(root / role / f'street-{name}', 6, 6)


def crowds_for_training_alone(root: Path) -> None:
    for name in ('a', 'b'):
        _sequence(root / 'train' / f'street-{name}', 6, 6)


def stripes(path: Path, values: tuple[int, ...]) -> None:
    """Write a label map whose columns have the given values in turn."""
    row = np.resize(np.array(values, np.uint8), 64)
    array(path, np.tile(row, (48, 1)))


LAYOUTS: dict[str, Layout] = {
    'classes': Layout(
        'classification', classes, {'train': 12, 'val': 6, 'test': 8}, ('daisy', 'tulip')
    ),
    'classes without splits': Layout(
        'classification', classes_without_splits, {'train': 16, 'test': 4}, ('daisy', 'tulip')
    ),
    'classes without test': Layout(
        'classification', classes_without_test, {'train': 12, 'test': 8}, ('daisy', 'tulip')
    ),
    'maps': Layout(
        'segmentation', maps, {'train': 6, 'test': 4}, ('class-0', 'class-1', 'class-2')
    ),
    'maps with endings': Layout(
        'segmentation', maps_with_endings, {'train': 6, 'test': 4}, ('soil', 'wheat')
    ),
    'maps without splits': Layout(
        'segmentation', maps_without_splits, {'train': 8, 'test': 2}, ('class-0', 'class-1')
    ),
    'boxes': Layout('detection', boxes, {'train': 5, 'val': 3, 'test': 4}, ('red', 'white')),
    'boxes beside pictures': Layout(
        'detection', boxes_beside_pictures, {'train': 5, 'val': 3, 'test': 4}, ('red', 'white')
    ),
    'key points': Layout('pose', key_points, {'train': 5, 'test': 4}, ('mouse',)),
    'depths': Layout('depth', depths, {'train': 6, 'test': 4}, ('depth',)),
    'films': Layout('tracking', films, {'train': 3, 'test': 2}, ('target',)),
    'crowds': Layout('mot', crowds, {'train': 12, 'test': 6}, ('object',)),
    'crowds for training alone': Layout(
        'mot', crowds_for_training_alone, {'train': 8, 'test': 4}, ('object',)
    ),
}
"""By what the layout is."""
