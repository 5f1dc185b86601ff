"""One-pass evaluation of tracking as the GOT-10k toolkit defines it, and strips of frames."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np
from mmengine.evaluator import BaseMetric

from benchmark.errors import DataError
from benchmark.kinds.common.gallery import Colour, Gallery, Picture, caption, fit
from benchmark.openmmlab.decoding import read_placed
from benchmark.registry import HOOKS, METRICS

_ORIGIN = np.array([1.0, 1.0, 0.0, 0.0])
_OVERLAPS = np.linspace(0, 1, 21)
_NEAR = 20
_NEAR_SHARE = 0.2

_STILLS = 4
_GAP = 6
_TRUTH, _PREDICTION = (80, 200, 60), (60, 60, 230)


class Track(NamedTuple):
    """Predicted and true boxes (n, 4) in pixels, visibility (n,) and (width, height) of frames."""

    boxes: np.ndarray
    truth: np.ndarray
    visible: np.ndarray
    frame_size: tuple[int, int]


@METRICS.register_module()
class TrackingMetric(BaseMetric):
    """AO, SR50 and SR75 of GOT-10k; success AUC and precision of OTB; LaSOT's normalised one."""

    def process(self, data_batch: Any, data_samples: Sequence[dict[str, Any]]) -> None:
        """Keep the tracks of whole videos."""
        for sample in data_samples:
            self.results.append(Track(*(sample[field] for field in Track._fields)))

    def compute_metrics(self, results: list[tuple[Any, ...]]) -> dict[str, float]:
        """Return all scores as fractions."""
        # mmengine's gathering makes plain tuples of named ones
        tracks = [Track(*result) for result in results]
        return {**got10k_scores(tracks), **otb_scores(tracks)}


