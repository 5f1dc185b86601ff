"""Segmentation heads that the OpenMMLab libraries do not have."""

from __future__ import annotations

from typing import Any

from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from torch import Tensor, nn

from benchmark.registry import MODELS


@MODELS.register_module()
class LinearSegmentationHead(BaseDecodeHead):
    """A linear classifier per cell: batch norm, then a 1x1 convolution (DINOv2, arXiv 2304.07193).

    Takes the arguments of mmseg's decode heads; ``channels`` must equal the channels that the head
    sees, those of all maps together where it stacks several.
    """

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.norm = nn.BatchNorm2d(self.channels)

    def forward(self, maps: tuple[Tensor, ...]) -> Tensor:
        """Return logits (B, classes, h, w) for the maps that ``in_index`` names."""
        return self.cls_seg(self.norm(self._transform_inputs(maps)))
