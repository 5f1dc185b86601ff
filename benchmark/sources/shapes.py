"""Shapes of the feature maps of a network, found by a forward pass on the meta device."""

from __future__ import annotations

import contextlib
import importlib
import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, Protocol

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from benchmark.catalog.sources import SOURCES
from benchmark.errors import BenchmarkError, IncompatibleError
from benchmark.sources.base import BuildRequest, Extractor, Size
from benchmark.sources.blame import place_in_code
from benchmark.sources.network import one_line
from benchmark.specs import Architecture

DENSE_STRIDES = (4, 8, 16, 32)

_UNNAMED = ('file', 'memory')
"""Sources that no id names: a class in a file, and a module in memory."""

_FIXED = ('timm', 'mmpretrain', 'torchvision')
"""Sources whose networks do not change while a process runs."""

_probed: dict[tuple[str, str], Probe] = {}

_MULTIPLES = (1, 2, 4, 8)
_ATTENTION = ('num_heads', 'num_attention_heads', 'n_heads', 'qkv')
_FAILURES = (RuntimeError, AssertionError, ValueError, TypeError, IndexError, AttributeError)


class SourceModule(Protocol):
    """A module of this package, such as ``timm`` or ``hf``."""

    def open_source(self, request: BuildRequest) -> Extractor:
        """Return a randomly initialised network of the name in ``request``."""


class Level(NamedTuple):
    """A feature map of a network: its number, channels, and stride in pixels."""

    number: int
    channels: int
    stride: int


class Probe(NamedTuple):
    """What is known of a network without its weights.

    ``size`` is the only input size (height, width) in pixels that it takes, ``None`` where sides
    may be any multiple of ``multiple`` pixels from ``smallest`` on.
    """

    extractor: Extractor
    levels: tuple[Level, ...]
    multiple: int
    smallest: int
    size: Size | None


def open_network(source: str, request: BuildRequest) -> Extractor:
    """Return the network that a source, such as ``timm``, knows by the name in ``request``.

    Raises:
        BenchmarkError: there is no such network, or it cannot be built as requested.
    """
    opener: Any = (
        importlib.import_module(f'benchmark.sources.{source}')
        if source in _UNNAMED
        else SOURCES.load(source)
    )
    extractor: Extractor = opener.open_source(request)
    return extractor


def probe(source: str, request: BuildRequest) -> Probe:
    """Return the feature maps of the network of ``request``, and which input sizes it takes.

    An ordered size is met by the smallest size, at least as large, that the network can be built
    for.

    Raises:
        BenchmarkError: there is no such network.
        IncompatibleError: it returns no feature maps, or maps that do not cover the image evenly.
    """
    if request.size is None:
        return _infer(source, request)
    free = _infer(source, replace(request, size=None))
    if free.size is None:
        return free
    return _fit(source, request, free)


def probe_once(source: str, request: BuildRequest) -> Probe:
    """Return what `probe` does, to be read only: computed once per process for published networks.

    Every cell of a worker builds its network anew; finding its maps takes a few tenths of a second
    each time. Networks of files and folders may change meanwhile, and are looked at every time.

    Raises:
        BenchmarkError: as `probe`.
    """
    if source not in _FIXED:
        return probe(source, request)
    key = (source, repr(request))
    if key in _probed:
        return _probed[key]
    before = torch.get_rng_state()
    found = probe(source, request)
    if torch.equal(before, torch.get_rng_state()):  # else later cells would draw other numbers
        _probed[key] = found
    return found


def _infer(source: str, request: BuildRequest) -> Probe:
    extractor = _weightless(source, request)
    shapes = _shapes(extractor, extractor.native_size, request.name)
    stride = _stride(extractor.native_size, shapes)
    for multiple in (stride, 2 * stride):
        try:
            levels = _levels(extractor, (4 * multiple, 6 * multiple), request.name)
        except IncompatibleError:
            continue
        smallest = _smallest(extractor, multiple, request.name)
        return Probe(extractor, levels, multiple, smallest, None)
    levels = _levels(extractor, extractor.native_size, request.name)
    return Probe(extractor, levels, stride, stride, extractor.native_size)


def _smallest(extractor: Extractor, multiple: int, name: str) -> int:
    """Return the least side in pixels: some networks refuse maps smaller than their windows."""
    for side in (multiple, 2 * multiple):
        try:
            _levels(extractor, (side, side), name)
        except IncompatibleError:
            continue
        return side
    return 4 * multiple


def _fit(source: str, request: BuildRequest, native: Probe) -> Probe:
    """Return the network built for the smallest size that holds the ordered one."""
    assert request.size is not None
    reason: BenchmarkError | None = None
    for size in _sizes(request.size, native.multiple):
        try:
            extractor = _weightless(source, replace(request, size=size))
            levels = _levels(extractor, size, request.name)
        except IncompatibleError as error:
            reason = reason or error
            continue
        return Probe(extractor, levels, native.multiple, native.multiple, size)
    if native.size is not None and all(
        a <= b for a, b in zip(request.size, native.size, strict=True)
    ):
        return native
    height, width = request.size
    raise IncompatibleError(
        f'{source}:{request.name} cannot be built for pictures of {height}x{width} px ({reason})'
    )


