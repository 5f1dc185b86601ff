"""Position tables and patch embeddings of a file in the shapes of a network.

Equal shape is not equal meaning: a table of 64 places may be of 8x8 or of 4x16. The grid of a file
is what its own settings say; else a square where the number of places allows one, unless the
values of the table speak for another grid; else the network's.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from timm.layers import resample_patch_embed, resize_rel_pos_bias_table
from torch import Tensor, arange, cat, nn
from torch.nn import functional

from benchmark.errors import CheckpointError
from benchmark.sources.base import Size

_SIZES = ('img_size', 'image_size', 'input_size')
_PATCHES = ('patch_size', 'patchsize')
_PERIODS = '.periods'
# similarity of neighbours on a grid: what speaks for it, and by how much it beats another. Of 8
# tables measured the true grid reaches 0.56 to 1.23, and no other comes within 0.23 of it
_CLEAR, _MARGIN = 0.4, 0.25
_LEAST_ROWS = 4
_PERIOD_TOLERANCE = 0.02


class Resized(NamedTuple):
    """A tensor in another shape or on another grid, and how that was done."""

    value: Tensor
    how: str


def resize_patch_embedding(value: Tensor, wanted: Tensor, network: nn.Module) -> Resized | None:
    """Return the kernel of a patch embedding in another size, ``None`` for any other kernel.

    A patch embedding is a convolution of pictures whose stride is its kernel's size; the
    pseudo-inverse (arXiv 2212.08013, section 3.4) keeps what it makes of resized patches, which is
    wrong for kernels that slide.
    """
    if value.shape[:2] != wanted.shape[:2] or not _embeds_patches(wanted, network):
        return None
    return Resized(resample_patch_embed(value, list(wanted.shape[2:])), 'resized by pseudo-inverse')


def _embeds_patches(kernel: Tensor, network: nn.Module) -> bool:
    return any(
        isinstance(module, nn.Conv2d)
        and module.in_channels == 3
        and module.groups == 1
        and tuple(module.kernel_size) == tuple(module.stride)
        and module.weight.shape == kernel.shape
        for module in network.modules()
    )


def resize_absolute(
    name: str,
    value: Tensor,
    wanted: Tensor,
    grid: Size,
    facts: Mapping[str, Any] | None,
    source: str,
) -> Resized | None:
    """Return a table (1, places, channels) on the network's grid, ``None`` where none is known.

    ``grid`` is the network's; what its table has more are leading places (class, registers).
    ``facts`` are what the file says, ``None`` for published weights, whose grids are square. A
    table that stays as it is comes without a word on how.

    Args:
        name: name of the table's parameter, for messages.
        value: the file's table.
        wanted: the network's table, for its shape.
        grid: rows and columns of the network's grid.
        facts: what the file states; ``None`` for published weights.
        source: name of the file, for messages.

    Raises:
        CheckpointError: the file's table may be of another grid.
    """
    leading = wanted.shape[1] - grid[0] * grid[1]
    places = value.shape[1] - leading
    if leading < 0 or places < 1:
        return None
    found, is_stated = _grid_of(places, grid, facts or {})
    if found is None:
        return None
    if facts is not None and not is_stated:
        _refuse_unclear_grid(name, value[0, leading:], found, grid, source)
    if found == grid:
        return Resized(value, '')
    resized = cat([value[:, :leading], _resampled(value[:, leading:], found, grid)], dim=1)
    how = 'bicubic with anti-aliasing'
    return Resized(resized, f'{how}, from a grid of {_text(found)}' if is_stated else how)


def _resampled(table: Tensor, found: Size, grid: Size) -> Tensor:
    """Return a table (1, places, channels) of the grid ``found`` on ``grid``, as timm resamples it.

    timm's own function takes a table of as many places for one of the same grid before 1.0.31.
    """
    as_map = table.float().reshape(1, *found, -1).permute(0, 3, 1, 2)
    resized = functional.interpolate(as_map, size=grid, mode='bicubic', antialias=True)
    return resized.permute(0, 2, 3, 1).reshape(1, -1, table.shape[-1]).to(table.dtype)


def _refuse_unclear_grid(name: str, table: Tensor, found: Size, grid: Size, source: str) -> None:
    likely = _likely_grid(table, found)
    if likely is not None:
        other = f'its values indicate {_text(likely)}'
    elif len(table) == grid[0] * grid[1] and found != grid:
        other = f'it could also be {_text(grid)}'
    else:
        return
    raise CheckpointError(
        f"{source}: '{name}' has {len(table)} places, taken for a grid of {_text(found)}, but "
        f'{other}, and the file does not say; the network has {_text(grid)}: save the weights '
        "with their 'img_size' and 'patch_size' beside them, or with a table of the network's grid"
    )


def describe_absolute(value: Tensor, wanted: Tensor, grid: Size) -> str:
    """Return what the places of two tables (1, places, channels) look like, for messages."""
    leading = wanted.shape[1] - grid[0] * grid[1]
    return (
        f'{_reading(value.shape[1])}, where the network has {leading} leading ones (class, '
        f'registers) and {_text(grid)}'
    )


def _reading(places: int) -> str:
    for leading in range(6):
        side = math.isqrt(max(places - leading, 0))
        if side > 1 and side * side == places - leading:
            return f'{places} places, as of {leading} leading ones and a grid of {side}x{side}'
    return f'{places} places, not those of a square grid'


def _grid_of(places: int, own: Size, facts: Mapping[str, Any]) -> tuple[Size | None, bool]:
    """Return the grid of a file's table, and whether the file states it."""
    for size in _pairs(facts, _SIZES):
        for patch in _pairs(facts, _PATCHES):
            stated = size[0] // patch[0], size[1] // patch[1]
            if stated[0] * stated[1] == places:
                return stated, True
    side = math.isqrt(places)
    if side * side == places:
        return (side, side), False
    return (own if places == own[0] * own[1] else None), False


