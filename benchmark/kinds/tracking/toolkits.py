"""Scores of single-object tracking, as defined by the toolkit of each data set.

Every formula was read in the source that its function names. Boxes are x, y, width, height in
pixels. The toolkits compare boxes as the files hold them, which count from 1; of a
:class:`Track`, whose boxes count from 0, :func:`as_filed` gives them so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from benchmark.errors import DataError

_ORIGIN = np.array([1.0, 1.0, 0.0, 0.0])
_OVERLAPS = np.linspace(0, 1, 21)
_PIXELS = np.linspace(0, 50, 21)
_SHARES = np.linspace(0, 0.5, 21)
_NEAR = 20
_NEAR_SHARE = 0.2
_CURVES = ('success_AUC', 'precision', 'norm_precision')
_FAILED = -1.0
"""Overlap of a frame without success: below every threshold."""


class Track(NamedTuple):
    """Predicted and true boxes (n, 4) in pixels, visibility (n,) and (width, height) of frames."""

    boxes: np.ndarray
    truth: np.ndarray
    visible: np.ndarray
    frame_size: tuple[int, int]
    name: str = ''


def scores_by(toolkit: str, tracks: Sequence[Track]) -> dict[str, float]:
    """Return the scores of ``tracks`` by the named toolkit, as fractions.

    Raises:
        DataError: no frame counts, or the toolkit refuses the predictions.
    """
    return _SCORES[toolkit](tracks)


def by_video(toolkit: str, tracks: Sequence[Track]) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return each video's contribution to the scores: two arrays (videos,) of a ratio of sums.

    Videos that do not count have 0 in both.
    """
    if toolkit != 'got10k':
        alone = [_SCORES[toolkit]([track]) for track in tracks]
        ones = np.ones(len(tracks), np.uint8)
        return {key: (np.array([one[key] for one in alone]), ones) for key in alone[0]}
    overlaps = [_counted_overlaps(track) for track in tracks]
    frames = np.array([len(one) for one in overlaps])
    shown = np.array([bool(track.visible.any()) for track in tracks])
    curves = np.zeros((3, len(tracks)))
    for place in np.flatnonzero(shown):
        curves[:, place] = _visible_curves(tracks[place])
    return {
        'AO': (np.array([one.sum() for one in overlaps]), frames),
        'SR50': (np.array([(one > 0.5).sum() for one in overlaps]), frames),
        'SR75': (np.array([(one > 0.75).sum() for one in overlaps]), frames),
        **{key: (curve, shown) for key, curve in zip(_CURVES, curves, strict=True)},
    }


def got10k_scores(tracks: Sequence[Track]) -> dict[str, float]:
    """Return AO and success rates over the frames of all videos together, and curves per video.

    As in ``ExperimentGOT10k`` of got-10k/toolkit (got10k/experiments/got10k.py): frame 1 and
    frames with cover 0 do not count, boxes are clipped to the frame, and success is an overlap
    above the threshold. A prediction that is not finite makes the average NaN, there as here.
    ``success_AUC``, ``precision`` and ``norm_precision`` are not in that toolkit: they are
    :func:`_curves` over the same kind of frames, those that show the target.

    Raises:
        DataError: no frame counts.
    """
    overlaps = np.concatenate([_counted_overlaps(track) for track in tracks])
    if not overlaps.size:
        raise DataError('no test sequence shows its target after frame 1: nothing to score')
    return {
        'AO': float(overlaps.mean()),
        'SR50': float((overlaps > 0.5).mean()),
        'SR75': float((overlaps > 0.75).mean()),
        **_mean_curves([_visible_curves(track) for track in tracks if track.visible.any()]),
    }


def _counted_overlaps(track: Track) -> np.ndarray:
    # the toolkit clips boxes that count from 1 as the files have them
    boxes, truth = (
        clip(as_filed(boxes[1:]), track.frame_size) for boxes in (track.boxes, track.truth)
    )
    return overlap(boxes, truth)[track.visible[1:]]


def _visible_curves(track: Track) -> tuple[float, ...]:
    boxes, truth = track.boxes[track.visible], track.truth[track.visible]
    sides = np.maximum(truth[:, 2:], 1)
    return _curves(overlap(boxes, truth), *_distances(boxes, truth, sides))


