"""Average precision on LVIS, where not every class is annotated in every picture."""

from __future__ import annotations

import contextlib
import io
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from pycocotools.cocoeval import COCOeval

from benchmark.errors import DataError
from benchmark.kinds.common.matched import evaluated, undetected
from benchmark.kinds.detection.metric import (
    DetectionMetric,
    counted_categories,
    mean_precision,
    without_box,
)
from benchmark.openmmlab.keypoints import COCO
from benchmark.registry import METRICS
from benchmark.statistics.outcome_files import Measured

_FREQUENCIES = ('r', 'c', 'f')
_ANY_AREA = [0.0, 1e10]


@METRICS.register_module()
class FederatedDetectionMetric(DetectionMetric):
    """Box and mask AP, AP50 and AP75, and AP of rare, common and frequent classes (LVIS).

    Takes the arguments of :class:`DetectionMetric`; LVIS allows 300 detections per picture.

    Raises:
        DataError: the annotations cannot be used, or lack what LVIS's rules need.
    """

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        try:
            check_federated(self.truth)
        except DataError as error:
            raise DataError(f'{self._path}: {error}') from None

    def average_precision(
        self,
        detections: list[dict[str, Any]],
        images: list[int],
        kind: str,
        kept: dict[str, Measured] | None = None,
    ) -> dict[str, float]:
        """Return AP, AP50, AP75, APr, APc and APf as fractions of ``kind`` 'bbox' or 'segm'.

        Of the last three those are absent that stand for no object. ``kept`` receives what each
        picture adds to the first three.

        Args:
            detections: in COCO's result format.
            images: ids of the tested images.
            kind: ``'bbox'`` or ``'segm'``.
            kept: receives what each picture adds to the first three numbers.
        """
        return federated_precision(
            self.truth,
            detections,
            images,
            kind,
            limit=self.limit,
            categories=self._categories(),
            kept=kept,
        )


def federated_precision(
    truth: COCO,
    detections: list[dict[str, Any]],
    images: list[int],
    kind: str,
    *,
    limit: int,
    categories: Sequence[int] = (),
    kept: dict[str, Measured] | None = None,
) -> dict[str, float]:
    """Return AP, AP50, AP75, APr, APc and APf as fractions by LVIS's rules (arXiv 1908.03195).

    In a picture count the ``limit`` surest detections, and of these the ones of classes that are
    known to be there or not to be there. Where not every object of a class is annotated, a
    detection without a partner is no mistake. Only ``categories`` count, where they are given. A
    group of classes without any object has no AP. ``kept`` receives what each picture adds to the
    first three.

    Args:
        truth: the annotations.
        detections: in COCO's result format.
        images: ids of the tested images.
        kind: ``'bbox'`` or ``'segm'``.
        limit: detections per image that count.
        categories: ids of those that count; all if there are none.
        kept: receives what each picture adds to the first three numbers.

    Raises:
        DataError: the annotations lack what these rules need, or show no object that counts.
    """
    check_federated(truth)
    shown = counted_categories(truth, images, categories)
    frequencies = {truth.cats[category]['frequency'] for category in shown}
    groups = [frequency for frequency in _FREQUENCIES if frequency in frequencies]
    keys = ('AP', 'AP50', 'AP75', *(f'AP{frequency}' for frequency in groups))
    counted = _counted(truth, detections, limit)
    if not counted:
        if kept is not None:
            kept.update(undetected(truth, images, categories))
        return dict.fromkeys(keys, 0.0)
    with contextlib.redirect_stdout(io.StringIO()):
        found = truth.loadRes([without_box(d) if kind == 'segm' else d for d in counted])
        evaluation = COCOeval(truth, found, kind)
        evaluation.params.imgIds = images
        evaluation.params.catIds = sorted(categories) or evaluation.params.catIds
        evaluation.params.maxDets = [limit]
        evaluation.params.areaRng, evaluation.params.areaRngLbl = [_ANY_AREA], ['all']
        evaluation.evaluate()
        _forgive(evaluation, truth)
        evaluation.accumulate()
    if kept is not None:
        kept.update(evaluated(evaluation, truth))
    precision = evaluation.eval['precision']  # (IoU, recall, class, 1, 1)
    frequency = np.array([truth.cats[id_]['frequency'] for id_ in evaluation.params.catIds])
    classes = [slice(None)] * 3 + [frequency == f for f in groups]
    overlaps = [slice(None), slice(0, 1), slice(5, 6), *[slice(None)] * len(groups)]
    return {
        key: mean_precision(precision[overlap][:, :, chosen])
        for key, overlap, chosen in zip(keys, overlaps, classes, strict=True)
    }


def check_federated(truth: COCO) -> None:
    """Refuse annotations that lack what LVIS's rules need.

    Raises:
        DataError: a category has no frequency, or an image no list of classes.
    """
    for category in truth.dataset['categories']:
        if _field(category, 'frequency') not in _FREQUENCIES:
            raise DataError(
                f'LVIS annotations: category {category["id"]} has the frequency '
                f'{category["frequency"]!r}, allowed are {", ".join(_FREQUENCIES)}'
            )
    for image in truth.imgs.values():
        for name in ('neg_category_ids', 'not_exhaustive_category_ids'):
            _field(image, name)


def _field(item: dict[str, Any], name: str) -> Any:
    if name not in item:
        raise DataError(f"LVIS annotations: {item.get('id')} lacks the field '{name}'")
    return item[name]


def _counted(truth: COCO, detections: list[dict[str, Any]], limit: int) -> list[dict[str, Any]]:
    by_image = defaultdict(list)
    for detection in sorted(detections, key=lambda d: -d['score']):
        by_image[detection['image_id']].append(detection)
    known = {id_: set(_field(image, 'neg_category_ids')) for id_, image in truth.imgs.items()}
    for annotation in truth.anns.values():
        known[annotation['image_id']].add(annotation['category_id'])
    return [
        detection
        for image, found in by_image.items()
        for detection in found[:limit]
        if detection['category_id'] in known[image]
    ]


def _forgive(evaluation: COCOeval, truth: COCO) -> None:
    """Ignore detections without a partner of classes that are not annotated exhaustively."""
    for found in evaluation.evalImgs:
        if found is None:
            continue
        partial = _field(truth.imgs[found['image_id']], 'not_exhaustive_category_ids')
        if found['category_id'] in partial:
            alone = np.asarray(found['dtMatches']) == 0
            found['dtIgnore'] = np.logical_or(found['dtIgnore'], alone)
