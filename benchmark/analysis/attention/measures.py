"""What an attention map says: how far, how widely and how differently its heads look.

Maps have shape (..., heads, N, N): query i, key j, rows that sum to 1.
"""

from __future__ import annotations

import torch
from torch import Tensor

SMALLEST = 1e-12
"""Floor of a probability inside a logarithm, and of the mass that a row must keep."""


def restrict(attention: Tensor, allowed: Tensor) -> tuple[Tensor, Tensor]:
    """Return the maps without the pairs that are not ``allowed``, and which rows still count.

    What is left of a row is made to sum to 1 again. A row that keeps less than ``SMALLEST`` of
    its mass becomes zero and does not count.

    Args:
        attention: (..., N, N).
        allowed: truth values that broadcast against it.
    """
    kept = attention * allowed
    mass = kept.sum(-1, keepdim=True)
    counts = mass >= SMALLEST
    return torch.where(counts, kept / mass.clamp(min=SMALLEST), 0.0), counts.squeeze(-1)


def distance(attention: Tensor, separation: Tensor) -> Tensor:
    """Return how far each query looks on average, (..., N), in the unit of ``separation``.

    Args:
        attention: (..., N, N).
        separation: distance between query i and key j, broadcasts against it.
    """
    return (attention * separation).sum(-1)


def entropy(attention: Tensor) -> Tensor:
    """Return the entropy of each query's distribution over keys, (..., N), in nats."""
    return torch.special.entr(attention).sum(-1)


def divergence(attention: Tensor) -> Tensor:
    """Return KL(head h || head k) of each query in nats, (..., N, heads, heads).

    Entry [..., i, h, k] is sum_j A_h[i, j] log(A_h[i, j] / A_k[i, j]): the divergence is not
    symmetric, so both orders are there. Keys with A_h = 0 add nothing; A_k is at least
    ``SMALLEST`` inside the logarithm.

    Args:
        attention: (..., heads, N, N).
    """
    rows = attention.transpose(-3, -2)
    logarithms = rows.clamp(min=SMALLEST).log()
    own = (rows * logarithms).sum(-1)
    return own.unsqueeze(-1) - rows @ logarithms.transpose(-2, -1)


def averages(values: Tensor, counts: Tensor) -> Tensor:
    """Return the mean of ``values`` (B, windows, heads, N) over windows and counting queries.

    Heads that have no counting query get NaN.
    """
    weights = counts.to(values.dtype)
    return (values * weights).sum((1, 3)) / weights.sum((1, 3))