def otb_scores(tracks: Sequence[Track]) -> dict[str, float]:
    """Return the mean over videos of success AUC and of precision at 20 px.

    As in ``ExperimentOTB`` of got-10k/toolkit (got10k/experiments/otb.py): every frame counts, the
    first one as right; boxes are not clipped; the AUC is the mean share of overlaps above 0, 0.05
    ... 1, so that a perfect tracker reaches 20/21. NaN in truth or prediction is a failure.
    """
    return _without_shares(_mean_curves([_otb_curves(track) for track in tracks]))


def _otb_curves(track: Track) -> tuple[float, ...]:
    truth = np.where(track.visible[:, None], track.truth, np.nan)
    boxes = _start_with_truth(track.boxes, truth)
    return _curves(overlap(boxes, truth), *_distances(boxes, truth, truth[:, 2:]))


def _without_shares(scores: Mapping[str, float]) -> dict[str, float]:
    return {key: value for key, value in scores.items() if key != 'norm_precision'}


def lasot_scores(tracks: Sequence[Track]) -> dict[str, float]:
    """Return the mean over videos of success AUC, precision and normalised precision.

    As in HengLan/LaSOT_Evaluation_Toolkit (utils/calc_seq_err_robust.m, utils/eval_tracker.m):
    shares are of all frames, and one without its target never counts as right. For a prediction
    that is NaN or has no area the one before is used. Where the target is visible, but its box
    begins left of or above pixel 1, overlap fails and the centre counts as right.
    """
    return _mean_curves([_lasot_curves(track) for track in tracks])


def _lasot_curves(track: Track) -> tuple[float, ...]:
    boxes, truth = as_filed(track.boxes), as_filed(track.truth)
    broken = np.isnan(boxes).any(axis=1) | (boxes[:, 2:] <= 0).any(axis=1)
    boxes, truth = (
        kept[track.visible]
        for kept in (_start_with_truth(_fill_missing(boxes, broken), truth), truth)
    )
    return _curves(*_measure_errors(boxes, truth), frames=len(track.visible))


def uav123_scores(tracks: Sequence[Track]) -> dict[str, float]:
    """Return the mean over videos of success AUC, precision and normalised precision.

    As in visionml/pytracking (pytracking/analysis/extract_results.py, data set ``uav``): shares
    are of all frames; where there is no target, or its box begins left of or above pixel 1,
    overlap fails and the centre counts as right.

    Raises:
        DataError: a prediction is not finite or has a side below 0, which that code refuses.
    """
    return _mean_curves([_uav123_curves(track) for track in tracks])


def _uav123_curves(track: Track) -> tuple[float, ...]:
    boxes = as_filed(track.boxes)
    if not np.isfinite(boxes).all() or (boxes[:, 2:] < 0).any():
        raise DataError(
            f'{track.name or "a sequence"}: a predicted box is not finite or has a side below '
            '0, which the toolkit of UAV123 refuses'
        )
    truth = np.where(track.visible[:, None], as_filed(track.truth), np.nan)
    empty = (boxes[:, 2:] == 0).any(axis=1) & ~np.isnan(truth).any(axis=1)
    return _curves(*_measure_errors(_start_with_truth(_fill_missing(boxes, empty), truth), truth))


def trackingnet_scores(tracks: Sequence[Track]) -> dict[str, float]:
    """Return the mean over videos of the areas under three curves.

    As in SilvioGiancola/TrackingNet-devkit (metrics.py): boxes are rounded to whole pixels, the
    first one is given, and every frame counts. Success is an overlap of at least 0, 0.05 ... 1,
    precision a centre at most 0, 2.5 ... 50 px off, normalised precision one at most 0, 0.025 ...
    0.5 of the true sides off; each is integrated by trapezoids over its thresholds, scaled to 1.
    NaN is a failure.
    """
    areas = np.array([_trackingnet_areas(track) for track in tracks]).mean(axis=0)
    keys = ('success_area', 'precision_area', 'norm_precision_area')
    return dict(zip(keys, areas.tolist(), strict=True))


def _trackingnet_areas(track: Track) -> tuple[float, ...]:
    truth = np.round(np.where(track.visible[:, None], as_filed(track.truth), np.nan))
    boxes = _start_with_truth(np.round(as_filed(track.boxes)), truth)
    with np.errstate(invalid='ignore', divide='ignore'):
        shared = _intersect(boxes, truth)
        ratio = shared / (boxes[:, 2:].prod(axis=1) + truth[:, 2:].prod(axis=1) - shared)
        off, relative = _distances(boxes, truth, truth[:, 2:])
    return (
        _area(ratio[:, None] >= _OVERLAPS),
        _area(off[:, None] <= _PIXELS),
        _area(relative[:, None] <= _SHARES),
    )


