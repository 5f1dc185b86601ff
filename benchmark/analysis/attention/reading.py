"""Read the attention maps of a network while it runs, whatever library wrote it.

Every implementation ends in one of a few torch functions: fused attention, soft-max, or torch's
own multi-head attention. What reaches them holds all that the layer does to queries and keys
(scale, their normalisation, rotary embedding, relative positions, cosine similarity, masks), so
the maps are taken there: soft-max as it comes, fused attention computed again from its
arguments. The cyclic shift of windows is seen as the roll that the block performs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from benchmark.analysis.attention.layout import Layout, Size, shifted_windows, whole_grid
from benchmark.errors import IncompatibleError

_ATTENTION_NAMES = ('Attention', 'MSA')
_HEAD_COUNTS = ('num_heads', 'num_attention_heads')
_MOST_EXTRA_TOKENS = 16
_SOFTMAX = (torch.softmax, Tensor.softmax, functional.softmax)


class Map(NamedTuple):
    """The attention of one layer on one batch.

    ``values`` are (B, windows, heads, N, N) with all tokens that are not patches cut away, not
    yet made to sum to 1 again; ``stride`` is the size of a token in pixels.
    """

    layer: str
    values: Tensor
    layout: Layout
    stride: float


@dataclass
class _Windows:
    """A block that cuts its map into windows, as long as it runs."""

    block: nn.Module
    grid: Size
    shift: Size = (0, 0)
    rolled: Size | None = None


class _Spy(TorchFunctionMode):
    """Hands every attention map that is computed to ``take``, every roll to ``roll``."""

    def __init__(
        self, take: Callable[[Tensor], None], roll: Callable[[Tensor, Any, Any], None]
    ) -> None:
        super().__init__()
        self._take = take
        self._roll = roll

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        if func is functional.multi_head_attention_forward:
            return self._multi_head(func, args, kwargs)
        result = func(*args, **kwargs)
        if func is functional.scaled_dot_product_attention:
            self._take(probabilities(*args, **kwargs))
        elif func in _SOFTMAX:
            self._take(result)
        elif func in (torch.roll, Tensor.roll):
            self._roll(*_roll_arguments(*args, **kwargs))
        return result

    def _multi_head(
        self, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        asked = kwargs.get('need_weights', True)
        means = kwargs.get('average_attn_weights', True)
        output, weights = func(
            *args, **{**kwargs, 'need_weights': True, 'average_attn_weights': False}
        )
        self._take(weights)
        given = weights.mean(1) if means else weights
        return output, given if asked else None


def _roll_arguments(x: Tensor, shifts: Any, dims: Any = None) -> tuple[Tensor, Any, Any]:
    return x, shifts, dims


def probabilities(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """Return the attention map (..., N, M) behind a call of fused attention.

    The arguments are those of ``torch.nn.functional.scaled_dot_product_attention``.
    """
    if enable_gqa:
        key = key.repeat_interleave(query.shape[-3] // key.shape[-3], -3)
    scale = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    logits = query @ key.transpose(-2, -1) * scale
    if is_causal:
        attn_mask = torch.ones(logits.shape[-2:], dtype=torch.bool, device=logits.device).tril()
    if attn_mask is not None and attn_mask.dtype == torch.bool:
        logits = logits.masked_fill(~attn_mask, -math.inf)
    elif attn_mask is not None:
        logits = logits + attn_mask
    return logits.softmax(-1)


class AttentionReader:
    """Runs a network and yields the attention map of every layer.

    Args:
        network: the module to run.
        name: what error messages call it.
        stride: the network's deepest stride in pixels; it pads images to a multiple of it.
        is_plain: whether all its layers have that stride.
        receive: called with each map, in the order of computation.

    Raises:
        IncompatibleError: the network has no self-attention.
    """

    def __init__(
        self,
        network: nn.Module,
        *,
        name: str,
        stride: int,
        is_plain: bool,
        receive: Callable[[Map], None],
    ) -> None:
        self._network = network
        self._name = name
        self._stride = stride
        self._is_plain = is_plain
        self._receive = receive
        self._layers = attention_layers(network)
        self._running: list[str] = []
        self._windows: list[_Windows] = []
        self._ran: dict[str, int] = {}
        self._image: Size = (0, 0)
        self._batch = 0
        if not self._layers:
            raise does_not_apply(name)

    def read(self, images: Tensor) -> None:
        """Run ``images`` (B, 3, H, W) through the network.

        Raises:
            IncompatibleError: names the layer whose attention cannot be read.
        """
        height, width = (-(-side // self._stride) * self._stride for side in images.shape[2:])
        self._batch, self._image = images.shape[0], (height, width)
        self._ran = {}
        with self._hooks(), torch.no_grad(), _Spy(self._take, self._roll):
            self._network(images)
        unread = [layer for layer, maps in self._ran.items() if maps == 0]
        if unread or not self._ran:
            layer = unread[0] if unread else next(iter(self._layers))
            raise self._unreadable(layer, 'it computes its map by no function of torch known here')

    @contextmanager
    def _hooks(self) -> Iterator[None]:
        handles: list[Any] = []
        for layer, module in self._layers.items():
            handles.append(module.register_forward_pre_hook(self._entering(layer)))
            handles.append(module.register_forward_hook(self._leaving))
        for module in self._network.modules():
            if hasattr(module, 'window_size'):
                handles += [
                    module.register_forward_pre_hook(self._opening, with_kwargs=True, prepend=True),
                    module.register_forward_hook(self._closing),
                ]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def _entering(self, layer: str) -> Callable[[nn.Module, Any], None]:
        def enter(module: nn.Module, _: Any) -> None:
            self._running.append(layer)
            self._ran.setdefault(layer, 0)

        return enter

    def _leaving(self, *_: Any) -> None:
        self._running.pop()

    def _opening(self, module: nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        grid = _grid_of((*args, *kwargs.values()))
        if grid is not None:
            self._windows.append(_Windows(module, grid))

    def _closing(self, module: nn.Module, *_: Any) -> None:
        if self._windows and self._windows[-1].block is module:
            self._windows.pop()

    def _roll(self, x: Tensor, shifts: Any, dims: Any) -> None:
        """Remember the first roll of a block; the second one undoes it."""
        if not self._windows or self._windows[-1].rolled is not None:
            return
        if x.ndim == 4 and tuple(dims or ()) == (1, 2):
            windows = self._windows[-1]
            windows.shift = (-int(shifts[0]), -int(shifts[1]))
            windows.rolled = (x.shape[1], x.shape[2])

    def _take(self, attention: Tensor) -> None:
        if not self._running:
            return
        layer = self._running[-1]
        values = self._with_heads(layer, attention.detach().double())
        self._ran[layer] += 1
        if values.shape[-1] != values.shape[-2]:
            raise self._unreadable(
                layer, f'{values.shape[-2]} queries look at {values.shape[-1]} keys'
            )
        windows = self._windows[-1] if self._windows else None
        window = _window_of(windows)
        if windows is not None and window is not None:
            self._receive(self._window_map(layer, values, windows, window))
        else:
            self._receive(self._global(layer, values, windows))

    def _with_heads(self, layer: str, attention: Tensor) -> Tensor:
        """Return maps as (B', heads, N, M); some libraries put heads into the batch."""
        if attention.ndim == 4:
            return attention
        module = self._layers[layer]
        heads = next((getattr(module, key) for key in _HEAD_COUNTS if hasattr(module, key)), None)
        if attention.ndim == 3 and isinstance(heads, int) and attention.shape[0] % heads == 0:
            return attention.reshape(-1, heads, *attention.shape[-2:])
        raise self._unreadable(layer, f'its maps have the shape {tuple(attention.shape)}')

    def _window_map(self, layer: str, values: Tensor, windows: _Windows, window: Size) -> Map:
        pads_first = windows.rolled is not None and windows.rolled != windows.grid
        layout = shifted_windows(windows.grid, window, windows.shift, pads_first=pads_first)
        count, tokens = layout.places.shape
        if tuple(values.shape[::3]) != (self._batch * count, tokens):
            raise self._unreadable(
                layer,
                f'{values.shape[0]} maps of {values.shape[-1]} tokens are not the windows of '
                f'{window[0]}x{window[1]} cells of {self._batch} maps of '
                f'{windows.grid[0]}x{windows.grid[1]}',
            )
        split = values.reshape(self._batch, count, *values.shape[1:])
        return Map(layer, split, layout, self._image[0] / windows.grid[0])

    def _global(self, layer: str, values: Tensor, windows: _Windows | None) -> Map:
        tokens = values.shape[-1]
        grid = windows.grid if windows is not None else self._grid(tokens)
        patches = 0 if grid is None else grid[0] * grid[1]
        # class, register and distillation tokens precede the patches in every library
        is_grid = 0 < patches <= tokens <= patches + _MOST_EXTRA_TOKENS
        if grid is None or values.shape[0] != self._batch or not is_grid:
            raise self._unreadable(
                layer,
                f'{values.shape[0]} maps of {tokens} tokens do not form a grid over the '
                f'{self._image[0]}x{self._image[1]} px of {self._batch} pictures',
            )
        kept = values[..., tokens - patches :, tokens - patches :].unsqueeze(1)
        return Map(layer, kept, whole_grid(grid), self._image[0] / grid[0])

    def _grid(self, tokens: int) -> Size | None:
        """Return rows and columns of ``tokens`` patches: of the plain network's, or that fit."""
        height, width = self._image
        if self._is_plain:
            return height // self._stride, width // self._stride
        for stride in (1, 2, 4, 8, 16, 32, 64):
            grid = (height // stride, width // stride)
            if grid[0] * grid[1] == tokens:
                return grid
        return None

    def _unreadable(self, layer: str, reason: str) -> IncompatibleError:
        kind = type(self._layers[layer]).__name__
        return IncompatibleError(
            f"backbone '{self._name}': the attention of layer '{layer}' ({kind}) cannot be read: "
            f'{reason}'
        )


def does_not_apply(name: str) -> IncompatibleError:
    """Return the error about a network without attention."""
    return IncompatibleError(
        f"backbone '{name}' has no self-attention, so the analysis 'attention' does not apply to "
        "it; 'cka', 'cam' and 'erf' do"
    )


def attention_layers(network: nn.Module) -> dict[str, nn.Module]:
    """Return the innermost modules that look like attention, by name."""
    found = {name: module for name, module in network.named_modules() if _is_attention(module)}
    return {
        name: module
        for name, module in found.items()
        if not any(other.startswith(f'{name}.') or not name for other in found if other != name)
    }


def _is_attention(module: nn.Module) -> bool:
    kind = type(module).__name__
    has_heads = any(hasattr(module, key) for key in (*_HEAD_COUNTS, 'qkv'))
    return (has_heads or any(part in kind for part in _ATTENTION_NAMES)) and 'Pool' not in kind


def _grid_of(arguments: tuple[Any, ...]) -> Size | None:
    """Return the size of a block's input map, from its shape or from a separate argument."""
    first = arguments[0] if arguments else None
    if not isinstance(first, Tensor):
        return None
    if first.ndim == 4:
        return first.shape[1], first.shape[2]
    sizes = (value for value in arguments[1:] if isinstance(value, tuple | list))
    for size in sizes:
        if all(isinstance(side, int) for side in size) and len(size) == 2:
            return (size[0], size[1]) if math.prod(size) == first.shape[1] else None
    return None


def _window_of(windows: _Windows | None) -> Size | None:
    """Return rows and columns of a block's windows; ``None`` when it looks at the whole map."""
    if windows is None:
        return None
    size: Any = windows.block.window_size
    rows, columns = (size, size) if isinstance(size, int) else size
    return (int(rows), int(columns)) if rows and columns else None
