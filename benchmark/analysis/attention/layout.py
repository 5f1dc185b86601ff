"""Where the tokens of an attention map lie in the picture, and which pairs are neighbours."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

Size = tuple[int, int]

NOWHERE = -1
"""Place of a token that pads a window and shows no part of the picture."""


@dataclass(frozen=True)
class Layout:
    """The tokens of one layer's maps.

    Attributes:
        places: (windows, N) index of each token's cell in the grid, row by row.
        regions: (windows, N); two tokens of a window that differ in it were brought together
            by the cyclic shift alone and lie at opposite edges of the picture.
        grid: rows and columns.
    """

    places: Tensor
    regions: Tensor
    grid: Size

    @property
    def allowed(self) -> Tensor:
        """Which pairs count, (windows, 1, N, N): both real, and in one region."""
        real = self.places != NOWHERE
        pairs = real.unsqueeze(1) & real.unsqueeze(2)
        together = self.regions.unsqueeze(1) == self.regions.unsqueeze(2)
        return (pairs & together).unsqueeze(1)

    def separation(self, stride: float) -> Tensor:
        """Return the distance of token i and j in pixels, (windows, 1, N, N)."""
        places = self.places.clamp(min=0)
        points = torch.stack((places // self.grid[1], places % self.grid[1]), -1).double()
        return stride * torch.cdist(points, points).unsqueeze(1)


def whole_grid(grid: Size) -> Layout:
    """Return the layout of global attention: one window that holds the whole picture."""
    places = torch.arange(grid[0] * grid[1]).unsqueeze(0)
    return Layout(places, torch.zeros_like(places), grid)


def shifted_windows(grid: Size, window: Size, shift: Size, *, pads_first: bool) -> Layout:
    """Return the layout of windowed attention with a cyclic shift.

    Args:
        grid: rows and columns of the feature map.
        window: rows and columns of a window.
        shift: cells by which the map is rolled up and left before it is cut; (0, 0) for none.
        pads_first: whether the map is padded to whole windows before it is rolled, or after.
    """
    places = torch.arange(grid[0] * grid[1]).reshape(grid)
    if pads_first:
        places = _pad(places, window)
    size = (places.shape[0], places.shape[1])
    rolled = _pad(torch.roll(places, (-shift[0], -shift[1]), (0, 1)), window)
    wrapped_rows = torch.arange(rolled.shape[0]) >= size[0] - shift[0]
    wrapped_columns = torch.arange(rolled.shape[1]) >= size[1] - shift[1]
    regions = 2 * wrapped_rows.long()[:, None] + wrapped_columns.long()
    return Layout(_cut(rolled, window), _cut(regions, window), grid)


def _pad(cells: Tensor, window: Size) -> Tensor:
    below, right = (-cells.shape[0] % window[0]), (-cells.shape[1] % window[1])
    return functional.pad(cells, (0, right, 0, below), value=NOWHERE)


def _cut(cells: Tensor, window: Size) -> Tensor:
    """Return the cells by window, (windows, N), windows and cells row by row."""
    rows, columns = cells.shape[0] // window[0], cells.shape[1] // window[1]
    parts = cells.reshape(rows, window[0], columns, window[1]).transpose(1, 2)
    return parts.reshape(rows * columns, window[0] * window[1])
