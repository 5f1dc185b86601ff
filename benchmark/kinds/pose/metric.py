"""COCO average precision of key points, PCK and PCKh."""

from __future__ import annotations

import contextlib
import io
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from mmengine.evaluator import BaseMetric
from mmpose.evaluation.functional import oks_nms

from benchmark.errors import DataError
from benchmark.kinds.common.matched import evaluated
from benchmark.kinds.common.outcomes import smallest, summed_by
from benchmark.openmmlab.coco import Needs, arrange_keypoints, read_coco
from benchmark.openmmlab.keypoints import COCO, COCOeval
from benchmark.registry import METRICS
from benchmark.statistics.outcome_files import Measured
from benchmark.statistics.outcomes import Ratios

# the least confidence of a key point that counts for its instance's (mmpose)
_CONFIDENT = 0.2
_THRESHOLDS = {'': slice(None), '50': slice(0, 1), '75': slice(5, 6)}
_CROWD_LEVELS = ('crowd_AP_easy', 'crowd_AP_medium', 'crowd_AP_hard')
# similarity of two estimates beyond which the less sure one is dropped (mmpose)
_AGREEMENT = 0.9
_HALF_A_HEAD = 0.5


@dataclass(frozen=True)
class Estimate:
    """The key points of one instance, found and true.

    Attributes:
        image: id of the image.
        category: id of the category.
        found: (K, 2) in pixels.
        score: how sure it is.
        true: (K, 2) in pixels.
        is_labelled: (K,) which key points are labelled.
        size: longer side of the instance's box in pixels.
        area: that of the cut-out, in square pixels.
    """

    image: int
    category: int
    found: np.ndarray
    score: float
    true: np.ndarray
    is_labelled: np.ndarray
    size: float
    area: float = 0.0


@METRICS.register_module()
class PoseMetric(BaseMetric):
    """AP, AP50 and AP75 of key points as fractions, unrounded, and PCK in percent.

    Args:
        ann_file: the COCO key point annotations of the test split.
        sigmas: (K,) spread of the annotators, as COCO's object key point similarity has it.
        pck_threshold: largest error of a right key point, as a share of its box's longer side.
        crowd: whether AP is CrowdPose's, and given for easy, medium and hard images too.
        detected: whether boxes come from a detector: of estimates of one image that agree all but
            the surest are dropped, and there is no PCK.

    Raises:
        DataError: the annotations cannot be used, or lack what CrowdPose's rules need.
    """

    def __init__(
        self,
        *,
        ann_file: str,
        sigmas: Sequence[float],
        pck_threshold: float,
        crowd: bool = False,
        detected: bool = False,
        **arguments: Any,
    ) -> None:
        super().__init__(**arguments)
        self._path = ann_file
        self._coco = read_coco(ann_file, Needs(keypoints=True))
        if crowd:
            _check_crowded(self._coco, ann_file)
        self._sigmas = np.asarray(sigmas, dtype=np.float64)
        self._threshold = pck_threshold
        self._crowd = crowd
        self._detected = detected

    def process(self, data_batch: Any, data_samples: Sequence[dict[str, Any]]) -> None:
        """Keep the estimate of every instance."""
        self.results.extend(_estimate(sample) for sample in data_samples)

    def compute_metrics(self, results: list[Estimate]) -> dict[str, float]:
        """Return ``keypoint_AP``, ``keypoint_AP50`` and ``keypoint_AP75``; PCK; CrowdPose's."""
        self._arrange()
        kept = without_repetitions(results, self._sigmas) if self._detected else results
        found = [_to_coco(estimate) for estimate in kept]
        self.outcomes: dict[str, Measured] = {}
        precision = average_precision(
            self._coco, found, self._sigmas, crowd=self._crowd, kept=self.outcomes
        )
        if self._detected:
            return precision
        self.outcomes |= _pck_outcomes(results, self._threshold, self._coco)
        return {**precision, 'PCK': self._pck(results)}

    def _arrange(self) -> None:
        """Bring the annotated key points into the order of those estimated."""
        names = (self.dataset_meta or {}).get('keypoint_id2name')
        if names:
            arrange_keypoints(self._coco, list(names.values()), self._path)

    def _pck(self, results: list[Estimate]) -> float:
        return pck(
            np.stack([estimate.found for estimate in results]),
            np.stack([estimate.true for estimate in results]),
            np.stack([estimate.is_labelled for estimate in results]),
            np.array([estimate.size for estimate in results]),
            threshold=self._threshold,
        )