def _pairs(facts: Mapping[str, Any], names: Iterable[str]) -> list[Size]:
    """Return the sizes (height, width) that a file states under one of ``names``."""
    found = []
    for key, value in facts.items():
        if key.rpartition('.')[2] not in names:
            continue
        numbers = [value, value] if isinstance(value, int) else list(_numbers(value))[-2:]
        if len(numbers) == 2 and min(numbers) > 0:
            found.append((numbers[0], numbers[1]))
    return found


def _numbers(value: Any) -> Iterable[int]:
    if isinstance(value, list | tuple) and all(type(x) is int for x in value):
        yield from value


def _likely_grid(table: Tensor, assumed: Size) -> Size | None:
    """Return the grid that the values of a table clearly speak for, if it is not ``assumed``."""
    count = len(table)
    sizes = [
        (rows, count // rows) for rows in range(_LEAST_ROWS, count // 2 + 1) if not count % rows
    ]
    if not sizes:
        return None
    scores = {size: _score(table.float(), size[1]) for size in {*sizes, assumed}}
    best = max(sizes, key=lambda size: scores[size])
    is_clear = scores[best] >= _CLEAR and scores[best] - scores[assumed] >= _MARGIN
    return best if is_clear else None


def _score(table: Tensor, columns: int) -> float:
    """Return how much likelier neighbours are alike in a column than across the ends of rows."""
    centred = table - table.mean(0)
    units = centred / centred.norm(dim=1, keepdim=True).clamp_min(1e-9)
    if columns >= len(units):
        return 0.0
    vertical = (units[:-columns] * units[columns:]).sum(1).mean()
    following = (units[:-1] * units[1:]).sum(1)
    is_end = arange(len(following)) % columns == columns - 1
    return float(vertical - following[is_end].mean())


def resize_relative(
    name: str, value: Tensor, wanted: Tensor, window: Size, source: str
) -> Resized | None:
    """Return a table (offsets, heads) for the network's window, ``None`` where none is known.

    ``window`` is the network's; what its table has more are offsets to and from the class token.
    A table that stays as it is comes without a word on how.

    Args:
        name: name of the table's parameter, for messages.
        value: the file's table.
        wanted: the network's table, for its shape.
        window: height and width of the network's windows.
        source: name of the file, for messages.

    Raises:
        CheckpointError: the file's table may be of another window.
    """
    own = (2 * window[0] - 1) * (2 * window[1] - 1)
    extra = wanted.shape[0] - own
    offsets = value.shape[0] - extra
    side = math.isqrt(max(offsets, 0))
    is_square = extra >= 0 and side * side == offsets and side % 2 == 1
    if is_square and offsets == own and window[0] != window[1]:
        length = side // 2 + 1
        raise CheckpointError(
            f"{source}: '{name}' has {offsets} offsets, as windows of {length}x{length} and of "
            f"{_text(window)}, the network's, both have, and the file does not say which: build "
            'the network with square windows'
        )
    if wanted.shape == value.shape:
        return Resized(value, '')
    if not is_square:
        return None
    # after BEiT's official code: offsets near 0 keep their resolution
    resized = resize_rel_pos_bias_table(value, window, tuple(wanted.shape))
    return Resized(resized, 'interpolated on a geometric grid')


def refuse_other_periods(names: Mapping[str, Tensor], network: nn.Module, source: str) -> None:
    """Refuse rotary positions of other periods than the network's, which no parameter holds.

    Raises:
        CheckpointError: names the tensor.
    """
    theirs = {name: value for name, value in names.items() if name.endswith(_PERIODS)}
    ours = [value for name, value in network.named_buffers() if name.endswith(_PERIODS)]
    for name, value in sorted(theirs.items()):
        if len(theirs) == len(ours) == 1 and not _are_alike(value.float(), ours[0].float()):
            raise CheckpointError(
                f"{source}: '{name}' holds other periods of rotary positions ({_range(value)}) "
                f'than the architecture computes ({_range(ours[0])}): give the options that the '
                'weights were trained with'
            )


def _are_alike(one: Tensor, other: Tensor) -> bool:
    # some files keep periods in half precision
    return one.shape == other.shape and one.allclose(other, rtol=_PERIOD_TOLERANCE)


def _range(values: Tensor) -> str:
    values = values.float()
    return f'{float(values.min()):.4g} to {float(values.max()):.4g}'


def _text(grid: Size) -> str:
    return f'{grid[0]}x{grid[1]}'
