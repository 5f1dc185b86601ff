"""Number formats that the underlying kernels lack."""

from __future__ import annotations

import torch
from torch import Tensor


def widen(tensor: Tensor) -> Tensor:
    """Return ``tensor`` in float32 if it is half or bfloat16, else itself.

    torchvision has no bfloat16 kernels and on CPU no half ones; in half, coordinates of a large
    image would also be off by up to half a pixel.
    """
    return tensor.float() if tensor.dtype in (torch.half, torch.bfloat16) else tensor
