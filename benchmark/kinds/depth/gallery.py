"""Depth maps drawn in one colour scale."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from benchmark.kinds.common.gallery import Gallery, Picture, fit
from benchmark.kinds.depth.metric import clipped, error_sums, errors, resized, within
from benchmark.registry import HOOKS

_UNLABELLED = (232, 232, 232)
_INK = (60, 60, 60)
_BAR = 14


@HOOKS.register_module()
class DepthGallery(Gallery):
    """Test images above their true depth, and the predicted depth in the same colours.

    Args:
        folder: where to write.
        classes: names by label, unused.
        min_depth: true depths beyond this are scored, in metres.
        max_depth: those below this.
        count: how many samples.
    """

    def __init__(
        self,
        *,
        folder: str,
        classes: Sequence[str],
        min_depth: float,
        max_depth: float,
        count: int = 4,
    ) -> None:
        super().__init__(folder=folder, classes=classes, count=count)
        self._range = (min_depth, max_depth)

    def truth(self, image: np.ndarray, sample: Any) -> np.ndarray:
        """Return the image above its true depth."""
        true = sample.gt_depth_map.data[0].cpu().numpy()
        is_scored = within(true, *self._range)
        scale = _colour_scale(true[is_scored], self._range)
        return _above(image, true, is_scored, scale)

    def show(self, sample: Any) -> np.ndarray:
        """Return the picture of a sample above its depth, BGR (H, W, 3)."""
        return self.truth(self.read(sample), sample)

    def draw(self, image: np.ndarray, sample: Any) -> Picture:
        """Return the image above the true depth, a legend above the predicted one.

        The errors in the legend are those of all labelled pixels, whatever window is scored.
        """
        true = sample.gt_depth_map.data[0].cpu().numpy()
        predicted = clipped(
            resized(sample.pred_depth_map.data[0].float().cpu().numpy(), true.shape), *self._range
        )
        is_scored = within(true, *self._range)
        scale = _colour_scale(true[is_scored], self._range)
        drawn = fit(coloured(predicted, scale))
        errors_of = error_sums(predicted[is_scored], true[is_scored])
        legend = _legend(drawn.shape, scale, errors_of)
        truth = _above(image, true, is_scored, scale)
        return Picture(truth, np.vstack([legend, drawn]))


def _above(
    image: np.ndarray, true: np.ndarray, is_scored: np.ndarray, scale: tuple[float, float]
) -> np.ndarray:
    """Return the image above its true depth (H, W), grey where that is not scored."""
    truth = np.where(is_scored[..., None], coloured(true, scale), np.array(_UNLABELLED, np.uint8))
    picture, panel = (fit(one) for one in (image, truth))
    return np.vstack([cv2.resize(picture, panel.shape[1::-1]), panel])


def _colour_scale(true: np.ndarray, limits: tuple[float, float]) -> tuple[float, float]:
    """Return the depths (m) of the first and last colour: those of all but a few true pixels."""
    if not true.size:
        return limits
    near, far = (float(end) for end in np.percentile(true, (1, 99)))
    return near, max(far, near + 1e-3)


def coloured(depth: np.ndarray, scale: tuple[float, float]) -> np.ndarray:
    """Return depth (H, W) in metres as BGR colours (H, W, 3): near is bright, far is dark."""
    near, far = scale
    share = np.clip((far - depth) / (far - near), 0, 1)
    return np.asarray(cv2.applyColorMap((255 * share).astype(np.uint8), cv2.COLORMAP_INFERNO))


def _legend(shape: tuple[int, ...], scale: tuple[float, float], sums: np.ndarray) -> np.ndarray:
    """Return a panel of ``shape`` with a bar of the colours, its ends, and the image's error."""
    height, width = shape[:2]
    panel = np.full((height, width, 3), 250, np.uint8)
    depths = np.linspace(*scale, width - 16)[None].repeat(_BAR, axis=0)
    panel[8 : 8 + _BAR, 8:-8] = coloured(depths, scale)
    _write(panel, f'{scale[0]:.2f} m', (8, 36))
    _write(panel, f'{scale[1]:.2f} m', (width - 66, 36))
    if sums[0]:
        found = errors(sums)
        _write(panel, f'RMSE {found["rmse"]:.3f} m', (8, 62))
        _write(panel, f'AbsRel {found["abs_rel"]:.3f}', (8, 82))
    return panel


def _write(panel: np.ndarray, text: str, place: tuple[int, int]) -> None:
    cv2.putText(panel, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.42, _INK, 1, cv2.LINE_AA)
