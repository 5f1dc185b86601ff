"""Tables of matched detections from which average precision can be recomputed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from pycocotools.cocoeval import COCOeval

from benchmark.kinds.common.outcomes import smallest
from benchmark.openmmlab.keypoints import COCO
from benchmark.statistics.outcome_files import Measured
from benchmark.statistics.outcomes import Precision, without_tail

_PARTS = {'AP': (0, 10), 'AP50': (0, 1), 'AP75': (5, 6)}
"""Indices of the overlap thresholds over which each metric is averaged."""


def evaluated(evaluation: COCOeval, truth: COCO) -> dict[str, Measured]:
    """Return each picture's contribution to AP, AP50 and AP75 of a finished evaluation.

    Args:
        evaluation: after its ``evaluate()``; objects of any size count.
        truth: the annotations, for the names of pictures.
    """
    images, categories = evaluation.params.imgIds, evaluation.params.catIds
    stride = len(evaluation.params.areaRng)
    rows, wanted = [], []
    for label in range(len(categories)):
        start = label * stride * len(images)
        found = evaluation.evalImgs[start : start + len(images)]
        rows.append(_class_rows(label, found))
        wanted += [
            (place, label, count)
            for place, one in enumerate(found)
            if one is not None and (count := int((np.asarray(one['gtIgnore']) == 0).sum()))
        ]
    example, labels, right, ignored = (np.concatenate(part) for part in zip(*rows, strict=True))
    return table((example, labels, right, ignored), wanted, _names(truth, images))


def _class_rows(label: int, found: Sequence[Any]) -> tuple[np.ndarray, ...]:
    """Return picture, class, right and ignored bits of a class's detections, by falling score."""
    there = [(place, one) for place, one in enumerate(found) if one is not None]
    counts = [len(one['dtScores']) for _, one in there]
    if not sum(counts):
        return (*(np.zeros(0, np.int64) for _ in range(4)),)
    scores = np.concatenate([one['dtScores'] for _, one in there])
    # pycocotools' own order, so that equal scores count as they do there
    order = np.argsort(-scores, kind='mergesort')
    example = np.repeat([place for place, _ in there], counts)[order]
    bits = [
        bits_of(np.concatenate([np.asarray(one[key]) for _, one in there], axis=1)[:, order] != 0)
        for key in ('dtMatches', 'dtIgnore')
    ]
    return example, np.full(len(order), label), *bits


def bits_of(flags: np.ndarray) -> np.ndarray:
    """Return flags (overlaps, n) as whole numbers (n,), the first overlap in the lowest bit."""
    found: np.ndarray = (flags.astype(np.int64) << np.arange(len(flags))[:, None]).sum(axis=0)
    return found


def undetected(truth: COCO, images: Sequence[int], chosen: Sequence[int]) -> dict[str, Measured]:
    """Return the outcomes of an evaluation without any detection."""
    images, categories = sorted(set(images)), sorted(chosen or truth.getCatIds())
    rows, labels = ({id_: n for n, id_ in enumerate(ids)} for ids in (images, categories))
    counts = Counter(
        (rows[annotation['image_id']], labels[annotation['category_id']])
        for annotation in truth.loadAnns(truth.getAnnIds(images, categories))
        if not annotation['iscrowd']
    )
    nothing = (np.zeros(0, np.int64),) * 4
    wanted = [(*place, count) for place, count in sorted(counts.items())]
    return table(nothing, wanted, _names(truth, images))


def table(
    detections: tuple[np.ndarray, ...],
    wanted: Sequence[tuple[int, int, int]],
    names: tuple[str, ...],
    *,
    is_voc: bool = False,
) -> dict[str, Measured]:
    """Return AP, AP50 and AP75 from detections and the numbers of objects to find.

    Args:
        detections: picture, class, right and ignored bits (n,), in the order of
            :class:`~benchmark.statistics.outcomes.Precision`.
        wanted: picture, class and number of objects.
        names: of the pictures.
        is_voc: whether precision is sampled as in VOC 2007.
    """
    example, label, right, ignored = detections
    kept = without_tail(label, right, ignored)
    rows = tuple(smallest(part[kept]) for part in (example, label, right, ignored))
    objects = smallest(np.array(wanted, np.int64).reshape(-1, 3))
    count = len(names)
    return {
        key: Measured(
            Precision(
                rows[0], rows[1], rows[2], rows[3], objects, count,
                first=first, last=last, is_voc=is_voc,
            ),
            names,
        )
        for key, (first, last) in _PARTS.items()
    }  # fmt: skip


def _names(truth: COCO, images: Sequence[int]) -> tuple[str, ...]:
    return tuple(str(truth.imgs[int(image)].get('file_name', image)) for image in images)
