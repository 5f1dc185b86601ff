"""Pooling of regions of interest, with the signatures of mmcv's extension.

Regions are (K, 5): index of the image in the batch, then x1, y1, x2, y2 in pixels of the image.
The results are written into tensors that the caller allocates.
"""

from __future__ import annotations

import torch
import torchvision  # noqa: F401  (registers torch.ops.torchvision)
from torch import Tensor

from benchmark.errors import EnvironmentProblem
from benchmark.openmmlab.ops.precision import widen

_MAX = 0


def roi_align_forward(
    input: Tensor,
    rois: Tensor,
    output: Tensor,
    argmax_y: Tensor,
    argmax_x: Tensor,
    aligned_height: int,
    aligned_width: int,
    spatial_scale: float,
    sampling_ratio: int,
    pool_mode: int,
    aligned: bool,
) -> None:
    """Write the averages (K, C, aligned_height, aligned_width) of the regions into ``output``.

    Raises:
        EnvironmentProblem: ``pool_mode`` asks for maxima instead of averages.
    """
    if pool_mode == _MAX:
        raise EnvironmentProblem(
            "RoIAlign with pool_mode='max' needs mmcv's compiled extension, which is not usable"
            " here; set pool_mode='avg' or install an mmcv built with MMCV_WITH_OPS=1"
        )
    features = widen(input)
    output.copy_(
        torch.ops.torchvision.roi_align(
            features,
            rois.to(features),
            spatial_scale,
            aligned_height,
            aligned_width,
            sampling_ratio,
            aligned,
        )
    )


def roi_align_backward(
    grad_output: Tensor,
    rois: Tensor,
    argmax_y: Tensor,
    argmax_x: Tensor,
    grad_input: Tensor,
    aligned_height: int,
    aligned_width: int,
    spatial_scale: float,
    sampling_ratio: int,
    pool_mode: int,
    aligned: bool,
) -> None:
    """Write the gradient (N, C, H, W) of the averages into ``grad_input``."""
    gradient = widen(grad_output)
    grad_input.copy_(
        torch.ops.torchvision._roi_align_backward(
            gradient,
            rois.to(gradient),
            spatial_scale,
            aligned_height,
            aligned_width,
            *grad_input.shape,
            sampling_ratio,
            aligned,
        )
    )


def roi_pool_forward(
    input: Tensor,
    rois: Tensor,
    output: Tensor,
    argmax: Tensor,
    pooled_height: int,
    pooled_width: int,
    spatial_scale: float,
) -> None:
    """Write the maxima (K, C, pooled_height, pooled_width) and their places (same shape)."""
    features = widen(input)
    maxima, places = torch.ops.torchvision.roi_pool(
        features, rois.to(features), spatial_scale, pooled_height, pooled_width
    )
    output.copy_(maxima)
    argmax.copy_(places)


def roi_pool_backward(
    grad_output: Tensor,
    rois: Tensor,
    argmax: Tensor,
    grad_input: Tensor,
    pooled_height: int,
    pooled_width: int,
    spatial_scale: float,
) -> None:
    """Write the gradient (N, C, H, W) of the maxima into ``grad_input``."""
    gradient = widen(grad_output)
    grad_input.copy_(
        torch.ops.torchvision._roi_pool_backward(
            gradient,
            rois.to(gradient),
            argmax,
            spatial_scale,
            pooled_height,
            pooled_width,
            *grad_input.shape,
        )
    )