def got10k_scores(tracks: Sequence[Track]) -> dict[str, float]:
    """Return average overlap and success rates over the frames of all videos together.

    As in the toolkit's ``ExperimentGOT10k``: frame 1 and frames with cover 0 do not count,
    boxes are clipped to the frame, and success is an overlap above the threshold.

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
    }


def _counted_overlaps(track: Track) -> np.ndarray:
    # the toolkit clips boxes that count from 1 as the files have them
    boxes, truth = (
        clip(boxes[1:] + _ORIGIN, track.frame_size) for boxes in (track.boxes, track.truth)
    )
    return overlap(boxes, truth)[track.visible[1:]]


def clip(boxes: np.ndarray, frame_size: tuple[int, int]) -> np.ndarray:
    """Return boxes (n, 4) clipped as the toolkit does it.

    A box that begins left of or above the frame is moved to its edge at full size.
    """
    limit = np.asarray(frame_size, float)
    corner = np.clip(boxes[:, :2], 0, limit)
    return np.concatenate([corner, np.clip(boxes[:, 2:], 0, limit - corner)], axis=1)


def overlap(boxes: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return the intersection over union (n,) of boxes and truth (n, 4), row by row."""
    low = np.maximum(boxes[:, :2], truth[:, :2])
    high = np.minimum(boxes[:, :2] + boxes[:, 2:], truth[:, :2] + truth[:, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=1)
    union = boxes[:, 2:].prod(axis=1) + truth[:, 2:].prod(axis=1) - shared
    ratio: np.ndarray = np.clip(shared / (union + np.finfo(float).eps), 0, 1)
    return ratio


def otb_scores(tracks: Sequence[Track]) -> dict[str, float]:
    """Return the mean over videos of success AUC, precision and normalised precision.

    As in the toolkit's ``ExperimentOTB``: frame 1 counts, boxes are not clipped, the AUC is the
    mean share of overlaps above 0, 0.05 ... 1, and precision the share of centres at most 20 px
    off. Normalised precision is the share of centres at most 0.2 true widths and heights off
    (LaSOT, arXiv 1809.07845). Where the target is hidden there is no truth to compare with.
    """
    scores = np.array([_otb_scores(track) for track in tracks if track.visible.any()])
    means = scores.mean(axis=0)
    return dict(zip(('success_AUC', 'precision', 'norm_precision'), means.tolist(), strict=True))


def _otb_scores(track: Track) -> tuple[float, float, float]:
    boxes, truth = track.boxes[track.visible], track.truth[track.visible]
    success = overlap(boxes, truth)[:, None] > _OVERLAPS
    off = boxes[:, :2] + boxes[:, 2:] / 2 - truth[:, :2] - truth[:, 2:] / 2
    relative = off / np.maximum(truth[:, 2:], 1)
    near = np.linalg.norm(off, axis=1) <= _NEAR
    relatively_near = np.linalg.norm(relative, axis=1) <= _NEAR_SHARE
    return float(success.mean()), float(near.mean()), float(relatively_near.mean())


class Still(NamedTuple):
    """True and predicted box (4,) of one frame, in pixels, and whether the target is visible."""

    truth: np.ndarray
    box: np.ndarray
    visible: bool

    @property
    def overlap(self) -> float:
        """Intersection over union of the two boxes."""
        return float(overlap(self.box[None], self.truth[None])[0])


@HOOKS.register_module()
class TrackingGallery(Gallery):
    """Strips of a few frames of a test video: true boxes above, predicted ones below."""

    def truth(self, image: np.ndarray, sample: Any) -> np.ndarray:
        """Return one frame with the true box of a :class:`Still`."""
        if not sample.visible:
            return caption(image, 'target hidden')
        return caption(_framed(image, sample.truth, _TRUTH), 'truth')

    def show(self, sample: Any) -> np.ndarray:
        """Return a few frames of a video with their true boxes, BGR (H, W, 3)."""
        drawn = []
        for index in _chosen(len(sample.truth)):
            still = Still(sample.truth[index], sample.truth[index], bool(sample.visible[index]))
            drawn.append(self.truth(read_placed(sample.video.frames[index]), still))
        return _in_a_row(drawn, np.full((*drawn[0].shape[:1], _GAP, 3), 255, np.uint8))

    def draw(self, image: np.ndarray, sample: Any) -> Picture:
        """Return one frame with the true and with the predicted box of a :class:`Still`."""
        if not sample.visible:
            return Picture(
                self.truth(image, sample), caption(_framed(image, sample.box, _PREDICTION), '')
            )
        score = f'overlap {sample.overlap:.2f}'
        predicted = _framed(image, sample.box, _PREDICTION)
        return Picture(
            self.truth(image, sample),
            caption(predicted, score, is_right=sample.overlap > 0.5),
        )

    def _write(self, sample: Any, number: int) -> None:
        stills = [self._still(sample, index) for index in _chosen(len(sample.boxes))]
        gap = np.full((*stills[0].truth.shape[:1], _GAP, 3), 255, np.uint8)
        rows = [_in_a_row(row, gap) for row in zip(*stills, strict=True)]
        name = f'prediction_{number}.png'
        self._folder.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(self._folder / name), np.vstack(rows))
        self.files.append(name)

    def _still(self, sample: Any, index: int) -> Picture:
        image = read_placed(sample.video.frames[index])
        still = Still(sample.truth[index], sample.boxes[index], bool(sample.visible[index]))
        return self.draw(image, still)


def _chosen(count: int) -> np.ndarray:
    """Return the indices of the frames of a strip."""
    return np.linspace(0, count - 1, _STILLS).round().astype(int)


def _in_a_row(panels: Sequence[np.ndarray], gap: np.ndarray) -> np.ndarray:
    parts = [part for panel in panels for part in (panel, gap)]
    return np.hstack(parts[:-1])


def _framed(image: np.ndarray, box: np.ndarray, colour: Colour) -> np.ndarray:
    canvas = fit(image)
    scale = canvas.shape[1] / image.shape[1]
    left, top, width, height = (float(side) * scale for side in box)
    corners = (round(left), round(top)), (round(left + width), round(top + height))
    cv2.rectangle(canvas, *corners, colour, 2, cv2.LINE_AA)
    return canvas
