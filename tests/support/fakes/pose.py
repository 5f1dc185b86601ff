"""Pose data sets in miniature."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import scipy.io

from tests.support.fakes.pictures import picture, written_json


def _instance(number: int, image: int, points: int, **more: Any) -> dict[str, Any]:
    rng = np.random.default_rng(number)
    places = np.column_stack([rng.uniform(8, 40, points), rng.uniform(6, 40, points)])
    flags = 1 + np.arange(points) % 2
    flat = np.column_stack([places, flags]).round(1).ravel().tolist()
    return {
        'id': number,
        'image_id': image,
        'category_id': 1,
        'bbox': [6.0, 4.0, 40.0, 40.0],
        'keypoints': flat,
        'num_keypoints': points,
        'iscrowd': 0,
        **more,
    }


def _content(names: list[str], points: int, **more: Any) -> dict[str, Any]:
    images = [
        {'id': 30 + i, 'file_name': name, 'height': 48, 'width': 64} for i, name in enumerate(names)
    ]
    found = [_instance(1 + i, image['id'], points, **more) for i, image in enumerate(images)]
    return {
        'images': images,
        'annotations': found,
        'categories': [{'id': 1, 'name': 'person', 'supercategory': 'person'}],
    }


def _detections(content: dict[str, Any]) -> list[dict[str, Any]]:
    """Return two boxes per image, nearly the same, as a detector's file has them."""
    return [
        {
            'image_id': image['id'],
            'category_id': 1,
            'bbox': [6.0 + n, 4.0, 40.0, 40.0],
            'score': 0.9 - 0.1 * n,
        }
        for image in content['images']
        for n in range(2)
    ]


def coco_pose(root: Path) -> None:
    for role, count in (('train2017', 4), ('val2017', 2)):
        names = [f'{30 + i:012d}.jpg' for i in range(count)]
        content = _content(names, 17, area=900.0, segmentation=[])
        written_json(root / f'annotations/person_keypoints_{role}.json', content)
        for name in names:
            picture(root / role / name)
    boxes = 'person_detection_results/COCO_val2017_detections_AP_H_56_person.json'
    written_json(root / boxes, _detections(content))


def crowdpose(root: Path) -> None:
    """As released: width and height are swapped; test images of all degrees of crowding."""
    for role, count in (('trainval', 4), ('test', 3)):
        names = [f'{100000 + 10 * len(role) + i}.jpg' for i in range(count)]
        content = _content(names, 14)
        for i, image in enumerate(content['images']):
            image.update(width=48, height=64, crowdIndex=(0.05, 0.5, 0.95)[i % 3])
        written_json(root / f'crowdpose_{role}.json', content)
        for name in names:
            picture(root / 'images' / name)
    written_json(root / 'annotations/det_for_crowd_test_0.1_0.5.json', _detections(content))


def mpii(root: Path) -> None:
    """The usual lists: places from 1, joints that are not there at (-1, -1)."""
    rng = np.random.default_rng(0)
    for role, count in (('train', 4), ('val', 2)):
        people = []
        for i in range(count):
            name = f'0{len(role)}{i:07d}.jpg'
            joints = rng.uniform(5, 40, (16, 2)).round(1).tolist()
            joints[0] = [-1.0, -1.0]
            people.append(
                {
                    'image': name,
                    'center': [30.0, 22.0],
                    'scale': 0.2,
                    'joints': joints,
                    'joints_vis': [0, *[1] * 15],
                }
            )
            picture(root / 'images' / name)
        written_json(root / f'mpii_{role}.json', people)
    corners = np.zeros((2, 2, 2))
    corners[1] = [[30, 60], [40, 80]]  # diagonals of 50 and 100 pixels
    scipy.io.savemat(root / 'mpii_gt_val.mat', {'headboxes_src': corners})


def ap10k(root: Path) -> None:
    for role, count in (('train', 4), ('val', 1), ('test', 2)):
        names = [f'0000000{len(role)}{i:04d}.jpg' for i in range(count)]
        content = _content(names, 17, area=800.0)
        content['categories'] = [{'id': 1, 'name': 'antelope'}, {'id': 54, 'name': 'zebra'}]
        content['annotations'][-1]['category_id'] = 54
        written_json(root / f'annotations/ap10k-{role}-split1.json', content)
        for name in names:
            picture(root / 'data' / name)
