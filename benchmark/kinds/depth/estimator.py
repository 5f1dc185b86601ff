"""Window-wise testing of depth."""

from __future__ import annotations

from typing import Any

from mmseg.models.segmentors import DepthEstimator
from torch import Tensor
from torch.nn import functional

from benchmark.registry import MODELS


@MODELS.register_module()
class WindowedDepthEstimator(DepthEstimator):
    """mmseg's estimator, tested on windows only at whole multiples of the stride.

    mmseg adds a last window at the right end; the official code of arXiv 2205.13543 leaves the
    columns beyond the last multiple undefined. Here they get the depth of the last defined column.
    """

    def slide_flip_inference(self, inputs: Tensor, batch_img_metas: list[dict[str, Any]]) -> Tensor:
        """Return depth (B, 1, H, W) in metres, mean over windows and their mirror images."""
        width, window = inputs.shape[3], self.test_cfg['crop_size'][1]
        beyond = max(width - window, 0) % self.test_cfg['stride'][1]
        seen = inputs[..., : width - beyond]
        depth = super().slide_flip_inference(seen, batch_img_metas)
        return functional.pad(depth, (0, beyond, 0, 0), mode='replicate')
