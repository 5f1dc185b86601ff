"""The network of the theory and its losses, for all seeds at once.

Kernels W are (seeds, d, R); the encoder's output for a patch is the smoothed ReLU of its
correlation with each kernel, for a picture the sum over patches.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

POWER = 4
"""q: the smoothed ReLU grows like z ** q below its bend."""


class _SmoothedRelu(torch.autograd.Function):
    """The smoothed ReLU with its derivative kept: half the work of tracing it."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, bend: float) -> Tensor:
        low = values.clamp(0, bend)
        share = low / bend
        slope = share.square().mul_(share)
        ctx.save_for_backward(slope)
        return (low * slope).div_(POWER).add_(values.relu()).sub_(low)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (slope,) = ctx.saved_tensors
        return gradients[0] * slope, None


def smoothed_relu(values: Tensor, bend: float) -> Tensor:
    """Return z ** 4 / (4 bend ** 3) up to the bend, z - 3/4 bend beyond it, 0 below 0."""
    result: Tensor = _SmoothedRelu.apply(values, bend)
    return result


def encode(patches: Tensor, kernels: Tensor, bend: float) -> Tensor:
    """Return the response of every patch to every kernel, (seeds, n, P, R)."""
    flat = torch.bmm(patches.flatten(1, 2), kernels)
    return smoothed_relu(flat, bend).reshape(*patches.shape[:3], -1)


def teacher_student_loss(
    patches: Tensor, kernels: Tensor, *, keep: float, teacher: float, bend: float
) -> Tensor:
    """Return each seed's expected loss of a student that sees a share ``keep`` of the patches.

    1/2 E sum_r (teacher_r(X) - student_r(masked X) / keep) ** 2 over independent masks: the
    squared gap of the means plus the variance that masking adds, in closed form. The teacher has
    the student's kernels times ``teacher`` and passes no gradient.
    """
    student = encode(patches, kernels, bend)
    with torch.no_grad():
        target = encode(patches, teacher * kernels, bend).sum(2)
    gap = (target - student.sum(2)).square()
    variance = (1 - keep) / keep * student.square().sum(2)
    return 0.5 * (gap + variance).sum(-1).mean(-1)


def autoencoder_loss(
    patches: Tensor, kernels: Tensor, decoder: Tensor, *, keep: float, bend: float
) -> Tensor:
    """Return each seed's expected loss of rebuilding the picture from a share of its patches.

    1/2 E |sum_p x_p - D h(masked X) / keep| ** 2 with a linear ``decoder`` D (seeds, R, d), in
    closed form. Where a feature lies in a picture is random and the code is a sum over patches,
    so that the best guess of every patch is the same: this is what is left of the loss over
    patches, up to a constant.
    """
    codes = encode(patches, kernels, bend)
    rebuilt = torch.bmm(codes.flatten(1, 2), decoder).reshape(patches.shape)
    gap = (patches.sum(2) - rebuilt.sum(2)).square().sum(-1)
    variance = (1 - keep) / keep * rebuilt.square().sum((2, 3))
    return 0.5 * (gap + variance).mean(-1)


def scores(patches: Tensor, kernels: Tensor, head: Tensor, bend: float) -> Tensor:
    """Return class scores (seeds, n, k) of a linear ``head`` (seeds, R, k)."""
    return torch.bmm(encode(patches, kernels, bend).sum(2), head)


def classification_loss(
    patches: Tensor, classes: Tensor, kernels: Tensor, head: Tensor, bend: float
) -> Tensor:
    """Return each seed's mean cross-entropy."""
    found = scores(patches, kernels, head, bend)
    losses = functional.cross_entropy(found.transpose(1, 2), classes, reduction='none')
    return losses.mean(-1)


def captured_share(kernels: Tensor, features: int, bend: float) -> Tensor:
    """Return the share of features with which some kernel correlates by ``bend`` or more."""
    return (kernels[:, :features].amax(-1) >= bend).double().mean(-1)


def features_per_kernel(kernels: Tensor, features: int, bend: float) -> Tensor:
    """Return how many features a kernel that has captured any holds on average, NaN for none."""
    counts = (kernels[:, :features] >= bend).double().sum(1)
    return counts.sum(-1) / (counts > 0).sum(-1)
