"""Fixtures of the tests of what the OpenMMLab libraries need."""

from __future__ import annotations

import random
from types import ModuleType
from typing import Any

import pytest
import torch

from benchmark.openmmlab import prepare

_NO_GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason='not run on a GPU')


@pytest.fixture(params=['cpu', pytest.param('cuda', marks=_NO_GPU)])
def device(request: pytest.FixtureRequest) -> str:
    """Return each device that operators must work on."""
    return request.param


@pytest.fixture(scope='session')
def ops() -> ModuleType:
    """Return ``mmcv.ops`` after preparation."""
    prepare()
    import mmcv.ops

    return mmcv.ops


@pytest.fixture
def generator() -> torch.Generator:
    """Return a seeded source of random numbers on CPU."""
    return torch.Generator().manual_seed(0)


def keypoint_case(seed: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return random annotations of 5 key points on 12 images, and results that resemble them."""
    source = random.Random(seed)  # its numbers are the same on every version of Python
    images, annotations, results = [], [], []
    for image in range(1, 13):
        images.append(
            {'id': image, 'width': 640, 'height': 480, 'crowdIndex': round(source.random(), 3)}
        )
        for _ in range(source.randrange(4)):
            person = _person(source, image, id_=len(annotations))
            annotations.append(person)
            results.extend(_guess(source, person) for _ in range(source.randrange(3)))
    categories = [{'id': 1, 'name': 'creature'}]
    return {'images': images, 'annotations': annotations, 'categories': categories}, results


def _person(source: random.Random, image: int, id_: int) -> dict[str, Any]:
    x, y = source.uniform(0, 300), source.uniform(0, 200)
    w, h = source.uniform(20, 200), source.uniform(20, 200)
    keypoints: list[float] = []
    visible = source.random() < 0.85
    for _ in range(5):
        mark = source.randrange(3) if visible else 0
        keypoints += [x + source.random() * w, y + source.random() * h, mark]
    marks = keypoints[2::3]
    return {
        'id': id_,
        'image_id': image,
        'category_id': 1,
        'bbox': [x, y, w, h],
        'area': w * h * source.uniform(0.2, 0.9),
        'iscrowd': int(source.random() < 0.1),
        'num_keypoints': sum(mark == 2 for mark in marks),
        'keypoints': keypoints,
    }


def _guess(source: random.Random, person: dict[str, Any]) -> dict[str, Any]:
    noise = source.choice([0.5, 3.0, 9.0, 40.0])
    unmarked = source.random() < 0.05
    keypoints: list[float] = []
    for x, y in zip(person['keypoints'][0::3], person['keypoints'][1::3], strict=True):
        score = 0.0 if unmarked else source.random()
        keypoints += [x + source.gauss(0, noise), y + source.gauss(0, noise), score]
    return {
        'image_id': person['image_id'],
        'category_id': 1,
        'keypoints': keypoints,
        'score': source.random(),
    }
