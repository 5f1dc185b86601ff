"""Features of a backbone: its last blocks, with the choices that probes compare."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmark.errors import IncompatibleError

Choices = dict[str, slice]
"""Columns of a feature matrix, by the name of the choice that takes them."""

_BLOCKS = 4
"""How many of the last blocks are read, as DINOv2's linear evaluation does (arXiv 2304.07193)."""

_EPSILON = 1e-5


class Blocks(NamedTuple):
    """Maps (B, C_i, h_i, w_i) of the last blocks, shallow to deep, and class tokens (B, C) if any.

    For a network with stages, it is the last map of each stage that the backbone returns.
    """

    maps: list[Tensor]
    tokens: list[Tensor]


@dataclass(frozen=True)
class Read:
    """Features (B, D) of pictures, or (B, h, w, D) of their cells, and the choices among them."""

    values: Tensor
    choices: Choices


def read_blocks(backbone: Any, images: Tensor, stride: int) -> Blocks:
    """Return what the last blocks of a frozen ``backbone`` make of images (B, 3, H, W).

    ``stride`` in pixels is that of its deepest map; what the network pads beyond is cut off.
    """
    network: Any = backbone.network
    with torch.no_grad():
        if not _hands_out_tokens(network):
            return Blocks([m.float() for m in backbone(images)][-_BLOCKS:], [])
        found = network.forward_intermediates(
            backbone.padded(images),
            indices=min(_BLOCKS, len(network.blocks)),
            return_prefix_tokens=True,
            norm=True,
            output_fmt='NCHW',
            intermediates_only=True,
        )
    rows, columns = (-(-side // stride) for side in images.shape[-2:])
    maps = [pair[0][..., :rows, :columns].float() for pair in found]
    has_class = getattr(network, 'cls_token', None) is not None
    return Blocks(maps, [pair[1][:, 0].float() for pair in found] if has_class else [])


def _hands_out_tokens(network: Any) -> bool:
    """Whether the network is a plain transformer that returns class tokens with its maps."""
    read = getattr(network, 'forward_intermediates', None)
    return (
        read is not None
        and 'return_prefix_tokens' in inspect.signature(read).parameters
        and isinstance(getattr(network, 'blocks', None), nn.Module)
        and bool(getattr(network, 'num_prefix_tokens', 0))
    )


def whole(blocks: Blocks) -> Read:
    """Return features of whole pictures (B, D).

    With class tokens the choices are those of DINOv2: the token of the last block or of the last
    four, each alone (``class1``, ``class4``) or with the mean patch of the last block
    (``class1+mean``, ``class4+mean``). Without, they are the mean of the last map or of the last
    four (``mean1``, ``mean4``).
    """
    means = [m.mean(dim=(2, 3)) for m in blocks.maps]
    if not blocks.tokens:
        return _join_layers(means, 'mean')
    tokens = _join_layers(blocks.tokens, 'class')
    mean = means[-1]
    end, total = tokens.values.shape[1], tokens.values.shape[1] + mean.shape[1]
    with_mean = {
        f'{name}+mean': slice(columns.start, total) for name, columns in tokens.choices.items()
    }
    values = torch.cat([tokens.values, mean], dim=1)
    return Read(values, {**tokens.choices, **with_mean, 'mean1': slice(end, total)})


def cells(blocks: Blocks, stride: int, *, deepest: int) -> Read:
    """Return features of cells of ``stride`` pixels (B, h, w, D).

    The choices are the last map (``blocks1``) and the last four (``blocks4``), each brought to the
    cells bilinearly; ``deepest`` is the stride of the last map in pixels.
    """
    height, width = (side * deepest // stride for side in blocks.maps[-1].shape[-2:])
    resized = [_resize(m, (height, width)).permute(0, 2, 3, 1) for m in blocks.maps]
    return _join_layers(resized, 'blocks')


def _resize(features: Tensor, size: tuple[int, int]) -> Tensor:
    if features.shape[-2:] == size:
        return features
    return functional.interpolate(features, size=size, mode='bilinear', align_corners=False)


def _join_layers(parts: list[Tensor], name: str) -> Read:
    values = torch.cat(parts, dim=-1)
    total = values.shape[-1]
    choices = {f'{name}1': slice(total - parts[-1].shape[-1], total)}
    if len(parts) > 1:
        choices[f'{name}{len(parts)}'] = slice(0, total)
    return Read(values, choices)


def select_choices(choices: Choices, names: Sequence[str] | None) -> Choices:
    """Return the choices called ``names``; all of them without names.

    Raises:
        IncompatibleError: the network has no choice of such a name.
    """
    for name in names or ():
        if name not in choices:
            raise IncompatibleError(
                f"recipe features: the network has no '{name}' (it has: {', '.join(choices)})"
            )
    return {name: choices[name] for name in names} if names else choices


class Whitening:
    """Brings every feature to mean 0 and variance 1, with statistics gathered so far.

    What MAE's linear probing does by a batch normalisation without learnt scale (arXiv
    2111.06377, appendix A.1); a batch of any size is normalised alike.

    Args:
        width: how many features.
        device: where the statistics are.
    """

    def __init__(self, width: int, device: torch.device | str = 'cpu') -> None:
        self._count = 0
        self._mean = torch.zeros(width, dtype=torch.float64, device=device)
        self._squares = torch.zeros(width, dtype=torch.float64, device=device)

    def add(self, features: Tensor) -> None:
        """Take features (n, D) into account."""
        precise = features.double()
        self._count += len(precise)
        gap = precise - self._mean
        self._mean += gap.sum(dim=0) / self._count
        self._squares += (gap * (precise - self._mean)).sum(dim=0)

    def __call__(self, features: Tensor) -> Tensor:
        """Return features (n, D) normalised."""
        variance = self._squares / max(self._count, 1)
        scale = (variance + _EPSILON).rsqrt()
        return (features - self._mean.to(features.dtype)) * scale.to(features.dtype)


def chunks(count: int, size: int) -> Iterator[slice]:
    """Yield slices of at most ``size`` that cover ``count`` items."""
    for start in range(0, count, size):
        yield slice(start, min(start + size, count))
