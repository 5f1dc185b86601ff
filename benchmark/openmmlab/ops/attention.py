"""Multi-scale deformable attention, with the signatures of mmcv's extension."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import grid_sample

from benchmark.openmmlab.ops.precision import widen


def ms_deform_attn_forward(
    value: Tensor,
    spatial_shapes: Tensor,
    level_start_index: Tensor,
    sampling_loc: Tensor,
    attn_weight: Tensor,
    im2col_step: int,
) -> Tensor:
    """Return the attention (N, queries, heads * channels) of arXiv:2010.04159 over all levels.

    Args:
        value: (N, keys, heads, channels), the levels one after the other.
        spatial_shapes: (levels, 2), height and width.
        level_start_index: (levels,), implied by ``spatial_shapes``.
        sampling_loc: (N, queries, heads, levels, points, 2), x and y, 0 to 1 inside the image.
        attn_weight: (N, queries, heads, levels, points).
        im2col_step: not used.
    """
    sampled = _attend(widen(value), spatial_shapes, widen(sampling_loc), widen(attn_weight))
    return sampled.to(value)


def ms_deform_attn_backward(
    value: Tensor,
    spatial_shapes: Tensor,
    level_start_index: Tensor,
    sampling_loc: Tensor,
    attn_weight: Tensor,
    grad_output: Tensor,
    grad_value: Tensor,
    grad_sampling_loc: Tensor,
    grad_attn_weight: Tensor,
    im2col_step: int,
) -> None:
    """Write the gradients by values, sampling locations and attention weights."""
    inputs = [widen(x).detach().requires_grad_() for x in (value, sampling_loc, attn_weight)]
    with torch.enable_grad():
        output = _attend(inputs[0], spatial_shapes, inputs[1], inputs[2])
    gradients = torch.autograd.grad(output, inputs, grad_output.to(output))
    targets = (grad_value, grad_sampling_loc, grad_attn_weight)
    for target, gradient in zip(targets, gradients, strict=True):
        target.copy_(gradient)


def _attend(value: Tensor, spatial_shapes: Tensor, locations: Tensor, weights: Tensor) -> Tensor:
    """Return the weighted sum (N, queries, heads * channels) of bilinear samples of all levels."""
    batch, _, heads, channels = value.shape
    queries = locations.shape[1]
    shapes = spatial_shapes.tolist()
    # (N * heads, channels, keys) and (N * heads, queries, levels, points, 2), in grid_sample's
    # coordinates from -1 to 1
    maps = torch.split(value.permute(0, 2, 3, 1).flatten(0, 1), [h * w for h, w in shapes], dim=2)
    grids = (2 * locations - 1).transpose(1, 2).flatten(0, 1)
    samples = [
        grid_sample(
            level.reshape(*level.shape[:2], *shape), grids[:, :, index], align_corners=False
        )
        for index, (level, shape) in enumerate(zip(maps, shapes, strict=True))
    ]
    # (N * heads, channels, queries, levels, points) times (N * heads, 1, queries, levels, points)
    weighted = torch.stack(samples, dim=3) * weights.transpose(1, 2).flatten(0, 1)[:, None]
    summed = weighted.sum(dim=(3, 4)).reshape(batch, heads * channels, queries)
    return summed.transpose(1, 2).contiguous()
