"""The tracker: trained on pairs of crops, tested on whole videos."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from mmengine.model import BaseDataPreprocessor, BaseModel
from mmengine.structures import BaseDataElement
from torch import Tensor

from benchmark.kinds.common.necks import resample
from benchmark.kinds.tracking.fusion import TokenFusion
from benchmark.kinds.tracking.head import L1_WEIGHT, Cells, Response, ResponseHead, response_losses
from benchmark.registry import MODELS

Respond = Callable[[Tensor], Response]


class Target(NamedTuple):
    """Maps (B, C, t, t) of templates, and the targets' width and height in them (B, 2)."""

    features: Tensor
    shapes: Tensor


class Place(Protocol):
    """Where in its frame a crop lies."""

    def to_image(self, box: np.ndarray) -> np.ndarray:
        """Return the box x, y, width, height (4,) of the crop in pixels of the frame."""


class Footage(Protocol):
    """What a tracker needs of a video; ``frame_size`` is (width, height) in pixels."""

    frame_size: tuple[int, int]

    def __len__(self) -> int:
        """Return the number of frames."""

    def template(self, index: int, box: np.ndarray) -> Tensor:
        """Return frame ``index`` closely around ``box`` (4,), RGB (3, t, t)."""

    def search(self, index: int, box: np.ndarray) -> tuple[Tensor, Place]:
        """Return frame ``index`` widely around ``box`` (4,), RGB (3, s, s), and its place."""