def _sizes(size: Size, stride: int) -> Iterator[Size]:
    for factor in _MULTIPLES:
        multiple = factor * stride
        height, width = (side + -side % multiple for side in size)
        yield height, width
        if height != width:  # some networks take squares only
            yield max(height, width), max(height, width)


def _weightless(source: str, request: BuildRequest) -> Extractor:
    try:
        with torch.device('meta'), _RatesHaveValues():
            extractor = open_network(source, request)
    except IncompatibleError as error:
        if 'meta tensor' not in str(error):
            raise
        extractor = open_network(source, request)  # it computes its own shape with tensors
    extractor.network.to('meta').eval()
    return extractor


class _RatesHaveValues(TorchFunctionMode):
    """Keep the rates of stochastic depth on the CPU: networks read them while they are built."""

    def __torch_function__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Call ``func``, on the CPU if it makes a series of rates."""
        if func is torch.linspace:
            kwargs = {**(kwargs or {}), 'device': 'cpu'}
        return func(*args, **(kwargs or {}))


def _shapes(extractor: Extractor, size: Size, name: str) -> list[tuple[int, ...]]:
    try:
        # a network traced by torch.fx prints where it failed
        with torch.no_grad(), contextlib.redirect_stderr(io.StringIO()):
            images = torch.empty((2, 3, *size), device='meta')
            maps = extractor.maps(images, range(extractor.count))
    except IncompatibleError:
        raise
    except _FAILURES as error:
        raise IncompatibleError(
            f'{name} does not take {size[0]}x{size[1]} px ({place_in_code(error)}{one_line(error)})'
        ) from None
    if not maps or any(m.ndim != 4 for m in maps):
        raise IncompatibleError(f'{name} returns no feature maps (B, C, h, w)')
    return [tuple(m.shape[1:]) for m in maps]


def _stride(size: Size, shapes: Sequence[tuple[int, ...]]) -> int:
    ratio = max(size[0] / rows for _, rows, _ in shapes)
    return round(ratio) if ratio == round(ratio) else 2 ** round(math.log2(ratio))


def _levels(extractor: Extractor, size: Size, name: str) -> tuple[Level, ...]:
    """Return the maps whose cells cover the image evenly, the deepest one among them."""
    found = []
    shapes = _shapes(extractor, size, name)
    for index, (channels, rows, columns) in enumerate(shapes):
        stride = size[0] // rows
        if (rows * stride, columns * stride) == size:
            found.append(Level(index, channels, stride))
    if not found or found[-1].number != len(shapes) - 1:
        _, rows, columns = shapes[-1]
        raise IncompatibleError(
            f'{name}: its map of {rows}x{columns} cells does not divide {size[0]}x{size[1]} px '
            'evenly'
        )
    return tuple(found)


def dense_levels(levels: Sequence[Level]) -> list[Level]:
    """Return which maps to take, shallow to deep.

    A plain network gives its last map; a hierarchical one the deepest map at each of the
    strides 4, 8, 16 and 32 px that it has.
    """
    if is_plain(levels):
        return [levels[-1]]
    by_stride = {level.stride: level for level in levels}
    return [by_stride[s] for s in DENSE_STRIDES if s in by_stride] or [levels[-1]]


def four_levels(levels: Sequence[Level]) -> list[Level]:
    """Return a plain network's maps after a third, a half, two thirds and all of its blocks.

    As BEiT and MAE take them for UPerNet: blocks 4, 6, 8 and 12 of 12.

    Raises:
        IncompatibleError: the network is not a plain one with four or more blocks.
    """
    count = len(levels)
    if not is_plain(levels) or count < 4:
        raise IncompatibleError(
            f'four maps of one stride need a plain network of at least 4 blocks, this one has '
            f'{count} maps at strides {sorted({level.stride for level in levels})}'
        )
    return [levels[round(share * count) - 1] for share in (1 / 3, 1 / 2, 2 / 3, 1)]


def is_plain(levels: Sequence[Level]) -> bool:
    """Whether all maps have one stride."""
    return len({level.stride for level in levels}) == 1


def architecture_of(network: nn.Module, levels: Sequence[Level]) -> Architecture:
    """Return the architecture class by which recipes are chosen."""
    if not any(map(_is_attention, network.modules())):
        return Architecture.CONVNET
    return Architecture.PLAIN_VIT if is_plain(levels) else Architecture.HIERARCHICAL


def _is_attention(module: nn.Module) -> bool:
    # not by its name in the network: timm calls the squeeze-and-excitation of convnets 'attn' too
    has_queries = any(hasattr(module, name) for name in _ATTENTION)
    return has_queries and 'Pool' not in type(module).__name__
