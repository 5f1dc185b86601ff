"""Key-point scores against independent computations, and the drawn skeletons."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from benchmark.errors import DataError
from benchmark.kinds.common.gallery import palette
from benchmark.kinds.pose.gallery import PoseGallery
from benchmark.kinds.pose.metric import PoseMetric, confidence, pck

SIGMAS = (0.03, 0.08, 0.05)


def write_truth(
    path: Path, *, instances: int = 40, with_areas: bool = True
) -> list[dict[str, Any]]:
    """Write annotations of three key points, two instances an image, and return them."""
    rng = np.random.default_rng(0)
    annotations = []
    for number in range(instances):
        left, top = rng.uniform(0, 100, 2)
        width, height = rng.uniform(30, 90, 2)
        points = rng.uniform((left, top), (left + width, top + height), (3, 2))
        flags = [2, 1, int(rng.integers(0, 3))]
        flat = [v for (x, y), flag in zip(points, flags, strict=True) for v in (x, y, flag)]
        annotation = {
            'id': number + 1,
            'image_id': number // 2 + 1,
            'category_id': 1,
            'bbox': [left, top, width, height],
            'keypoints': flat,
            'num_keypoints': sum(flag > 0 for flag in flags),
            'iscrowd': 0,
        }
        annotations.append(
            {**annotation, 'area': 0.5 * width * height} if with_areas else annotation
        )
    images = [
        {'id': i + 1, 'file_name': f'{i}.jpg', 'height': 200, 'width': 200}
        for i in range(instances // 2)
    ]
    content = {'images': images, 'categories': [{'id': 1, 'name': 'creature'}]}
    path.write_text(json.dumps({**content, 'annotations': annotations}))
    return annotations


def sample(annotation: dict[str, Any], found: np.ndarray, scores: np.ndarray) -> dict[str, Any]:
    """Return a tested sample as mmpose hands it to a metric."""
    left, top, width, height = annotation['bbox']
    flat = np.reshape(annotation['keypoints'], (3, 3))
    return {
        'img_id': annotation['image_id'],
        'category_id': np.array(annotation['category_id']),
        'pred_instances': {
            'keypoints': found[None],
            'keypoint_scores': scores[None],
            'bbox_scores': np.ones(1),
        },
        'gt_instances': {
            'bboxes': np.array([[left, top, left + width, top + height]]),
            'bbox_scales': np.array([[width, height]]),
            'keypoints': flat[None, :, :2],
            'keypoints_visible': np.minimum(1, flat[None, :, 2]),
        },
    }


def guesses(annotations: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return samples whose errors and confidences vary."""
    rng = np.random.default_rng(1)
    samples = []
    for annotation in annotations:
        true = np.reshape(annotation['keypoints'], (3, 3))[:, :2]
        noise = rng.normal(0, rng.choice([1.0, 4.0, 12.0]), (3, 2))
        samples.append(sample(annotation, true + noise, rng.uniform(0.25, 1, 3)))
    return samples


def measure(path: Path, samples: list[dict[str, Any]], threshold: float = 0.1) -> dict[str, float]:
    metric = PoseMetric(ann_file=str(path), sigmas=SIGMAS, pck_threshold=threshold)
    metric.process(None, samples)
    return metric.evaluate(len(samples))


def reference(path: Path, samples: list[dict[str, Any]]) -> list[float]:
    """Return AP, AP50 and AP75 by pycocotools' own evaluation and summary."""
    results = [
        {
            'image_id': one['img_id'],
            'category_id': 1,
            'keypoints': np.pad(
                one['pred_instances']['keypoints'][0], ((0, 0), (0, 1)), constant_values=1
            ).ravel().tolist(),
            'score': float(one['pred_instances']['keypoint_scores'].mean()),
        }
        for one in samples
    ]  # fmt: skip
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(str(path))
        evaluation = COCOeval(truth, truth.loadRes(results), 'keypoints')
        evaluation.params.kpt_oks_sigmas = np.array(SIGMAS)
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return evaluation.stats[:3].tolist()


def test_average_precision_is_that_of_pycocotools(tmp_path: Path) -> None:
    path = tmp_path / 'truth.json'
    samples = guesses(write_truth(path))
    found = measure(path, samples)
    wanted = reference(path, samples)
    keys = ('keypoint_AP', 'keypoint_AP50', 'keypoint_AP75')
    assert [found[key] for key in keys] == pytest.approx(wanted, abs=1e-12)
    assert 0.2 < found['keypoint_AP75'] < found['keypoint_AP50'] < 1


def test_the_truth_itself_scores_full_marks(tmp_path: Path) -> None:
    path = tmp_path / 'truth.json'
    perfect = [
        sample(a, np.reshape(a['keypoints'], (3, 3))[:, :2], np.ones(3)) for a in write_truth(path)
    ]
    found = measure(path, perfect)
    assert found['keypoint_AP'] == pytest.approx(1)
    assert found['PCK'] == 100


def test_an_image_without_an_estimate_costs_recall(tmp_path: Path) -> None:
    path = tmp_path / 'truth.json'
    perfect = [
        sample(a, np.reshape(a['keypoints'], (3, 3))[:, :2], np.ones(3)) for a in write_truth(path)
    ]
    assert measure(path, perfect[::2])['keypoint_AP'] == pytest.approx(0.5, abs=0.01)


