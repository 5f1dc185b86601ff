"""Tiny data sets in COCO's format and their trivial scores, to be damaged by tests."""

from __future__ import annotations

import contextlib
import copy
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmark.catalog.tasks import read_task
from benchmark.checking.data import check_data
from benchmark.compiling import localise
from benchmark.compiling.trivial import compile_trivial
from benchmark.execution.trivial import execute_trivial
from benchmark.kinds.base import DATA
from benchmark.openmmlab import prepare
from benchmark.specs import Task

prepare()

Content = dict[str, Any]
Change = Callable[[Content], Content | str | bytes | None]

SIDE = 64
COUNT = 4

_TASK = """task = dict(name='own', kind='{kind}', version=1, title='t', group='combined',
    input_size=(64, 64), classes={classes}, splits=dict(train=4, test=4), metric='{metric}',
    metrics={metrics}, options=dict({options}), citation='own', licence='none', origin='made')
data = dict(root='data', type='{type}', {metainfo}
    train=dict(ann_file='train.json', data_prefix=dict(img='train/')),
    test=dict(ann_file='test.json', data_prefix=dict(img='test/')))
"""

_KINDS = {
    'detection': {
        'classes': "('red', 'blue')",
        'metric': 'box_AP',
        'metrics': "('mask_AP',)",
        'options': '',
        'type': 'mmdet.CocoDataset',
        'metainfo': '',
    },
    'boxes': {
        'kind': 'detection',
        'classes': "('red', 'blue')",
        'metric': 'box_AP',
        'metrics': '()',
        'options': 'masks=False',
        'type': 'mmdet.CocoDataset',
        'metainfo': '',
    },
    'pose': {
        'classes': "('thing',)",
        'metric': 'PCK',
        'metrics': "('keypoint_AP',)",
        'options': 'pck_threshold=0.1',
        'type': 'benchmark.KeypointDataset',
        'metainfo': "metainfo=dict(keypoints=('a', 'b', 'c'), sigmas=0.1, flip_pairs=((0, 1),)),",
    },
}


def detection(role: str) -> Content:
    """Return two objects a picture: a red one upper left and a blue one lower right."""
    annotations = []
    for image in range(1, COUNT + 1):
        step = image if role == 'test' else 0
        for category, left in ((3, 6), (7, 34)):
            box = [left + step, left + step, 20, 22]
            right, low = box[0] + 20, box[1] + 22
            outline = [box[0], box[1], right, box[1], right, low, box[0], low]
            annotations.append(
                {
                    'id': len(annotations) + 1,
                    'image_id': image,
                    'category_id': category,
                    'bbox': box,
                    'iscrowd': 0,
                    'segmentation': [outline],
                    'area': 440,
                }
            )
    categories = [{'id': 3, 'name': 'red'}, {'id': 7, 'name': 'blue'}]
    return _content(role, categories, annotations)


def pose(role: str) -> Content:
    """Return two things a picture, with three key points each that lie a little apart."""
    rng = np.random.default_rng(len(role))
    annotations = []
    for image in range(1, COUNT + 1):
        for left in (2, 32):
            box = [left, left, 30, 30]
            places = np.array([[3, 3], [24, 5], [14, 26]]) + rng.uniform(-2, 2, (3, 2)) + left
            flat = np.column_stack([places.round(1), [2, 1, 2]]).ravel().tolist()
            annotations.append(
                {
                    'id': len(annotations) + 1,
                    'image_id': image,
                    'category_id': 1,
                    'bbox': box,
                    'area': 900,
                    'iscrowd': 0,
                    'keypoints': flat,
                    'num_keypoints': 3,
                }
            )
    return _content(role, [{'id': 1, 'name': 'thing', 'keypoints': ['a', 'b', 'c']}], annotations)


def _content(role: str, categories: list[Content], annotations: list[Content]) -> Content:
    images = [
        {'id': n, 'file_name': f'{role}{n}.png', 'width': SIDE, 'height': SIDE}
        for n in range(1, COUNT + 1)
    ]
    return {'images': images, 'categories': categories, 'annotations': annotations}


class Copy:
    """A data set of a kind below a folder: 'detection', 'boxes' or 'pose'."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.data = folder / 'data'
        self.data.mkdir(parents=True)
        values = {'kind': kind, **_KINDS[kind]}
        (folder / 'own.py').write_text(_TASK.format(**values))
        self.task: Task = read_task(folder / 'own.py')
        made = pose if kind == 'pose' else detection
        self.contents = {role: made(role) for role in ('train', 'test')}
        if kind == 'pose':
            self.task = replace(self.task, splits=dict.fromkeys(self.task.splits, 2 * COUNT))
        for role, content in self.contents.items():
            (self.data / role).mkdir(parents=True)
            for image in content['images']:
                noise = np.random.default_rng(image['id']).integers(
                    0, 255, (SIDE, SIDE, 3), np.uint8
                )
                cv2.imwrite(str(self.data / role / image['file_name']), noise)
            self.write(role, content)

    def write(self, role: str, content: Content | str | bytes) -> None:
        """Write what the annotation file of a split holds."""
        path = self.data / f'{role}.json'
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content if isinstance(content, str) else json.dumps(content))

    def damage(self, role: str, change: Change) -> None:
        """Change a copy of the content in place, or by what ``change`` returns."""
        content = copy.deepcopy(self.contents[role])
        changed = change(content)
        self.write(role, content if changed is None else changed)

    def score(self) -> dict[str, float]:
        """Return the scores of the trivial predictor."""
        return trivial(self.task, self.data)

    def complaints(self) -> list[str]:
        """Return what `tbench check data` finds wrong."""
        return complaints(self.task, self.data)


def trivial(task: Task, data: Path) -> dict[str, float]:
    """Return the scores of a task's trivial predictor."""
    with contextlib.redirect_stdout(None):
        return execute_trivial(localise(compile_trivial(task), {DATA: str(data)})).raw


def complaints(task: Task, data: Path) -> list[str]:
    """Return what `tbench check data` finds wrong with a task's data."""
    return [found.detail for found in check_data(task, data) if not found.is_ok]
