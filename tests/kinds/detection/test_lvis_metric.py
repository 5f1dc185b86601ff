"""LVIS's rules: against its toolkit, against pycocotools where they agree, and by hand."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.errors import DataError
from benchmark.kinds.detection.lvis_metric import federated_precision
from benchmark.kinds.detection.metric import average_precision
from benchmark.openmmlab.keypoints import COCO

LIMIT = 300
# by lvis 0.5.3, which does not run on a current numpy
GOLDEN = json.loads((Path(__file__).parent / 'golden' / 'lvis.json').read_text())


def truth(boxes: list[tuple[int, int, list[float]]], **image: list[int]) -> COCO:
    """Return annotations of (image, category, box) with three classes: rare, common, frequent."""
    coco = COCO()
    images = sorted({i for i, _, _ in boxes})
    lists = {'neg_category_ids': [1, 2, 3], 'not_exhaustive_category_ids': [], **image}
    coco.dataset = {
        'images': [{'id': i, 'height': 100, 'width': 100, **lists} for i in images],
        'categories': [
            {'id': n, 'name': str(n), 'frequency': f} for n, f in ((1, 'r'), (2, 'c'), (3, 'f'))
        ],
        'annotations': [
            {'id': n, 'image_id': i, 'category_id': c, 'bbox': b, 'area': b[2] * b[3]}
            for n, (i, c, b) in enumerate(boxes, 1)
        ],
    }
    with contextlib.redirect_stdout(io.StringIO()):
        coco.createIndex()
    return coco


def found(image: int, category: int, box: list[float], score: float) -> dict[str, Any]:
    return {'image_id': image, 'category_id': category, 'bbox': box, 'score': score}


def random_case(seed: int) -> tuple[COCO, list[dict[str, Any]], list[int]]:
    rng = np.random.default_rng(seed)
    boxes, detections = [], []
    for image in range(6):
        for _ in range(5):
            box = [*rng.uniform(0, 60, 2), *rng.uniform(5, 35, 2)]
            category = int(rng.integers(1, 4))
            boxes.append((image, category, box))
            for _ in range(2):
                near = (np.array(box) + rng.normal(0, 2, 4)).tolist()
                detections.append(found(image, category, near, float(rng.random())))
    return truth(boxes), detections, list(range(6))


def lvis_case(seed: int) -> tuple[COCO, list[dict[str, Any]], list[int]]:
    """Return a case in which pictures differ in the classes known absent or partly annotated."""
    coco, detections, images = random_case(seed)
    rng = np.random.default_rng(100 + seed)
    coco.dataset['annotations'] = [a for a in coco.dataset['annotations'] if rng.random() < 0.7]
    for image in coco.dataset['images']:
        present = {
            a['category_id'] for a in coco.dataset['annotations'] if a['image_id'] == image['id']
        }
        absent = sorted({1, 2, 3} - present)
        image['neg_category_ids'] = absent[: int(rng.integers(0, 2))]
        image['not_exhaustive_category_ids'] = [c for c in sorted(present) if rng.random() < 0.4]
    with contextlib.redirect_stdout(io.StringIO()):
        coco.createIndex()
    return coco, detections, images


@pytest.mark.parametrize('case', GOLDEN['cases'], ids=lambda c: str(c['seed']))
def test_numbers_are_those_of_lvis_own_toolkit(case: dict[str, Any]) -> None:
    values = federated_precision(*lvis_case(case['seed']), 'bbox', limit=case['limit'])
    assert values == pytest.approx(case['values'], abs=1e-12)


@pytest.mark.parametrize('seed', range(3))
def test_it_is_cocos_precision_where_all_is_annotated(seed: int) -> None:
    coco, detections, images = random_case(seed)
    expected = average_precision(coco, detections, images, 'bbox', limit=LIMIT)
    values = federated_precision(coco, detections, images, 'bbox', limit=LIMIT)
    assert 0 < expected['AP'] < 1
    assert {key: values[key] for key in expected} == pytest.approx(expected, abs=1e-9)
    thirds = [values[f'AP{group}'] for group in 'rcf']
    assert np.mean(thirds) == pytest.approx(values['AP'], abs=1e-9)


def test_classes_are_grouped_by_how_frequent_they_are() -> None:
    boxes = [(1, 1, [0.0, 0, 20, 20]), (1, 3, [50.0, 50, 20, 20])]
    detections = [found(1, 1, [0, 0, 20, 20], 0.9), found(1, 3, [0, 0, 20, 20], 0.9)]
    values = federated_precision(truth(boxes), detections, [1], 'bbox', limit=LIMIT)
    assert [values[f'AP{group}'] for group in 'rf'] == pytest.approx([1, 0])
    assert values['AP'] == pytest.approx(0.5)


@pytest.mark.parametrize('detections', [[], [found(1, 2, [0, 0, 20, 20], 0.9)]])
def test_a_group_without_objects_has_no_score(detections: list[dict[str, Any]]) -> None:
    values = federated_precision(
        truth([(1, 1, [0.0, 0, 20, 20])]), detections, [1], 'bbox', limit=LIMIT
    )
    assert values == {'AP': 0.0, 'AP50': 0.0, 'AP75': 0.0, 'APr': 0.0}


def test_pictures_without_objects_are_told() -> None:
    coco = truth([(1, 1, [0.0, 0, 20, 20]), (2, 1, [0.0, 0, 20, 20])])
    for annotation in coco.anns.values():
        annotation['iscrowd'] = int(annotation['image_id'] == 2)
    sure = [found(2, 1, [0, 0, 20, 20], 0.9)]
    for measure in (federated_precision, average_precision):
        with pytest.raises(DataError, match='nothing to score'):
            measure(coco, sure, [2], 'bbox', limit=LIMIT)


BOX = [0.0, 0.0, 20.0, 20.0]
SURE_MISTAKE = [found(1, 2, [60, 60, 20, 20], 0.99), found(1, 2, BOX, 0.9)]


def test_a_mistake_counts_where_the_class_is_known() -> None:
    coco = truth([(1, 2, BOX)])
    assert federated_precision(coco, SURE_MISTAKE, [1], 'bbox', limit=LIMIT)['AP'] == (
        pytest.approx(0.5)
    )


def test_it_does_not_where_the_class_is_not_annotated_exhaustively() -> None:
    coco = truth([(1, 2, BOX)], not_exhaustive_category_ids=[2])
    values = federated_precision(coco, SURE_MISTAKE, [1], 'bbox', limit=LIMIT)
    assert values['AP'] == pytest.approx(1)


def test_nor_where_the_class_was_not_looked_for() -> None:
    coco = truth([(1, 2, BOX), (2, 3, BOX)], neg_category_ids=[])
    mistakes = [found(2, 2, BOX, 0.99), found(1, 2, BOX, 0.9), found(2, 3, BOX, 0.9)]
    values = federated_precision(coco, mistakes, [1, 2], 'bbox', limit=LIMIT)
    assert [values['APc'], values['APf']] == pytest.approx([1, 1])


def test_only_the_surest_detections_of_a_picture_count() -> None:
    coco = truth([(1, 2, BOX)])
    assert federated_precision(coco, SURE_MISTAKE, [1], 'bbox', limit=1)['AP'] == 0.0
