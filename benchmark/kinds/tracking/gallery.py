"""Strips of frames with the true and the predicted box."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np

from benchmark.kinds.common.gallery import Colour, Gallery, Picture, caption, fit
from benchmark.kinds.tracking.toolkits import overlap
from benchmark.openmmlab.decoding import read_placed
from benchmark.registry import HOOKS

_STILLS = 4
_GAP = 6
_TRUTH, _PREDICTION = (80, 200, 60), (60, 60, 230)


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
