"""CrowdPose's and MPII's rules, and boxes of a detector."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mmpose.evaluation.metrics import MpiiPCKAccuracy

from benchmark.errors import DataError
from benchmark.kinds.pose.metric import HeadSizeMetric, PoseMetric
from benchmark.openmmlab.keypoints import COCO, COCOeval

POINTS = 16
SIGMAS = np.full(POINTS, 0.07)


def written(folder: Path, images: int, **more: Any) -> tuple[Path, dict[str, Any]]:
    rng = np.random.default_rng(images)
    annotations = []
    for number in range(2 * images):
        places = rng.uniform(10, 90, (POINTS, 2))
        flags = rng.integers(0, 3, POINTS)
        flags[0] = 2
        annotations.append(
            {
                'id': number + 1,
                'image_id': number // 2,
                'category_id': 1,
                'bbox': [5.0, 5.0, 90.0, 90.0],
                'keypoints': np.column_stack([places, flags]).ravel().tolist(),
                'num_keypoints': int((flags > 0).sum()),
                'head_size': float(rng.uniform(10, 40)),
                **more,
            }
        )
    content = {
        'images': [
            {
                'id': n,
                'file_name': f'{n}.jpg',
                'crowdIndex': (0.1, 0.5, 0.9)[n % 3],
                'width': 100,
                'height': 100,
            }
            for n in range(images)
        ],
        'annotations': annotations,
        'categories': [{'id': 1, 'name': 'person'}],
    }
    path = folder / 'truth.json'
    path.write_text(json.dumps(content))
    return path, content


def samples(content: dict[str, Any], spread: float) -> list[dict[str, Any]]:
    rng = np.random.default_rng(7)
    found = []
    for annotation in content['annotations']:
        flat = np.reshape(annotation['keypoints'], (POINTS, 3))
        left, top, width, height = annotation['bbox']
        found.append(
            {
                'id': annotation['id'],
                'img_id': annotation['image_id'],
                'category_id': 1,
                'pred_instances': {
                    'keypoints': (flat[:, :2] + rng.normal(0, spread, (POINTS, 2)))[None],
                    'keypoint_scores': rng.uniform(0.3, 1, (1, POINTS)),
                    'bbox_scores': np.ones(1),
                },
                'gt_instances': {
                    'bboxes': np.array([[left, top, left + width, top + height]]),
                    'bbox_scales': np.array([[width, height]]),
                    'keypoints': flat[None, :, :2],
                    'keypoints_visible': np.minimum(1, flat[None, :, 2]),
                    'head_size': np.array([[annotation['head_size']]]),
                },
            }
        )
    return found


def test_crowdposes_levels_are_those_of_its_toolkit(tmp_path: Path) -> None:
    path, content = written(tmp_path, 9)
    metric = PoseMetric(ann_file=str(path), sigmas=SIGMAS, pck_threshold=0.1, crowd=True)
    given = samples(content, 4)
    metric.process(None, given)
    found = metric.evaluate(len(given))
    truth = COCO(str(path))
    results = [
        {
            'image_id': sample['img_id'],
            'category_id': 1,
            'keypoints': np.pad(
                sample['pred_instances']['keypoints'][0], ((0, 0), (0, 1)), constant_values=1
            )
            .ravel()
            .tolist(),
            'score': float(sample['pred_instances']['keypoint_scores'].mean()),
        }
        for sample in given
    ]
    evaluation = COCOeval(truth, truth.loadRes(results), 'keypoints_crowd', SIGMAS, use_area=False)
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    keys = ('keypoint_AP', 'keypoint_AP50', 'keypoint_AP75')
    assert [found[key] for key in keys] == pytest.approx(evaluation.stats[:3].tolist(), abs=1e-9)
    levels = [found[f'crowd_AP_{level}'] for level in ('easy', 'medium', 'hard')]
    assert levels == pytest.approx(evaluation.stats[6:].tolist(), abs=1e-9)
    assert len(set(levels)) == 3
    assert 0 < found['keypoint_AP'] < 1


def test_a_level_of_crowding_without_instances_has_no_score(tmp_path: Path) -> None:
    path, content = written(tmp_path, 9)
    for image in content['images']:
        image['crowdIndex'] = 0.95
    path.write_text(json.dumps(content))
    metric = PoseMetric(ann_file=str(path), sigmas=SIGMAS, pck_threshold=0.1, crowd=True)
    given = samples(content, 4)
    metric.process(None, given)
    found = metric.evaluate(len(given))
    assert {key for key in found if key.startswith('crowd')} == {'crowd_AP_hard'}


def test_pckh_is_that_of_mmpose(tmp_path: Path) -> None:
    path, content = written(tmp_path, 10)
    counted = [n for n in range(POINTS) if n not in (6, 7)]
    given = samples(content, 9)
    metric = HeadSizeMetric(ann_file=str(path), counted=counted)
    metric.process(None, given)
    found = metric.evaluate(len(given))['PCKh']
    theirs = MpiiPCKAccuracy(thr=0.5)
    for sample in given:  # which adds 1 to what is found, since MPII counts from 1
        sample['gt_instances']['keypoints'] = sample['gt_instances']['keypoints'] + 1
    theirs.process(None, given)
    assert 20 < found < 95
    assert found == pytest.approx(theirs.evaluate(len(given))['PCK'], abs=1e-4)


def test_pckh_is_the_share_within_half_a_head(tmp_path: Path) -> None:
    path, content = written(tmp_path, 10)
    given = samples(content, 9)
    metric = HeadSizeMetric(ann_file=str(path), counted=range(POINTS))
    metric.process(None, given)
    right = labelled = 0
    for sample, annotation in zip(given, content['annotations'], strict=True):
        for point in range(POINTS):
            x, y, flag = annotation['keypoints'][3 * point : 3 * point + 3]
            found_x, found_y = sample['pred_instances']['keypoints'][0, point]
            distance = ((x - found_x) ** 2 + (y - found_y) ** 2) ** 0.5
            labelled += flag > 0
            right += flag > 0 and distance <= 0.5 * annotation['head_size']
    expected = 100 * right / labelled
    assert metric.evaluate(len(given))['PCKh'] == pytest.approx(expected, abs=1e-9)


def test_annotations_without_heads_are_refused(tmp_path: Path) -> None:
    path, _ = written(tmp_path, 1, head_size=None)
    with pytest.raises(DataError, match='annotation 1 has no head_size'):
        HeadSizeMetric(ann_file=str(path), counted=[0])


def test_of_two_boxes_on_one_person_the_surer_estimate_stays(tmp_path: Path) -> None:
    path, content = written(tmp_path, 3, area=4000.0)
    once = samples(content, 0)
    twice = []
    for sample in once:
        twin = {**sample, 'pred_instances': {**sample['pred_instances'], 'bbox_scores': [0.5]}}
        twice += [twin, sample]
    values = []
    for given in (once, twice):
        metric = PoseMetric(ann_file=str(path), sigmas=SIGMAS, pck_threshold=0.1, detected=True)
        metric.process(None, given)
        values.append(metric.evaluate(len(given)))
    assert values[0] == values[1]
    assert set(values[0]) == {'keypoint_AP', 'keypoint_AP50', 'keypoint_AP75'}