@MODELS.register_module()
class TrackingPreprocessor(BaseDataPreprocessor):
    """Moves crops to the device and normalises them.

    Args:
        mean: of the red, green and blue channel on the 0-255 scale.
        std: likewise.
    """

    def __init__(self, *, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        self.register_buffer('mean', torch.tensor(mean).view(-1, 1, 1), persistent=False)
        self.register_buffer('std', torch.tensor(std).view(-1, 1, 1), persistent=False)

    def forward(self, data: dict[str, Any], training: bool = False) -> dict[str, Any]:
        """Return the batch with its crops normalised; videos pass as they are."""
        batch: dict[str, Any] = self.cast_data(data)
        for key in {'template', 'search'} & batch.keys():
            batch[key] = self.normalise(batch[key])
        return batch

    def normalise(self, crops: Tensor) -> Tensor:
        """Return crops (B, 3, h, w) of 0 to 255 on the device, normalised."""
        return (crops.to(self.mean.device).float() - self.mean) / self.std


@MODELS.register_module()
class SiameseTracker(BaseModel):
    """One backbone sees template and search region; a transformer fuses them (SwinTrack).

    Args:
        data_preprocessor: configuration of the preprocessor.
        backbone: configuration of the backbone.
        fusion: the arguments of :class:`TokenFusion`.
        level: which of the backbone's maps is used.
        level_stride: its stride in pixels.
        stride: stride to which it is resampled, in pixels.
        template_size: side of the template in pixels, a multiple of ``stride``.
        search_size: likewise of the search region.
        search_factor: side of the search region in target sizes.
        window_penalty: share of the cosine window in the score at test time.
        min_side: least width and height of a predicted box in pixels.
        l1_weight: of the distance of boxes in the loss; 0 leaves it out.
    """

    def __init__(
        self,
        *,
        data_preprocessor: dict[str, Any],
        backbone: dict[str, Any],
        fusion: dict[str, Any],
        level: int,
        level_stride: int,
        stride: int,
        template_size: int,
        search_size: int,
        search_factor: float,
        window_penalty: float,
        min_side: float,
        l1_weight: float = L1_WEIGHT,
        init_cfg: None = None,
    ) -> None:
        super().__init__(data_preprocessor, init_cfg)
        self.backbone = MODELS.build(backbone)
        self.fusion = TokenFusion(**fusion)
        count, reference = search_size // stride, search_size / search_factor
        self.cells = Cells(count=count, stride=stride, reference=reference)
        self.head = ResponseHead(width=self.fusion.width, cells=self.cells)
        self._level, self._level_stride, self._stride = level, level_stride, stride
        self._template_cells = template_size // stride
        self._window_penalty = window_penalty
        self._min_side = min_side
        self._l1_weight = l1_weight

    def forward(
        self,
        template: Any = None,
        search: Any = None,
        shapes: Any = None,
        boxes: Any = None,
        data_samples: list[BaseDataElement] | None = None,
        mode: str = 'tensor',
    ) -> Any:
        """Return losses of pairs, tracked videos, or the response, as mmengine's ``mode`` asks."""
        if mode == 'predict':
            return [self.track(sample) for sample in data_samples or ()]
        response = self.respond(self.look_at(template, shapes), search)
        if mode != 'loss':
            return response
        return response_losses(response, boxes, self.cells, self._l1_weight)

    def look_at(self, templates: Tensor, shapes: Tensor) -> Target:
        """Return the targets of normalised templates (B, 3, t, t), sized ``shapes`` (B, 2)."""
        return Target(self._map(templates, self._template_cells), shapes)

    def respond(self, target: Target, search: Tensor) -> Response:
        """Return the response of normalised search regions (B, 3, s, s) to targets."""
        found = self._map(search, self.cells.side // self._stride)
        response: Response = self.head(self.fusion(target.features, found), target.shapes)
        return response

    def _map(self, crops: Tensor, side: int) -> Tensor:
        features = self.backbone(crops)[self._level]
        # backbones pad crops to a multiple of their stride: the cells beyond are no image
        return resample(features, self._level_stride, self._stride)[..., :side, :side]

    def track(self, sample: BaseDataElement) -> BaseDataElement:
        """Return ``sample`` with ``boxes`` (n, 4), tracked from the true box of frame 1."""
        video, start = sample.video, sample.truth[0]
        template = self._batch_of_one(video.template(0, start))
        target = self.look_at(template, torch.from_numpy(start[None, 2:]).to(template))

        def respond(crop: Tensor) -> Response:
            return self.respond(target, self._batch_of_one(crop))

        sample.boxes = track(
            video, start, respond, window_penalty=self._window_penalty, min_side=self._min_side
        )
        return sample

    def _batch_of_one(self, crop: Tensor) -> Tensor:
        return self.data_preprocessor.normalise(crop[None])


def track(
    video: Footage,
    start: np.ndarray,
    respond: Respond,
    *,
    window_penalty: float,
    min_side: float,
) -> np.ndarray:
    """Return boxes (n, 4) in frame pixels, each searched for around the one before.

    Args:
        video: the frames.
        start: box (4,) in the first frame: left, top, width and height in pixels.
        respond: returns the response to a crop.
        window_penalty: share of the score that a cosine window around the last place decides.
        min_side: least side of a box in pixels.
    """
    boxes = [np.asarray(start, float)]
    for index in range(1, len(video)):
        crop, place = video.search(index, boxes[-1])
        found = best_box(respond(crop), window_penalty)
        boxes.append(keep_inside(place.to_image(found), video.frame_size, min_side))
    return np.stack(boxes)


def best_box(response: Response, window_penalty: float) -> np.ndarray:
    """Return the box (4,) of the best cell, crop pixels; a Hann window favours the centre."""
    scores = response.logits[0].sigmoid()
    side = round(len(scores) ** 0.5)
    ramp = torch.hann_window(side, periodic=False).to(scores)
    window = torch.outer(ramp, ramp).flatten()
    best = ((1 - window_penalty) * scores + window_penalty * window).argmax()
    left, top, right, bottom = response.boxes[0, best].tolist()
    return np.array([left, top, right - left, bottom - top])


def keep_inside(box: np.ndarray, frame_size: tuple[int, int], min_side: float) -> np.ndarray:
    """Return ``box`` (4,) cut at the frame such that ``min_side`` px remain in both directions."""
    limit = np.asarray(frame_size, float)
    low = np.clip(box[:2], 0, limit - min_side)
    high = np.clip(box[:2] + box[2:], low + min_side, limit)
    return np.concatenate([low, high - low])
