"""Data sets of COCO key points of any creature, with a short description."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from mmpose.datasets.datasets.base import BaseCocoStyleDataset

from benchmark.errors import DataError
from benchmark.openmmlab.coco import Needs, arrange_keypoints, as_id, load_json, read_coco
from benchmark.openmmlab.keypoints import COCO
from benchmark.registry import DATASETS

_PERSON = 1
"""Category of persons in a detector's file."""


@DATASETS.register_module()
class KeypointDataset(BaseCocoStyleDataset):
    """One sample per annotated instance of a COCO key point file, cropped to its own box.

    Takes mmpose's arguments, but ``metainfo`` in short: ``keypoints`` (names), ``sigmas`` (one
    number, or one per key point), and optionally ``skeleton`` and ``flip_pairs`` (pairs of
    indices counted from 0), ``joint_weights`` (one per key point) and ``upper_body`` (indices).

    Raises:
        DataError: the file cannot be used, or holds other key points.
    """

    @classmethod
    def _load_metainfo(cls, metainfo: Mapping[str, Any] | None = None) -> dict[str, Any]:
        expanded = expand_metainfo(metainfo) if metainfo else {}
        loaded: dict[str, Any] = super()._load_metainfo(expanded)
        return loaded

    def _read(self) -> COCO:
        """Return the annotations with key points in the declared order."""
        found = read_coco(self.ann_file, Needs(keypoints=True))
        names = list(self._metainfo['keypoint_id2name'].values())
        arrange_keypoints(found, names, self.ann_file)
        self._metainfo['CLASSES'] = list(found.cats.values())
        named = found.dataset['categories'][0].get('keypoints', names)
        self.annotated_names = tuple(named)
        return found

    def _load_annotations(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Return mmpose's descriptions of all instances and images."""
        found = self._read()
        instances = []
        for id_, image in found.imgs.items():
            if id_ % self.sample_interval:
                continue
            image['img_id'] = id_
            image['img_path'] = self._picture(image)
            for annotation in found.imgToAnns[id_]:
                parsed = self.parse_data_info({'raw_ann_info': annotation, 'raw_img_info': image})
                if parsed:
                    parsed.update(height=image['height'], width=image['width'])
                    instances.append(parsed)
        if not any(map(self._is_valid_instance, instances)):
            raise DataError(
                f'{self.ann_file}: no instance has a box in its picture and labelled key points; a '
                'split without any can neither be learned from nor scored'
            )
        return instances, list(found.imgs.values())

    def _picture(self, image: Mapping[str, Any]) -> str:
        return os.path.join(self.data_prefix['img'], image['file_name'])  # noqa: PTH118  (keeps './')

    def parse_data_info(self, raw_data_info: dict[str, Any]) -> dict[str, Any] | None:
        """Return mmpose's description of an instance, ``None`` where it has no key points."""
        if not raw_data_info['raw_ann_info']['keypoints']:
            return None
        parsed: dict[str, Any] | None = super().parse_data_info(raw_data_info)
        return parsed

    def _load_detection_results(self) -> list[dict[str, Any]]:
        """Return mmpose's descriptions of a detector's boxes of persons."""
        annotations = self._read()
        boxes = load_json(self.bbox_file)
        if not isinstance(boxes, list) or not all(isinstance(box, dict) for box in boxes):
            raise DataError(f'{self.bbox_file}: must be a list of boxes, each an object')
        ids = {as_id(image.get('own_id')): id_ for id_, image in annotations.imgs.items()}
        count = len(self._metainfo['keypoint_id2name'])
        found: list[dict[str, Any]] = []
        for place, box in enumerate(boxes):
            if as_id(box.get('category_id')) != _PERSON:
                continue
            corners, score = self._read_detection(box, place)
            id_ = ids.get(as_id(box.get('image_id')))
            if id_ is None:
                raise DataError(
                    f'{self.bbox_file}: box {place} is of the image {box.get("image_id")!r}, which '
                    f'is not in {self.ann_file}'
                )
            image = annotations.imgs[id_]
            found.append(
                {
                    'img_id': id_,
                    'img_path': self._picture(image),
                    'img_shape': (image['height'], image['width']),
                    'height': image['height'],
                    'width': image['width'],
                    'bbox': corners,
                    'bbox_score': np.array([score], np.float32),
                    'keypoints': np.zeros((1, count, 2), np.float32),
                    'keypoints_visible': np.ones((1, count), np.float32),
                    'id': len(found),
                }
            )
        if not found:
            raise DataError(f'{self.bbox_file}: contains no box of category {_PERSON} (person)')
        return found

    def _read_detection(self, box: Mapping[str, Any], place: int) -> tuple[np.ndarray, float]:
        """Return the corners (1, 4) and the score of a detected box."""
        try:
            left, top, width, height = map(float, box['bbox'][:4])
            score = float(box['score'])
        except (KeyError, TypeError, ValueError):
            left = top = width = height = score = math.nan
        if not math.isfinite(left + top + width + height + score) or min(width, height) < 0:
            raise DataError(
                f"{self.bbox_file}: box {place} must have a 'bbox' of four finite numbers (left, "
                f"top, width, height) and a 'score', found {box.get('bbox')!r} and "
                f'{box.get("score")!r}'
            )
        corners = np.array([[left, top, width, height]], np.float32)
        corners[:, 2:] += corners[:, :2]
        return corners, score


def expand_metainfo(short: Mapping[str, Any]) -> dict[str, Any]:
    """Return mmpose's description of key points from the short one of :class:`KeypointDataset`."""
    names = list(short['keypoints'])
    partners = _partners(short.get('flip_pairs', ()))
    upper = set(short.get('upper_body', ()))
    return {
        'dataset_name': 'keypoints',
        'keypoint_info': {
            index: {
                'name': name,
                'id': index,
                'swap': names[partners.get(index, index)],
                'type': 'upper' if index in upper else 'lower',
            }
            for index, name in enumerate(names)
        },
        'skeleton_info': {
            number: {'link': (names[start], names[end]), 'id': number}
            for number, (start, end) in enumerate(short.get('skeleton', ()))
        },
        'joint_weights': list(short.get('joint_weights', [1.0] * len(names))),
        'sigmas': spread(short['sigmas'], len(names)),
    }


def _partners(pairs: Sequence[tuple[int, int]]) -> dict[int, int]:
    return {**dict(pairs), **{right: left for left, right in pairs}}


def spread(sigmas: float | Sequence[float], count: int) -> list[float]:
    """Return one sigma per key point, from a single number or a sequence."""
    return [float(sigmas)] * count if isinstance(sigmas, int | float) else list(sigmas)
