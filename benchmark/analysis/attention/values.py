"""What the attention analysis measures of one layer."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor


class LayerValues(NamedTuple):
    """What was measured of one layer: per picture and head, or pair of heads.

    ``uniform`` are the distance and entropy of uniform attention; ``left_out`` is the share of
    rows that kept no mass on patches.
    """

    name: str
    distance: Tensor
    entropy: Tensor
    divergence: Tensor
    uniform: tuple[float, float]
    left_out: float
