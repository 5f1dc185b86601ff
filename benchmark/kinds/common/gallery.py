"""Pictures of predictions next to the ground truth, for a few test samples."""

from __future__ import annotations

import abc
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import cv2
import numpy as np
from mmengine.dist import all_gather_object, get_dist_info
from mmengine.hooks import Hook

from benchmark.errors import DataError
from benchmark.openmmlab.decoding import read_placed, read_upright

if TYPE_CHECKING:
    from mmengine.runner import Runner

SIDE = 224
"""Length of a drawn panel's longer side, in pixels."""

_COUNT = 4
_BAND = 22
_GAP = 6
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_FONT_SCALE = 0.42

Colour = tuple[int, int, int]


class Picture(NamedTuple):
    """Ground truth and prediction of one sample as BGR images (H, W, 3) of equal size."""

    truth: np.ndarray
    prediction: np.ndarray


class Gallery(Hook, abc.ABC):
    """Writes one PNG per sample: ground truth on the left, prediction on the right.

    Samples are spread evenly over the test set, the same ones for every backbone.

    Args:
        folder: where to write ``prediction_0.png`` and so on.
        classes: names by label.
        count: how many samples.
    """

    priority = 'LOW'
    is_placed = True
    """Whether labels have positions in the picture, which is then not rotated."""

    def __init__(self, *, folder: str, classes: Sequence[str], count: int = _COUNT) -> None:
        self.classes = tuple(classes)
        self.files: list[str] = []
        self._folder = Path(folder)
        self._count = count
        self._wanted: dict[int, int] = {}
        self._seen, self._step = 0, 1

    @abc.abstractmethod
    def draw(self, image: np.ndarray, sample: Any) -> Picture:
        """Return the drawn truth and prediction for a BGR ``image`` at its size on disk."""

    @abc.abstractmethod
    def truth(self, image: np.ndarray, sample: Any) -> np.ndarray:
        """Return the drawn truth for a BGR ``image`` at its size on disk."""

    def show(self, sample: Any) -> np.ndarray:
        """Return the picture of a sample with its labels, BGR (H, W, 3)."""
        return fit(self.truth(self.read(sample), sample))

    def before_test(self, runner: Runner) -> None:
        """Choose the samples."""
        dataset = runner.test_dataloader.dataset
        self.name_classes(dataset)
        total = len(dataset)
        count = min(self._count, total)
        self._wanted = {(2 * i + 1) * total // (2 * count): i for i in range(count)}
        # several processes take the samples in turn
        self._seen, self._step = get_dist_info()

    def name_classes(self, dataset: Any) -> None:
        """Take the class names from the data set, if the task does not declare them."""
        names = getattr(dataset, 'metainfo', {}).get('classes') or ()
        self.classes = tuple(names) if len(names) == len(self.classes) else self.classes

    def after_test_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Draw the chosen samples of the batch."""
        for sample in outputs or ():
            if self._seen in self._wanted:
                # without gaps, unless another process has the numbers in between
                alone = self._step == 1
                self._write(sample, len(self.files) if alone else self._wanted[self._seen])
            self._seen += self._step

    def after_test(self, runner: Runner) -> None:
        """Collect the list of pictures from the other processes."""
        self.files = sorted(name for files in all_gather_object(self.files) for name in files)

    def read(self, sample: Any) -> np.ndarray:
        """Return a sample's picture, BGR (H, W, 3), in the orientation of its labels."""
        if self.is_placed:
            return read_placed(sample.img_path, _shape_of(sample))
        return read_upright(sample.img_path)

    def _write(self, sample: Any, number: int) -> None:
        try:
            image = self.read(sample)
        except DataError:  # the picture was readable before; a drawing must not fail the run
            return
        panels = [fit(panel) for panel in self.draw(image, sample)]
        gap = np.full((panels[0].shape[0], _GAP, 3), 255, np.uint8)
        name = f'prediction_{number}.png'
        self._folder.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(self._folder / name), np.hstack([panels[0], gap, panels[1]]))
        self.files.append(name)


def _shape_of(sample: Any) -> tuple[int, int] | None:
    """Return the height and width of a sample's picture when it was read, if known."""
    shape = getattr(sample, 'ori_shape', None)
    return None if shape is None else (int(shape[0]), int(shape[1]))


def fit(image: np.ndarray) -> np.ndarray:
    """Return ``image`` scaled so that its longer side has :data:`SIDE` pixels."""
    scale = SIDE / max(image.shape[:2])
    interpolation = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    return cv2.resize(image, None, fx=scale, fy=scale, interpolation=interpolation)


def caption(image: np.ndarray, text: str, *, is_right: bool = True) -> np.ndarray:
    """Return ``image``, enlarged, with a line of text below: dark, or red when wrong."""
    panel = fit(image)
    band = np.full((_BAND, panel.shape[1], 3), 250, np.uint8)
    colour = (60, 60, 60) if is_right else (40, 40, 200)
    (length, _), _ = cv2.getTextSize(text, _FONT, _FONT_SCALE, 1)
    scale = _FONT_SCALE * min(1.0, (panel.shape[1] - 8) / max(length, 1))
    cv2.putText(band, text, (4, 15), _FONT, scale, colour, 1, cv2.LINE_AA)
    return np.vstack([panel, band])


def palette(count: int) -> list[Colour]:
    """Return ``count`` well separated BGR colours, the same ones every time."""
    hues = (np.arange(count) * 0.61803398875 + 0.55) % 1.0 * 180
    hsv = np.stack([hues, np.full(count, 190), np.full(count, 235)], axis=-1).astype(np.uint8)
    colours = cv2.cvtColor(hsv[None], cv2.COLOR_HSV2BGR)[0]
    return [(int(b), int(g), int(r)) for b, g, r in colours]
