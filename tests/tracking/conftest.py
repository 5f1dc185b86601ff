"""The tiny world."""

from __future__ import annotations

import torch

from tests.api.conftest import _tiny_world, net, tiny_data

__all__ = ['_tiny_world', 'net', 'tiny_data']

torch.set_num_threads(1)
