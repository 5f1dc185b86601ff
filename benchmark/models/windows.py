"""Attention within windows, for plain transformers on large images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

_GLOBAL_BLOCKS = 4


class WindowedAttention:
    """Keeps the attention of all blocks but four, evenly spread, within windows of patches.

    After ViTDet (arXiv 2203.16527, section 3): windows do not overlap, and the last block of each
    quarter of the network attends everywhere. Leading tokens (class, registers) take part in
    every window and leave it as the mean over windows, so that a window as large as the map
    changes nothing.

    Attributes:
        image_size: height and width in pixels of the images that are about to come.
    """

    def __init__(
        self, attentions: Sequence[nn.Module], *, side: int, leading: int, stride: int
    ) -> None:
        self._side, self._leading, self._stride = side, leading, stride
        self.image_size: tuple[int, int] | torch.Size = (0, 0)
        depth = len(attentions)
        everywhere = {(k + 1) * depth // _GLOBAL_BLOCKS - 1 for k in range(_GLOBAL_BLOCKS)}
        for index, attention in enumerate(attentions):
            if index not in everywhere:
                attention.register_forward_pre_hook(self._enter, with_kwargs=True)
                attention.register_forward_hook(self._leave)

    @property
    def _grid(self) -> tuple[int, int]:
        height, width = self.image_size
        return height // self._stride, width // self._stride

    def _enter(
        self, _: nn.Module, arguments: tuple[Any, ...], options: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        tokens, *rest = arguments
        return (self._apart(tokens), *rest), options

    def _leave(self, _: nn.Module, arguments: tuple[Any, ...], result: Tensor) -> Tensor:
        return self._together(result)

    def _apart(self, tokens: Tensor) -> Tensor:
        """Return tokens (B, P + N, C) as (B * windows, P + side * side, C)."""
        rows, columns = self._grid
        side = self._side
        leading, patches = tokens[:, : self._leading], tokens[:, self._leading :]
        grid = patches.unflatten(1, (rows, columns))
        grid = functional.pad(grid, (0, 0, 0, -columns % side, 0, -rows % side))
        windows = grid.unflatten(1, (-1, side)).unflatten(3, (-1, side)).transpose(2, 3)
        inside = windows.flatten(0, 2).flatten(1, 2)
        repeated = leading.repeat_interleave(len(inside) // len(tokens), dim=0)
        return torch.cat([repeated, inside], dim=1)

    def _together(self, windows: Tensor) -> Tensor:
        """Return (B * windows, P + side * side, C) as tokens (B, P + N, C)."""
        rows, columns = self._grid
        side = self._side
        down, across = -(-rows // side), -(-columns // side)
        apart = windows.unflatten(0, (-1, down * across))
        leading = apart[:, :, : self._leading].mean(dim=1)
        inside = (
            apart[:, :, self._leading :].unflatten(1, (down, across)).unflatten(3, (side, side))
        )
        grid = inside.transpose(2, 3).flatten(1, 2).flatten(2, 3)[:, :rows, :columns]
        return torch.cat([leading, grid.flatten(1, 2)], dim=1)
