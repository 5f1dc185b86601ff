r"""Focal losses of Lin et al., arXiv:1708.02002, with the signatures of mmcv's extension.

For the probability :math:`p` of the right answer the loss is
:math:`-\alpha (1 - p)^\gamma \log p`. An empty ``weight`` stands for no class weights.
The results are written into tensors that the caller allocates.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from benchmark.openmmlab.ops.precision import widen


def sigmoid_focal_loss_forward(
    input: Tensor, target: Tensor, weight: Tensor, output: Tensor, gamma: float, alpha: float
) -> None:
    """Write the losses (N, C) of the logits ``input`` (N, C) into ``output``.

    A ``target`` (N,) that is no class, such as C, makes all classes of the row negative.
    """
    logits = widen(input)
    p = logits.sigmoid()
    positive = -alpha * (1 - p) ** gamma * logsigmoid(logits)
    negative = -(1 - alpha) * p**gamma * logsigmoid(-logits)
    loss = torch.where(_is_target(logits, target), positive, negative)
    output.copy_(loss * _row_weights(logits, target, weight))


def sigmoid_focal_loss_backward(
    input: Tensor, target: Tensor, weight: Tensor, grad_input: Tensor, gamma: float, alpha: float
) -> None:
    """Write the derivatives (N, C) of the losses by their logits into ``grad_input``."""
    logits = widen(input)
    p = logits.sigmoid()
    positive = -alpha * (1 - p) ** gamma * (1 - p - gamma * p * logsigmoid(logits))
    negative = (1 - alpha) * p**gamma * (p - gamma * (1 - p) * logsigmoid(-logits))
    gradient = torch.where(_is_target(logits, target), positive, negative)
    grad_input.copy_(gradient * _row_weights(logits, target, weight))


def softmax_focal_loss_forward(
    softmax: Tensor, target: Tensor, weight: Tensor, output: Tensor, gamma: float, alpha: float
) -> None:
    """Write the losses (N,) of the probabilities ``softmax`` (N, C) into ``output``.

    Rows with a negative ``target`` (N,) have no loss.
    """
    probabilities = widen(softmax)
    p = _target_probability(probabilities, target)
    loss = -alpha * (1 - p) ** gamma * p.log()
    output.copy_(_mask_ignored(loss, target) * _row_weights(probabilities, target, weight)[:, 0])


def softmax_focal_loss_backward(
    softmax: Tensor,
    target: Tensor,
    weight: Tensor,
    buff: Tensor,
    grad_input: Tensor,
    gamma: float,
    alpha: float,
) -> None:
    """Write the derivatives (N, C) of the losses by the logits into ``grad_input``.

    ``buff`` (N,) receives the part of the derivative that all classes of a row share.
    """
    probabilities = widen(softmax)
    p = _target_probability(probabilities, target)
    # 0 ** (gamma - 1) is infinite for gamma below 1
    rest = (1 - p).clamp(min=torch.finfo(p.dtype).tiny)
    shared = alpha * (gamma * rest ** (gamma - 1) * p * p.log() - rest**gamma)
    shared = _mask_ignored(shared, target) * _row_weights(probabilities, target, weight)[:, 0]
    buff.copy_(shared)
    is_target = _is_target(probabilities, target).to(probabilities)
    grad_input.copy_(shared[:, None] * (is_target - probabilities))


def _is_target(values: Tensor, target: Tensor) -> Tensor:
    """Return a mask (N, C) of the entries of ``values`` (N, C) that are their row's class."""
    return target[:, None] == torch.arange(values.shape[1], device=values.device)


def _row_weights(values: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Return the weight (N, 1) of each row's class, one for rows whose target is no class."""
    if not weight.numel():
        return values.new_ones(len(values), 1)
    is_class = (target >= 0) & (target < len(weight))
    chosen = weight.to(values)[target.clamp(0, len(weight) - 1)]
    return torch.where(is_class, chosen, 1.0)[:, None]


def _target_probability(probabilities: Tensor, target: Tensor) -> Tensor:
    """Return the probability (N,) of each row's class, above zero so that it has a logarithm."""
    chosen = probabilities.gather(1, target.clamp(min=0)[:, None])[:, 0]
    return chosen.clamp(min=torch.finfo(probabilities.dtype).tiny)


def _mask_ignored(values: Tensor, target: Tensor) -> Tensor:
    """Return ``values`` (N,) with zeros where ``target`` (N,) is negative."""
    return torch.where(target >= 0, values, 0.0)