def _area(is_right: np.ndarray) -> float:
    """Return the area under curves (n, 21) of shares of correct frames, over a unit interval."""
    return float(np.trapezoid(is_right.mean(axis=0), dx=1 / (is_right.shape[1] - 1)))


def as_filed(boxes: np.ndarray) -> np.ndarray:
    """Return boxes (n, 4) counted from 0 as they are in files, counted from 1."""
    filed: np.ndarray = boxes + _ORIGIN
    return filed


def _start_with_truth(boxes: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return ``boxes`` with the true box in frame 1, which every tracker is given."""
    return np.concatenate([truth[:1], boxes[1:]])


def _fill_missing(boxes: np.ndarray, is_missing: np.ndarray) -> np.ndarray:
    """Return ``boxes`` with each missing one, except the first, replaced by the one before."""
    kept = boxes.copy()
    for index in np.flatnonzero(is_missing[1:]) + 1:
        kept[index] = kept[index - 1]
    return kept


def _measure_errors(boxes: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return overlap, distance and relative distance (n,) of boxes counted from 1.

    Where a number of the true box is not above 0, overlap fails and both distances count as 0.
    """
    is_valid = (truth > 0).all(axis=1)
    with np.errstate(invalid='ignore', divide='ignore'):
        off, relative = _distances(boxes, truth, truth[:, 2:])
    return (
        np.where(is_valid, overlap(boxes, truth), _FAILED),
        np.where(is_valid, off, 0.0),
        np.where(is_valid, relative, 0.0),
    )


def _distances(
    boxes: np.ndarray, truth: np.ndarray, sides: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return distances of centres (n,), in pixels and as shares of ``sides`` (n, 2)."""
    off = boxes[:, :2] + boxes[:, 2:] / 2 - truth[:, :2] - truth[:, 2:] / 2
    return np.linalg.norm(off, axis=1), np.linalg.norm(off / sides, axis=1)


def _curves(
    overlaps: np.ndarray, off: np.ndarray, relative: np.ndarray, *, frames: int | None = None
) -> tuple[float, ...]:
    """Return success AUC, precision at 20 px and at 0.2 of the sides, as shares of ``frames``."""
    count = frames or len(overlaps)
    success = (overlaps[:, None] > _OVERLAPS).sum() / _OVERLAPS.size
    near = (off <= _NEAR).sum(), (relative <= _NEAR_SHARE).sum()
    return float(success / count), float(near[0] / count), float(near[1] / count)


def _mean_curves(videos: Sequence[tuple[float, ...]]) -> dict[str, float]:
    means = np.array(videos).mean(axis=0)
    return dict(zip(_CURVES, means.tolist(), strict=True))


def clip(boxes: np.ndarray, frame_size: tuple[int, int]) -> np.ndarray:
    """Return boxes (n, 4) clipped as in GOT-10k's toolkit.

    A box that begins left of or above the frame is moved to its edge at full size.
    """
    limit = np.asarray(frame_size, float)
    corner = np.clip(boxes[:, :2], 0, limit)
    return np.concatenate([corner, np.clip(boxes[:, 2:], 0, limit - corner)], axis=1)


def overlap(boxes: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return the intersection over union (n,) of boxes and truth (n, 4), row by row."""
    shared = _intersect(boxes, truth)
    union = boxes[:, 2:].prod(axis=1) + truth[:, 2:].prod(axis=1) - shared
    ratio: np.ndarray = np.clip(shared / (union + np.finfo(float).eps), 0, 1)
    return ratio


def _intersect(boxes: np.ndarray, truth: np.ndarray) -> np.ndarray:
    low = np.maximum(boxes[:, :2], truth[:, :2])
    high = np.minimum(boxes[:, :2] + boxes[:, 2:], truth[:, :2] + truth[:, 2:])
    area: np.ndarray = np.clip(high - low, 0, None).prod(axis=1)
    return area


_SCORES: Mapping[str, Callable[[Sequence[Track]], dict[str, float]]] = {
    'got10k': got10k_scores,
    'lasot': lasot_scores,
    'otb': otb_scores,
    'trackingnet': trackingnet_scores,
    'uav123': uav123_scores,
}