@METRICS.register_module()
class HeadSizeMetric(BaseMetric):
    """PCKh of MPII in percent: a key point is right within half the size of the person's head.

    Args:
        ann_file: COCO key point annotations with a ``head_size`` in pixels each.
        counted: indices of the key points over which the mean runs.

    Raises:
        DataError: the annotations cannot be read or have no head sizes.
    """

    def __init__(self, *, ann_file: str, counted: Sequence[int], **arguments: Any) -> None:
        super().__init__(**arguments)
        annotations = read_coco(ann_file, Needs(keypoints=True)).anns
        self._sizes = {id_: found.get('head_size') for id_, found in annotations.items()}
        for id_, size in self._sizes.items():
            if not isinstance(size, int | float) or not 0 < size < float('inf'):
                problem = 'no head_size' if size is None else f'the head_size {size!r}'
                raise DataError(
                    f'{ann_file}: annotation {id_} has {problem}; must be pixels above 0, in which '
                    'errors are measured'
                )
        self._counted = list(counted)

    def process(self, data_batch: Any, data_samples: Sequence[dict[str, Any]]) -> None:
        """Keep how many counted key points of every instance are right, and how many there are."""
        for sample in data_samples:
            found, truth = sample['pred_instances'], sample['gt_instances']
            image = sample.get('img_id', sample['id'])
            errors = np.linalg.norm(found['keypoints'][0] - truth['keypoints'][0], axis=1)
            is_labelled = truth['keypoints_visible'][0] > 0
            is_right = errors <= _HALF_A_HEAD * self._sizes[sample['id']]
            counts = (is_right & is_labelled)[self._counted].sum(), is_labelled[self._counted].sum()
            self.results.append((*map(int, counts), int(image)))

    def compute_metrics(self, results: list[tuple[int, int, int]]) -> dict[str, float]:
        """Return ``PCKh`` over the labelled key points of all instances.

        Raises:
            DataError: none is labelled.
        """
        *counts, images = np.array(results).T
        right, labelled = (int(part.sum()) for part in counts)
        if not labelled:
            raise DataError('no test instance has a labelled key point that PCKh counts')
        names, sums = summed_by(images.tolist(), *counts)
        form = Ratios(smallest(sums[0]), smallest(sums[1]), 100.0)
        self.outcomes = {'PCKh': Measured(form, tuple(map(str, names)))}
        return {'PCKh': 100 * right / labelled}


def _check_crowded(truth: COCO, path: str) -> None:
    """Refuse images without the degree of crowding by which CrowdPose groups them."""
    for id_, image in truth.imgs.items():
        if not isinstance(image.get('crowdIndex'), int | float):
            raise DataError(
                f"{path}: image {id_} has no 'crowdIndex' from 0 to 1, which the rules "
                "'crowdpose' need"
            )


def _estimate(sample: dict[str, Any]) -> Estimate:
    found, truth = sample['pred_instances'], sample['gt_instances']
    left, top, right, bottom = truth['bboxes'][0]
    return Estimate(
        image=sample['img_id'],
        # a detector's file is of persons alone
        category=int(sample.get('category_id', 1)),
        found=found['keypoints'][0],
        score=float(found['bbox_scores'][0]) * confidence(found['keypoint_scores'][0]),
        true=truth['keypoints'][0],
        is_labelled=truth['keypoints_visible'][0] > 0,
        size=float(max(right - left, bottom - top)),
        area=float(np.prod(truth['bbox_scales'][0])),
    )


def confidence(scores: np.ndarray) -> float:
    """Return the mean of the key points' scores (K,) above 0.2, or 0 where there are none."""
    confident = scores[scores > _CONFIDENT]
    return float(confident.mean()) if confident.size else 0.0


def _to_coco(estimate: Estimate) -> dict[str, Any]:
    # a flag of 0 would let COCO drop the instance, whatever it costs in precision
    flagged = np.pad(estimate.found, ((0, 0), (0, 1)), constant_values=1)
    return {
        'image_id': estimate.image,
        'category_id': estimate.category,
        'keypoints': flagged.astype(np.float64).ravel().tolist(),
        'score': estimate.score,
    }


