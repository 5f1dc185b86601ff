"""Two-stage detectors that also track objects, on clips (N, T, 3, H, W)."""

from __future__ import annotations

from typing import Any

from mmdet.models import FasterRCNN
from mmdet.models.mot.qdtrack import QDTrack
from mmdet.registry import MODELS as MMDET_MODELS
from torch import Tensor

from benchmark.registry import MODELS


@MODELS.register_module()
class QuasiDenseRCNN(FasterRCNN):
    """QDTrack whose detector is the model itself, so that its backbone is the model's.

    Args:
        track_head: configuration of the head that embeds regions.
        tracker: configuration of the association.
        detector: the arguments of the detector.
    """

    def __init__(
        self, *, track_head: dict[str, Any], tracker: dict[str, Any], **detector: Any
    ) -> None:
        super().__init__(**detector)
        self.track_head = MMDET_MODELS.build(track_head)
        self.tracker = MMDET_MODELS.build(tracker)

    @property
    def detector(self) -> QuasiDenseRCNN:
        """The detector, under the name that mmdet's QDTrack expects."""
        return self

    loss = QDTrack.loss
    predict = QDTrack.predict


@MODELS.register_module()
class ByteRCNN(FasterRCNN):
    """A detector trained on the key frames only, and ByteTrack's association.

    Args:
        tracker: configuration of the association.
        detector: the arguments of the detector.
    """

    def __init__(self, *, tracker: dict[str, Any], **detector: Any) -> None:
        super().__init__(**detector)
        self.tracker = MMDET_MODELS.build(tracker)

    def loss(self, inputs: Tensor, data_samples: list[Any]) -> dict[str, Tensor]:
        """Return the detector's losses on the key frame of every clip."""
        keys = [sample.key_frames_inds[0] for sample in data_samples]
        frames = inputs[range(len(keys)), keys].contiguous()
        losses: dict[str, Tensor] = super().loss(
            frames, [sample[key] for sample, key in zip(data_samples, keys, strict=True)]
        )
        return losses

    def predict(self, inputs: Tensor, data_samples: list[Any], rescale: bool = True) -> list[Any]:
        """Return the single clip of the batch with the tracks of every frame."""
        (clip,) = data_samples
        if clip[0].frame_id == 0:
            self.tracker.reset()
        for index in range(len(clip)):
            (frame,) = super().predict(inputs[:, index].contiguous(), [clip[index]], rescale)
            frame.pred_track_instances = self.tracker.track(data_sample=frame)
        return [clip]
