"""Depth errors per image, and with all pixels pooled."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from mmengine.evaluator import BaseMetric

from benchmark.errors import DataError
from benchmark.registry import METRICS
from benchmark.statistics.outcome_files import Measured
from benchmark.statistics.outcomes import Ratios

_RATIO = 1.25
_POOLED = (
    'rmse', 'abs_rel', 'log10', 'delta1', 'delta2', 'delta3', 'sq_rel', 'rmse_log',
)  # fmt: skip
"""The numbers that follow from the sums of :func:`error_sums` after the first, in their order."""


@METRICS.register_module()
class DepthMetric(BaseMetric):
    """Errors computed per image and averaged over images, and with all pixels pooled.

    The first is the way of arXiv 2205.13543 and its predecessors; the second has the suffix
    ``_pooled``. Predictions are clipped to the scored range; one that is infinite counts as the
    farthest depth and NaN as the nearest, as in the official code (utils/metrics.py).

    Args:
        min_depth: true depths beyond this are scored, in metres.
        max_depth: those below this; both ends are left out, as in the official code.
        crop: top, bottom, left and right end of the scored window: pixels where whole numbers,
            shares of height and width where not; ``None`` scores the whole picture.
    """

    def __init__(
        self,
        *,
        min_depth: float,
        max_depth: float,
        crop: Sequence[float] | None = None,
        **arguments: Any,
    ) -> None:
        super().__init__(**arguments)
        self._range = (min_depth, max_depth)
        self._crop = crop

    def process(self, data_batch: Any, data_samples: Sequence[dict[str, Any]]) -> None:
        """Keep the error sums of every image."""
        for sample in data_samples:
            true = sample['gt_depth_map']['data'][0].cpu().numpy()
            predicted = sample['pred_depth_map']['data'][0].float().cpu().numpy()
            is_scored = within(true, *self._range) & window(true.shape, self._crop)
            usable = clipped(resized(predicted, true.shape), *self._range)
            self.results.append(error_sums(usable[is_scored], true[is_scored]))

    def compute_metrics(self, results: list[np.ndarray]) -> dict[str, float]:
        """Return the errors averaged over images that have a scored pixel, and pooled.

        Raises:
            DataError: no image has one.
        """
        scored = [sums for sums in results if sums[0]]
        if not scored:
            raise DataError(
                f'no test image has a depth between {self._range[0]} and {self._range[1]} m inside '
                'the scored window: check depth_scale, max_depth and eval_crop'
            )
        self.outcomes = outcomes_of(results)
        images = [errors(sums) for sums in scored]
        pooled = errors(np.sum(scored, axis=0))
        return {
            **{key: float(np.mean([image[key] for image in images])) for key in pooled},
            **{f'{key}_pooled': value for key, value in pooled.items()},
        }


def within(depth: np.ndarray, near: float, far: float) -> np.ndarray:
    """Return a mask (H, W) of the depths between ``near`` and ``far``, both in metres."""
    return (depth > near) & (depth < far)


def clipped(depth: np.ndarray, near: float, far: float) -> np.ndarray:
    """Return depths (H, W) in metres, all finite and from ``near`` to ``far``."""
    known = np.where(np.isinf(depth), far, np.where(np.isnan(depth), near, depth))
    return np.clip(known, near, far)


def resized(depth: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return a depth map interpolated to ``shape`` (H, W), or as it is if it has that shape."""
    height, width = shape
    if depth.shape == (height, width):
        return depth
    return np.asarray(cv2.resize(depth, (width, height), interpolation=cv2.INTER_LINEAR))


def window(shape: tuple[int, ...], crop: Sequence[float] | None) -> np.ndarray:
    """Return a mask (H, W) that is true inside ``crop`` (top, bottom, left, right)."""
    inside = np.full(shape, crop is None)
    if crop is not None:
        ends = zip(crop, (shape[0], shape[0], shape[1], shape[1]), strict=True)
        top, bottom, left, right = (
            int(end * side) if isinstance(end, float) else end for end, side in ends
        )
        inside[top:bottom, left:right] = True
    return inside


def error_sums(predicted: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Return ten sums over pixels (N,), all in metres and positive.

    They are the count, the squared, the relative and the absolute log10 errors, how many
    pixels are right within a factor of 1.25, 1.25^2 and 1.25^3, the squared errors over the true
    depth, and the natural logarithms of predicted over true depth, squared and plain.
    """
    predicted, true = predicted.astype(np.float64), true.astype(np.float64)
    gap, log_ratio = predicted - true, np.log(predicted) - np.log(true)
    ratio = np.maximum(predicted / true, true / predicted)
    return np.array(
        [
            gap.size,
            np.square(gap).sum(),
            (np.abs(gap) / true).sum(),
            np.abs(np.log10(predicted / true)).sum(),
            *((ratio < _RATIO**power).sum() for power in (1, 2, 3)),
            (np.square(gap) / true).sum(),
            np.square(log_ratio).sum(),
            log_ratio.sum(),
        ],
        dtype=np.float64,
    )


def errors(sums: np.ndarray) -> dict[str, float]:
    """Return the errors of :func:`error_sums`: RMSE in metres, accuracies as fractions.

    ``sq_rel`` (m) and ``rmse_log`` (natural logarithm) are those of Eigen et al. (arXiv
    1406.2283); ``silog`` is that of KITTI's benchmark, 100 times the standard deviation of the
    logarithms. Eigen's own scale-invariant error takes off half of the squared mean only, and is
    not multiplied.
    """
    squared, *others, log_squared, log_mean = (sums[1:] / sums[0]).tolist()
    keys = ('abs_rel', 'log10', 'delta1', 'delta2', 'delta3', 'sq_rel')
    # rounding may leave a little less than nothing
    spread = max(log_squared - log_mean**2, 0.0)
    return {
        'rmse': math.sqrt(squared),
        **dict(zip(keys, others, strict=True)),
        'rmse_log': math.sqrt(log_squared),
        'silog': 100 * math.sqrt(spread),
    }


def outcomes_of(results: Sequence[np.ndarray]) -> dict[str, Measured]:
    """Return what each picture adds to the numbers; ``silog_pooled`` is no ratio of sums."""
    sums = np.stack(results)
    counts = sums[:, 0].astype(np.int64)
    is_scored = counts > 0
    of_images = [errors(one) if one[0] else {} for one in results]
    keys = next(found for found in of_images if found)
    per_image = {
        key: Measured(Ratios(np.array([found.get(key, 0.0) for found in of_images]), is_scored))
        for key in keys
    }
    totals = {key: column for column, key in enumerate(_POOLED, start=1)}
    pooled = {
        f'{key}_pooled': Measured(
            Ratios(sums[:, totals[key]], counts, is_root=key in ('rmse', 'rmse_log'))
        )
        for key in keys
        if key in totals
    }
    return {**per_image, **pooled}
