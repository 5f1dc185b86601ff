"""Average precision of boxes as the devkit of VOC 2007 computes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from mmengine.evaluator import BaseMetric

from benchmark.errors import DataError
from benchmark.kinds.classification.metric import eleven_points
from benchmark.kinds.common.matched import bits_of, table
from benchmark.registry import METRICS
from benchmark.statistics.outcome_files import Measured

_OVERLAPS = np.linspace(0.5, 0.95, 10)


class Boxes(NamedTuple):
    """What one picture holds: found and true boxes (n, 4) with labels (n,), scores, difficulty."""

    found: np.ndarray
    scores: np.ndarray
    found_labels: np.ndarray
    true: np.ndarray
    true_labels: np.ndarray
    is_difficult: np.ndarray


@METRICS.register_module()
class VocDetectionMetric(BaseMetric):
    """AP over overlaps 0.5 to 0.95, AP50 and AP75, with precision sampled at 11 recalls.

    The overlaps beyond 0.5 follow detectron2, in whose terms VOC transfer is published.
    """

    def process(self, data_batch: Any, data_samples: Sequence[dict[str, Any]]) -> None:
        """Keep found and true boxes of every picture."""
        for sample in data_samples:
            found, truth = sample['pred_instances'], sample['gt_instances']
            hard = sample['ignored_instances']
            true = [_array(part['bboxes']).reshape(-1, 4) for part in (truth, hard)]
            labels = [_array(part['labels']) for part in (truth, hard)]
            boxes = Boxes(
                _array(found['bboxes']),
                _array(found['scores']),
                _array(found['labels']),
                np.concatenate(true),
                np.concatenate(labels),
                np.repeat([False, True], [len(part) for part in labels]),
            )
            self.results.append(boxes)

    def compute_metrics(self, results: list[tuple[np.ndarray, ...]]) -> dict[str, float]:
        """Return ``VOC_AP``, ``VOC_AP50`` and ``VOC_AP75`` as fractions.

        Raises:
            DataError: no object counts: there is none, or all are marked difficult.
        """
        # mmengine's gathering makes plain tuples of named ones
        pictures = [Boxes(*result) for result in results]
        if all(picture.is_difficult.all() for picture in pictures):
            raise DataError('the test split has no object that is not difficult: nothing to score')
        count = len(self.dataset_meta['classes'])
        self.outcomes = {f'VOC_{key}': item for key, item in _outcomes(pictures, count).items()}
        table = [[_average(pictures, label, o) for o in _OVERLAPS] for label in range(count)]
        by_overlap = np.nanmean(np.array(table), axis=0)
        return {
            'VOC_AP': float(by_overlap.mean()),
            'VOC_AP50': float(by_overlap[0]),
            'VOC_AP75': float(by_overlap[5]),
        }


def _outcomes(pictures: Sequence[Boxes], count: int) -> dict[str, Measured]:
    """Return what each picture adds to the three numbers."""
    rows, wanted = [], []
    for label in range(count):
        scores, examples, verdicts = [], [], []
        for place, picture in enumerate(pictures):
            chosen, mine = picture.found_labels == label, picture.true_labels == label
            if objects := int((mine & ~picture.is_difficult).sum()):
                wanted.append((place, label, objects))
            parts = picture.found[chosen], picture.scores[chosen]
            objects_of = picture.true[mine], picture.is_difficult[mine]
            verdicts.append(np.stack([judged(*parts, *objects_of, o) for o in _OVERLAPS]))
            scores.append(picture.scores[chosen])
            examples.append(np.full(int(chosen.sum()), place))
        order = np.argsort(-np.concatenate(scores), kind='stable')
        said = np.concatenate(verdicts, axis=1)[:, order]
        rows.append(
            (
                np.concatenate(examples)[order],
                np.full(len(order), label),
                bits_of(said == 1),
                bits_of(said == -1),
            )
        )
    columns = [np.concatenate(part) for part in zip(*rows, strict=True)]
    # pictures are named by the data set
    found = table(tuple(columns), wanted, ('',) * len(pictures), is_voc=True)
    return {key: Measured(item.form) for key, item in found.items()}


def _array(values: Any) -> np.ndarray:
    return np.asarray(getattr(values, 'tensor', values).cpu())


def _average(pictures: Sequence[Boxes], label: int, overlap: float) -> float:
    """Return the average precision of a class, NaN where it has no object to be found."""
    scores, hits, wanted = [], [], 0
    for picture in pictures:
        chosen = picture.found_labels == label
        mine = picture.true_labels == label
        wanted += int((mine & ~picture.is_difficult).sum())
        scores.append(picture.scores[chosen])
        hits.append(
            judged(
                picture.found[chosen],
                picture.scores[chosen],
                picture.true[mine],
                picture.is_difficult[mine],
                overlap,
            )
        )
    if not wanted:
        return float('nan')
    all_scores, all_hits = np.concatenate(scores), np.concatenate(hits)
    ordered = all_hits[np.argsort(-all_scores, kind='stable')]
    right, wrong = np.cumsum(ordered == 1), np.cumsum(ordered == 0)
    return eleven_points(right / np.maximum(right + wrong, 1), right / wanted)


def judged(
    found: np.ndarray, scores: np.ndarray, true: np.ndarray, difficult: np.ndarray, overlap: float
) -> np.ndarray:
    """Return (n,) whether a detection is right (1), wrong (0) or does not count (-1).

    Each, the surest first, is compared with the one true box that it overlaps most; a box found
    before makes it wrong, a difficult one makes it not count.

    Args:
        found: detected boxes (n, 4) of one picture and class, in pixels.
        scores: their scores (n,).
        true: true boxes (m, 4).
        difficult: which of them are marked difficult (m,).
        overlap: intersection over union from which a detection is right.
    """
    verdicts = np.zeros(len(found), int)
    ratios = box_overlaps(found, true)
    taken = np.zeros(len(true), bool)
    for index in np.argsort(-scores, kind='stable'):
        if not len(true) or ratios[index].max() < overlap:
            continue
        best = int(ratios[index].argmax())
        if difficult[best]:
            verdicts[index] = -1
        elif not taken[best]:
            taken[best] = True
            verdicts[index] = 1
    return verdicts


def box_overlaps(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return intersection over union (n, m) of boxes whose corners are both part of them."""
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    shared = np.clip(high - low + 1, 0, None).prod(axis=2)
    areas = [(boxes[:, 2:] - boxes[:, :2] + 1).prod(axis=1) for boxes in (first, second)]
    ratio: np.ndarray = shared / (areas[0][:, None] + areas[1][None] - shared)
    return ratio