def average_precision(
    truth: COCO,
    found: list[dict[str, Any]],
    sigmas: np.ndarray,
    *,
    crowd: bool = False,
    kept: dict[str, Measured] | None = None,
) -> dict[str, float]:
    """Return ``keypoint_AP`` (similarity 0.5 to 0.95), AP50 and AP75 as fractions.

    Where an annotation has no area, 0.53 of its box stands in, as in mmpose. With ``crowd`` they
    follow CrowdPose, as do ``crowd_AP_easy``, ``_medium`` and ``_hard``; of these those are absent
    that stand for no instance. ``kept`` receives what each picture adds to the first three.

    Args:
        truth: the annotations.
        found: estimates in COCO's result format.
        sigmas: (K,) spread of the annotators.
        crowd: whether CrowdPose's rules hold.
        kept: receives what each picture adds to the first three numbers.

    Raises:
        DataError: no instance counts.
    """
    has_areas = not crowd and all('area' in annotation for annotation in truth.anns.values())
    kind = 'keypoints_crowd' if crowd else 'keypoints'
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation = COCOeval(truth, truth.loadRes(found), kind, sigmas, has_areas)
        evaluation.evaluate()
        evaluation.accumulate()
        precision = {
            f'keypoint_AP{key}': _mean(evaluation, cut) for key, cut in _THRESHOLDS.items()
        }
        if kept is not None:
            parts = evaluated(evaluation, truth)
            kept.update({f'keypoint_{key}': item for key, item in parts.items()})
        if crowd:
            evaluation.summarize()
            levels = zip(_CROWD_LEVELS, evaluation.stats[-3:].tolist(), strict=True)
            # -1 in every place stands for a level without any instance
            precision |= {key: value for key, value in levels if value > -1}
    return precision


def without_repetitions(found: Sequence[Estimate], sigmas: np.ndarray) -> list[Estimate]:
    """Return the estimates that agree with no surer one of their image (mmpose's OKS-NMS)."""
    by_image: dict[int, list[Estimate]] = defaultdict(list)
    for estimate in found:
        by_image[estimate.image].append(estimate)
    kept = []
    for estimates in by_image.values():
        rivals = [
            {'keypoints': np.pad(e.found, ((0, 0), (0, 1))), 'score': e.score, 'area': e.area}
            for e in estimates
        ]
        kept += [estimates[index] for index in oks_nms(rivals, _AGREEMENT, sigmas)]
    return kept


def _pck_outcomes(
    results: Sequence[Estimate], threshold: float, truth: COCO
) -> dict[str, Measured]:
    """Return what each picture adds to PCK: right and labelled key points, by kind."""
    labelled = np.stack([one.is_labelled for one in results])
    errors = np.stack([np.linalg.norm(one.found - one.true, axis=1) for one in results])
    limits = threshold * np.array([one.size for one in results])
    right = (errors < limits[:, None]) & labelled
    images, sums = summed_by([one.image for one in results], right, labelled)
    names = tuple(str(truth.imgs[image].get('file_name', image)) for image in images)
    return {'PCK': Measured(Ratios(smallest(sums[0]), smallest(sums[1]), 100.0), names)}


def _mean(evaluation: COCOeval, thresholds: slice) -> float:
    # (similarity, recall, category, area: the first is all, detections)
    values = evaluation.eval['precision'][thresholds, :, :, 0, -1]
    valid = values[values > -1]
    if not valid.size:
        raise DataError('no test instance has a labelled key point: nothing to score')
    return float(valid.mean())


def pck(
    found: np.ndarray,
    true: np.ndarray,
    is_labelled: np.ndarray,
    sizes: np.ndarray,
    *,
    threshold: float,
) -> float:
    """Return the percentage of right key points, averaged over the kinds of key points.

    Kinds never labelled are left out.

    Args:
        found: estimated key points (N, K, 2) in pixels.
        true: true key points (N, K, 2) in pixels.
        is_labelled: which of them are labelled (N, K).
        sizes: sizes of the instances (N,) in pixels.
        threshold: share of the size within which a key point is right.

    Raises:
        DataError: no key point is labelled.
    """
    is_right = np.linalg.norm(found - true, axis=2) < threshold * sizes[:, None]
    counts = is_labelled.sum(axis=0)
    shares = (is_right & is_labelled).sum(axis=0)[counts > 0] / counts[counts > 0]
    if not shares.size:
        raise DataError('no test instance has a labelled key point: nothing to score')
    return 100 * float(shares.mean())
