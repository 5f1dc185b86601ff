"""Average precision against pycocotools' own summary and mmdet's metric."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from mmdet.evaluation import CocoMetric
from mmdet.structures.mask import BitmapMasks
from mmengine.structures import InstanceData
from pycocotools import mask as codec
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from benchmark.errors import DataError
from benchmark.kinds.detection.gallery import DetectionGallery
from benchmark.kinds.detection.metric import DetectionMetric

SIDE = 96
CATEGORIES = {7: 'cat', 3: 'dog', 12: 'fish'}
"""Ids that are neither contiguous nor sorted."""

CLASSES = tuple(CATEGORIES.values())
IMAGES = range(101, 117)

Sample = dict[str, Any]


def ellipse(left: float, top: float, width: float, height: float) -> np.ndarray:
    y, x = np.mgrid[:SIDE, :SIDE] + 0.5
    distance = ((x - left - width / 2) / (width / 2)) ** 2
    inside: np.ndarray = distance + ((y - top - height / 2) / (height / 2)) ** 2 <= 1
    return inside


def random_box(rng: np.random.Generator) -> np.ndarray:
    return np.concatenate([rng.uniform(2, 50, 2), rng.uniform(8, 40, 2)]).round(2)


@pytest.fixture(scope='module')
def annotations() -> list[dict[str, Any]]:
    rng = np.random.default_rng(5)
    found = []
    for image in IMAGES:
        for _ in range(rng.integers(1, 5)):
            box = random_box(rng)
            code = codec.encode(np.asfortranarray(ellipse(*box).astype(np.uint8)))
            found.append(
                {
                    'id': len(found) + 1,
                    'image_id': image,
                    'category_id': int(rng.choice(list(CATEGORIES))),
                    'bbox': box.tolist(),
                    'area': float(codec.area(code)),
                    'segmentation': {**code, 'counts': code['counts'].decode()},
                    'iscrowd': int(rng.random() < 0.1),
                }
            )
    return found


@pytest.fixture(scope='module')
def truth(annotations: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp('coco') / 'test.json'
    content = {
        'images': [
            {'id': i, 'file_name': f'{i}.jpg', 'height': SIDE, 'width': SIDE} for i in IMAGES
        ],
        'categories': [{'id': id_, 'name': name} for id_, name in CATEGORIES.items()],
        'annotations': annotations,
    }
    path.write_text(json.dumps(content))
    return str(path)


def prediction(image: int, found: list[tuple[np.ndarray, int, float]]) -> Sample:
    """Return a sample with ``found`` (box as x, y, width, height; label; score)."""
    boxes = np.array([[x, y, x + w, y + h] for (x, y, w, h), _, _ in found]).reshape(-1, 4)
    masks = np.array([ellipse(*box) for box, _, _ in found], bool).reshape(-1, SIDE, SIDE)
    return {
        'img_id': image,
        'ori_shape': (SIDE, SIDE),
        'pred_instances': {
            'bboxes': torch.tensor(boxes, dtype=torch.float32),
            'labels': torch.tensor([label for _, label, _ in found], dtype=torch.long),
            'scores': torch.tensor([score for *_, score in found], dtype=torch.float32),
            'masks': torch.from_numpy(masks),
        },
    }


@pytest.fixture(scope='module')
def guesses(annotations: list[dict[str, Any]]) -> list[Sample]:
    """Return predictions that are the truth moved a little, of the wrong class, or invented."""
    rng = np.random.default_rng(6)
    ids = list(CATEGORIES)
    samples = []
    for image in IMAGES:
        found = []
        for annotation in (a for a in annotations if a['image_id'] == image):
            label = ids.index(annotation['category_id'])
            for spread in rng.uniform(0.2, 4, rng.integers(0, 4)):
                box = np.abs(annotation['bbox'] + rng.normal(0, spread, 4)) + 1
                guess = label if rng.random() < 0.8 else int(rng.integers(3))
                found.append((box, guess, float(rng.random())))
        found.append((random_box(rng), int(rng.integers(3)), float(rng.random())))
        samples.append(prediction(image, found))
    return samples


def evaluate(metric: Any, samples: list[Sample]) -> dict[str, float]:
    metric.dataset_meta = {'classes': CLASSES}
    for sample in samples:
        metric.process(None, [sample])
    with contextlib.redirect_stdout(io.StringIO()):
        found: dict[str, float] = metric.evaluate(len(samples))
    return found


def coco_summary(truth: str, samples: list[Sample], kind: str) -> list[float]:
    """Return AP, AP50 and AP75 as pycocotools summarises them."""
    detections = []
    for sample in samples:
        found = sample['pred_instances']
        for index, label in enumerate(found['labels'].tolist()):
            left, top, right, bottom = found['bboxes'][index].tolist()
            mask = np.asfortranarray(found['masks'][index].numpy().astype(np.uint8))
            area = {'bbox': [left, top, right - left, bottom - top]}
            place = area if kind == 'bbox' else {'segmentation': codec.encode(mask)}
            detections.append(
                {
                    'image_id': sample['img_id'],
                    'category_id': list(CATEGORIES)[label],
                    'score': float(found['scores'][index]),
                    **place,
                }
            )
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO(truth)
        evaluation = COCOeval(coco, coco.loadRes(detections), kind)
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return [float(value) for value in evaluation.stats[:3]]


def test_average_precision_is_that_of_pycocotools(truth: str, guesses: list[Sample]) -> None:
    found = evaluate(DetectionMetric(ann_file=truth, masks=True), guesses)
    for prefix, kind in (('box', 'bbox'), ('mask', 'segm')):
        expected = coco_summary(truth, guesses, kind)
        values = [found[f'{prefix}_{key}'] for key in ('AP', 'AP50', 'AP75')]
        assert values == pytest.approx(expected, abs=1e-12)
        assert 0.05 < values[2] < values[0] < values[1] < 0.95
    assert found['box_AP'] != found['mask_AP']


def test_average_precision_agrees_with_mmdet(truth: str, guesses: list[Sample]) -> None:
    found = evaluate(DetectionMetric(ann_file=truth, masks=True), guesses)
    reference = evaluate(CocoMetric(ann_file=truth, metric=['bbox', 'segm']), guesses)
    for prefix, kind in (('box', 'bbox'), ('mask', 'segm')):
        for key, name in (('AP', 'mAP'), ('AP50', 'mAP_50'), ('AP75', 'mAP_75')):
            expected = reference[f'coco/{kind}_{name}']
            assert found[f'{prefix}_{key}'] == pytest.approx(expected, abs=0.000501)


def test_perfect_predictions(truth: str, annotations: list[dict[str, Any]]) -> None:
    ids = list(CATEGORIES)
    samples = [
        prediction(
            image,
            [
                (np.array(a['bbox']), ids.index(a['category_id']), 0.9)
                for a in annotations
                if a['image_id'] == image and not a['iscrowd']
            ],
        )
        for image in IMAGES
    ]
    found = evaluate(DetectionMetric(ann_file=truth, masks=True), samples)
    assert found == pytest.approx(dict.fromkeys(found, 1.0))
    assert len(found) == 6


def test_no_predictions(truth: str) -> None:
    samples = [prediction(image, []) for image in IMAGES]
    found = evaluate(DetectionMetric(ann_file=truth, masks=True), samples)
    assert found == dict.fromkeys(found, 0.0)


def test_limit_keeps_the_best_scored(truth: str, guesses: list[Sample]) -> None:
    limited = evaluate(DetectionMetric(ann_file=truth, masks=False, max_detections=1), guesses)
    assert set(limited) == {'box_AP', 'box_AP50', 'box_AP75'}
    best = []
    for sample in guesses:
        found = sample['pred_instances']
        order = found['scores'].argsort(descending=True).tolist()
        labels = found['labels'].tolist()
        # pycocotools counts per image and class
        kept = [next((i for i in order if labels[i] == label), None) for label in range(3)]
        chosen = torch.tensor([i for i in kept if i is not None])
        best.append({**sample, 'pred_instances': {k: v[chosen] for k, v in found.items()}})
    assert limited['box_AP'] == pytest.approx(coco_summary(truth, best, 'bbox')[0], abs=1e-12)


def test_unreadable_annotations(tmp_path: Path) -> None:
    path = tmp_path / 'broken.json'
    path.write_text('{"images": [')
    with pytest.raises(DataError, match=r'broken\.json: not JSON'):
        DetectionMetric(ann_file=str(path), masks=True)


def test_classes_in_another_order_than_the_file_are_found_by_name(
    truth: str, guesses: list[Sample]
) -> None:
    as_in_file = evaluate(DetectionMetric(ann_file=truth, masks=False), guesses)
    declared = ('dog', 'cat', 'fish')
    label = torch.tensor([declared.index(name) for name in CLASSES])
    metric = DetectionMetric(ann_file=truth, masks=False)
    metric.dataset_meta = {'classes': declared}
    for sample in guesses:
        found = sample['pred_instances']
        moved = {**found, 'labels': label[found['labels']]}
        metric.process(None, [{**sample, 'pred_instances': moved}])
    assert metric.evaluate(len(guesses)) == pytest.approx(as_in_file, abs=1e-12)


def test_a_class_that_the_file_lacks_is_named(truth: str, guesses: list[Sample]) -> None:
    metric = DetectionMetric(ann_file=truth, masks=False)
    metric.dataset_meta = {'classes': ('cat', 'dogs', 'fish')}
    with pytest.raises(DataError, match=r"no category is called 'dogs'.*did you mean 'dog'"):
        metric.process(None, guesses[:1])


def test_objects_of_classes_that_are_not_declared_cost_nothing(
    truth: str, annotations: list[dict[str, Any]], tmp_path: Path
) -> None:
    content = json.loads(Path(truth).read_text())
    content['annotations'] = [a for a in annotations if a['category_id'] == 7]
    alone = tmp_path / 'cats.json'
    alone.write_text(json.dumps(content))
    perfect = []
    for image in IMAGES:
        boxes = [
            np.array(a['bbox']) for a in content['annotations']
            if a['image_id'] == image and not a['iscrowd']
        ]  # fmt: skip
        perfect.append(prediction(image, [(box, 0, 0.9) for box in boxes]))
    scores = []
    for path in (truth, str(alone)):
        metric = DetectionMetric(ann_file=path, masks=False)
        metric.dataset_meta = {'classes': ('cat',)}
        for sample in perfect:
            metric.process(None, [sample])
        scores.append(metric.evaluate(len(perfect)))
    assert scores[0] == scores[1]
    assert scores[0]['box_AP'] == pytest.approx(1, abs=1e-3)


def test_instances_are_drawn_with_their_masks() -> None:
    image = np.full((SIDE, SIDE, 3), 90, np.uint8)
    boxes = torch.tensor([[10.0, 20.0, 50.0, 60.0], [60.0, 60.0, 90.0, 90.0]])
    masks = np.stack([ellipse(10, 20, 40, 40), ellipse(60, 60, 30, 30)])
    truth = InstanceData(
        bboxes=boxes,
        labels=torch.tensor([0, 1]),
        masks=BitmapMasks(masks.astype(np.uint8), SIDE, SIDE),
    )
    found = InstanceData(
        bboxes=boxes,
        labels=torch.tensor([0, 1]),
        scores=torch.tensor([0.9, 0.1]),
        masks=torch.from_numpy(masks),
    )
    gallery = DetectionGallery(folder='unused', classes=CLASSES)
    sample = SimpleNamespace(gt_instances=truth, pred_instances=found)
    drawn = gallery.draw(image, sample)
    assert drawn.truth.shape == drawn.prediction.shape == (3 * SIDE, 3 * SIDE, 3)
    differs = (drawn.truth != drawn.prediction).any(2)
    # only the second instance, whose score is low, is absent from the prediction
    assert not differs[: 3 * 55].any()
    assert differs[3 * 62 :, 3 * 62 :].mean() > 0.4
    assert (drawn.prediction[3 * 40, 3 * 30] != 90).any()
