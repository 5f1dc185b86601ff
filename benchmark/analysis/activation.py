"""Class activation maps and what they show, as pure functions on arrays.

Eigen-CAM (arXiv 2008.00299) is ten lines here rather than a library: grad-cam's leaves the sign
of the component to the linear algebra underneath, so that which side of a map is bright would
differ between machines; and it brings scikit-learn, with which mmdet takes seconds longer to
import. The tests compare with it, up to that sign.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt
from scipy import stats

Floats = npt.NDArray[np.floating]
Mask = npt.NDArray[np.bool_]
Labels = npt.NDArray[np.integer]

THRESHOLD = 0.5
"""Share of its largest value from which on a map counts as active."""

SMALLEST_REGION = 0.005
"""Share of the picture that a region must cover to be counted."""


def eigen_map(features: Floats) -> Floats:
    """Return the projection of ``features`` (C, h, w) on their first principal component.

    Its sign is such that the strongest deviation from the mean is positive.
    """
    rows = features.reshape(len(features), -1).T.astype(np.float64)
    rows = rows - rows.mean(0)
    _, _, directions = np.linalg.svd(rows, full_matrices=False)
    projection = (rows @ directions[0]).reshape(features.shape[1:])
    return projection if projection.max() >= -projection.min() else -projection


def gradient_map(features: Floats, gradients: Floats) -> Floats:
    """Return Grad-CAM (arXiv 1610.02391): channels (C, h, w) weighted by their mean gradient."""
    return np.tensordot(gradients.mean((1, 2)), features, axes=1)


def normalise_map(activation: Floats, size: tuple[int, int]) -> Floats:
    """Return the positive part of a map at (height, width), from 0 to 1."""
    positive = np.maximum(activation, 0).astype(np.float32)
    large = cv2.resize(positive, size[::-1], interpolation=cv2.INTER_LINEAR)
    top = large.max()
    return np.asarray(large / top if top > 0 else large, dtype=np.float64)


def regions(active: Mask) -> Labels:
    """Return the connected regions of ``active`` (H, W), numbered from 1; small ones are 0."""
    count, labels, statistics, _ = cv2.connectedComponentsWithStats(
        active.astype(np.uint8), connectivity=8
    )
    areas = statistics[:, cv2.CC_STAT_AREA]
    kept = [i for i in range(1, count) if areas[i] >= SMALLEST_REGION * active.size]
    numbers = np.zeros(count, dtype=np.int64)
    numbers[kept] = np.arange(1, len(kept) + 1)
    return numbers[labels]


class Seen(NamedTuple):
    """What a map shows of a picture; what needs labels is NaN without an object.

    Attributes:
        regions: distinct active regions.
        active: share of the picture that is active.
        coverage: share of the object that is active.
        precision: share of what is active that lies on the object.
        auc: probability that a pixel of the object is brighter than one beside it.
        parts: share of the object's parts that are at least half active.
        purity: share of the active object pixels that show their region's most frequent part.
    """

    regions: float
    active: float
    coverage: float
    precision: float
    auc: float
    parts: float
    purity: float


def judge(activation: Floats, part_labels: Labels | None) -> Seen:
    """Return what ``activation`` (H, W), from 0 to 1, shows.

    Args:
        activation: the map.
        part_labels: number of the object's part at each pixel, 0 beside it; ``None`` if unknown.
    """
    active = activation >= THRESHOLD
    numbers = regions(active)
    nothing = Seen(float(numbers.max()), float(active.mean()), *[float('nan')] * 5)
    if part_labels is None or not part_labels.any() or (part_labels > 0).all():
        return nothing
    on_object = part_labels > 0
    covered = [float(active[part_labels == p].mean()) for p in np.unique(part_labels[on_object])]
    return nothing._replace(
        coverage=float(active[on_object].mean()),
        precision=float(on_object[active].mean()) if active.any() else float('nan'),
        auc=_auc(activation[on_object], activation[~on_object]),
        parts=float(np.mean([share >= 0.5 for share in covered])),
        purity=_purity(numbers, part_labels),
    )


def _auc(inside: Floats, outside: Floats) -> float:
    ranks = stats.rankdata(np.concatenate([inside, outside]))
    above = ranks[: len(inside)].sum() - len(inside) * (len(inside) + 1) / 2
    return float(above / (len(inside) * len(outside)))


def _purity(numbers: Labels, part_labels: Labels) -> float:
    on_object = (numbers > 0) & (part_labels > 0)
    if not on_object.any():
        return float('nan')
    largest = sum(
        np.bincount(part_labels[on_object & (numbers == number)]).max()
        for number in np.unique(numbers[on_object])
    )
    return float(largest / on_object.sum())
