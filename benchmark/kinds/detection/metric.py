"""COCO average precision, unrounded."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from mmengine.evaluator import BaseMetric
from pycocotools import mask as mask_codec
from pycocotools.cocoeval import COCOeval

from benchmark.errors import DataError
from benchmark.kinds.common.matched import evaluated, undetected
from benchmark.openmmlab.coco import Needs, category_ids, read_coco
from benchmark.openmmlab.keypoints import COCO
from benchmark.registry import METRICS
from benchmark.statistics.outcome_files import Measured

# by overlap; precision is (IoU, recall, class, area, detections)
_SUMMARY = {'AP': slice(None), 'AP50': slice(0, 1), 'AP75': slice(5, 6)}


@METRICS.register_module()
class DetectionMetric(BaseMetric):
    """Box and mask AP, AP50 and AP75 as fractions, by pycocotools, without mmdet's rounding.

    Args:
        ann_file: the COCO annotations of the test split.
        masks: whether masks are scored too.
        max_detections: detections per image that count.

    Raises:
        DataError: the annotations cannot be used, or lack a declared class.
    """

    def __init__(
        self, *, ann_file: str, masks: bool, max_detections: int = 100, **arguments: Any
    ) -> None:
        super().__init__(**arguments)
        self._path = ann_file
        self.truth = read_coco(ann_file, Needs(masks=masks))
        self.limit = max_detections
        self._masks = masks

    def process(self, data_batch: Any, data_samples: Sequence[dict[str, Any]]) -> None:
        """Keep the detections of every image in COCO's result format."""
        categories = self._categories()
        for sample in data_samples:
            found = sample['pred_instances']
            self.results.append((sample['img_id'], _to_coco(sample['img_id'], found, categories)))

    def _categories(self) -> list[int]:
        """Return the category id of every label."""
        return category_ids(self.truth, self.dataset_meta['classes'], self._path)

    def compute_metrics(self, results: list[tuple[int, list[dict[str, Any]]]]) -> dict[str, float]:
        """Return ``box_AP`` ... and, where masks are scored, ``mask_AP`` ..."""
        detections = [detection for _, found in results for detection in found]
        images = [image for image, _ in results]
        types = {'box': 'bbox', **({'mask': 'segm'} if self._masks else {})}
        self.outcomes: dict[str, Measured] = {}
        found: dict[str, float] = {}
        for prefix, kind in types.items():
            kept: dict[str, Measured] = {}
            values = self.average_precision(detections, images, kind, kept)
            found |= {f'{prefix}_{key}': value for key, value in values.items()}
            self.outcomes |= {f'{prefix}_{key}': item for key, item in kept.items()}
        return found

    def average_precision(
        self,
        detections: list[dict[str, Any]],
        images: list[int],
        kind: str,
        kept: dict[str, Measured] | None = None,
    ) -> dict[str, float]:
        """Return AP, AP50 and AP75 as fractions of ``kind`` 'bbox' or 'segm'.

        Args:
            detections: in COCO's result format.
            images: ids of the tested images.
            kind: ``'bbox'`` or ``'segm'``.
            kept: receives what each picture adds to the numbers.
        """
        return average_precision(
            self.truth,
            detections,
            images,
            kind,
            limit=self.limit,
            categories=self._categories(),
            kept=kept,
        )


def _to_coco(image: int, found: dict[str, Any], categories: list[int]) -> list[dict[str, Any]]:
    boxes = found['bboxes'].cpu().numpy()
    scores, labels = found['scores'].cpu().numpy(), found['labels'].cpu().numpy()
    detections = []
    for index, (left, top, right, bottom) in enumerate(boxes):
        detection = {
            'image_id': image,
            'category_id': categories[labels[index]],
            'bbox': [float(left), float(top), float(right - left), float(bottom - top)],
            'score': float(scores[index]),
        }
        if 'masks' in found:
            detection['segmentation'] = encode(found['masks'][index].cpu().numpy())
        detections.append(detection)
    return detections


def encode(mask: np.ndarray) -> dict[str, Any]:
    """Return the run-length code of a boolean mask (H, W)."""
    code: dict[str, Any] = mask_codec.encode(np.asfortranarray(mask.astype(np.uint8)))
    return code


def average_precision(
    truth: COCO,
    detections: list[dict[str, Any]],
    images: list[int],
    kind: str,
    *,
    limit: int,
    categories: Sequence[int] = (),
    kept: dict[str, Measured] | None = None,
) -> dict[str, float]:
    """Return AP (IoU 0.5 to 0.95), AP50 and AP75 as fractions of ``kind`` 'bbox' or 'segm'.

    Only ``categories`` count, where they are given: a class that is not declared is not detected.

    Args:
        truth: the annotations.
        detections: in COCO's result format.
        images: ids of the tested images.
        kind: ``'bbox'`` or ``'segm'``.
        limit: detections per image that count.
        categories: ids of those that count; all if there are none.
        kept: receives what each picture adds to the numbers.

    Raises:
        DataError: the images show no object that counts.
    """
    counted_categories(truth, images, categories)
    if not detections:
        if kept is not None:
            kept.update(undetected(truth, images, categories))
        return dict.fromkeys(_SUMMARY, 0.0)
    with contextlib.redirect_stdout(io.StringIO()):
        # loadRes takes an area from the box when it is there, so masks come without one
        found = [without_box(d) if kind == 'segm' else d for d in detections]
        evaluation = COCOeval(truth, truth.loadRes(found), kind)
        evaluation.params.imgIds = images
        evaluation.params.catIds = sorted(categories) or evaluation.params.catIds
        evaluation.params.maxDets = [limit]
        evaluation.evaluate()
        evaluation.accumulate()
    if kept is not None:
        kept.update(evaluated(evaluation, truth))
    precision = evaluation.eval['precision'][:, :, :, 0, -1]
    return {key: mean_precision(precision[overlaps]) for key, overlaps in _SUMMARY.items()}


def counted_categories(truth: COCO, images: list[int], categories: Sequence[int] = ()) -> set[int]:
    """Return the categories with an object that counts in the images; crowds do not count.

    Only ``categories`` are looked for, where they are given.

    Raises:
        DataError: there is none.
    """
    # COCOeval overwrites whatever an annotation says of itself under 'ignore'
    found = truth.loadAnns(truth.getAnnIds(images, list(categories)))
    shown = {annotation['category_id'] for annotation in found if not annotation['iscrowd']}
    if not shown:
        raise DataError('the test split has no object that counts: nothing to score')
    return shown


def without_box(detection: dict[str, Any]) -> dict[str, Any]:
    """Return a detection in COCO's format without its box."""
    return {key: value for key, value in detection.items() if key != 'bbox'}


def mean_precision(values: np.ndarray) -> float:
    """Return the mean of precisions, of which at least one is known; -1 is that of no object."""
    return float(values[values > -1].mean())