def test_estimates_without_any_confidence_are_still_scored(tmp_path: Path) -> None:
    path = tmp_path / 'truth.json'
    annotations = write_truth(path)
    timid = [sample(a, np.reshape(a['keypoints'], (3, 3))[:, :2], -np.ones(3)) for a in annotations]
    assert measure(path, timid)['keypoint_AP'] == pytest.approx(1)


def test_boxes_stand_in_for_missing_areas(tmp_path: Path) -> None:
    with_areas, without = tmp_path / 'a.json', tmp_path / 'b.json'
    annotations = write_truth(without, with_areas=False)
    content = json.loads(without.read_text())
    for annotation in content['annotations']:
        annotation['area'] = 0.53 * annotation['bbox'][2] * annotation['bbox'][3]
    with_areas.write_text(json.dumps(content))
    samples = guesses(annotations)
    assert measure(without, samples) == pytest.approx(measure(with_areas, samples))


def test_unreadable_annotations_are_named(tmp_path: Path) -> None:
    path = tmp_path / 'broken.json'
    path.write_text('{')
    with pytest.raises(DataError, match=r'broken\.json: not JSON'):
        PoseMetric(ann_file=str(path), sigmas=SIGMAS, pck_threshold=0.1)


def test_pck_by_hand() -> None:
    true = np.zeros((2, 3, 2))
    found = np.array([[[3, 4], [0, 4.9], [0, 0]], [[0, 9.9], [0, 10], [99, 99]]], dtype=float)
    is_labelled = np.array([[True, True, False], [True, True, False]])
    sizes = np.array([50.0, 100.0])
    # limits are 5 and 10 px: a distance of 5 or 10 itself is wrong; the third kind has no label
    assert pck(found, true, is_labelled, sizes, threshold=0.1) == pytest.approx(50)


def test_a_split_without_a_labelled_key_point_is_told(tmp_path: Path) -> None:
    points = np.zeros((2, 3, 2))
    with pytest.raises(DataError, match='nothing to score'):
        pck(points, points, np.zeros((2, 3), bool), np.ones(2), threshold=0.1)


def test_pck_weighs_kinds_of_key_points_equally() -> None:
    true = np.zeros((3, 2, 2))
    found = np.array([[[0, 0], [0, 0]], [[50, 0], [0, 0]], [[50, 0], [0, 0]]], dtype=float)
    is_labelled = np.array([[True, True], [True, False], [True, False]])
    # one third of the first kind is right, all of the second
    assert pck(found, true, is_labelled, np.full(3, 100.0), threshold=0.1) == pytest.approx(200 / 3)


def test_pck_is_relative_to_the_longer_side_of_the_box(tmp_path: Path) -> None:
    path = tmp_path / 'truth.json'
    annotations = write_truth(path, instances=2)
    for annotation in annotations:
        annotation['bbox'] = [0, 0, 20, 80]
    samples = [
        sample(a, np.reshape(a['keypoints'], (3, 3))[:, :2] + (0, 6), np.ones(3))
        for a in annotations
    ]
    assert measure(path, samples, threshold=0.1)['PCK'] == 100
    assert measure(path, samples, threshold=0.07)['PCK'] == 0


def test_confidence_is_the_mean_of_the_confident() -> None:
    assert confidence(np.array([0.1, 0.5, 0.9])) == pytest.approx(0.7)
    assert confidence(np.array([0.1, 0.2])) == 0


def drawn_sample(true: np.ndarray, found: np.ndarray) -> SimpleNamespace:
    return SimpleNamespace(
        gt_instances=SimpleNamespace(
            bboxes=np.array([[20.0, 10.0, 60.0, 50.0]]),
            keypoints=true[None],
            keypoints_visible=np.array([[1.0, 1.0, 0.0]]),
        ),
        pred_instances=SimpleNamespace(keypoints=found[None]),
    )


def centre_of(panel: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    """Return the mean (x, y) of a panel's pixels of one colour."""
    rows, columns = np.nonzero((panel == colour).all(axis=2))
    assert rows.size
    return np.array([columns.mean(), rows.mean()])


def test_skeletons_are_drawn_where_the_key_points_are(tmp_path: Path) -> None:
    true = np.array([[30.0, 20.0], [50.0, 40.0], [35.0, 45.0]])
    found = true + np.array([4, -3])
    gallery = PoseGallery(folder=str(tmp_path), classes=('mouse',), skeleton=((0, 1), (1, 2)))
    image = np.full((80, 100, 3), 40, np.uint8)
    picture = gallery.draw(image, drawn_sample(true, found))
    # the box with a margin of 10 px begins at (10, 0) and is 61 px on a side
    scale = 224 / 61
    colours = palette(3)
    for panel, points in zip(picture, (true, found), strict=True):
        assert panel.shape == (224, 224, 3)
        for index in (0, 1):
            place = (points[index] - [10, 0] + 0.5) * scale
            np.testing.assert_allclose(centre_of(panel, colours[index]), place, atol=1.0)
        assert not (panel == colours[2]).all(axis=2).any()


def test_the_picture_that_is_drawn_on_is_left_alone(tmp_path: Path) -> None:
    gallery = PoseGallery(folder=str(tmp_path), classes=('mouse',), skeleton=((0, 1),))
    image = cv2.cvtColor(np.arange(8000, dtype=np.uint8).reshape(80, 100), cv2.COLOR_GRAY2BGR)
    before = image.copy()
    points = np.array([[30.0, 20.0], [50.0, 40.0], [35.0, 45.0]])
    gallery.draw(image, drawn_sample(points, points))
    np.testing.assert_array_equal(image, before)
