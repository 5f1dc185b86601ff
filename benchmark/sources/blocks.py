"""Drop the last blocks of any network, or reset them to their random initialisation.

A network is a row of layers, as layer-wise learning rates see it; a block is the module of a
layer above the stem. To leave a block out is to hand on what enters it, which is what a residual
block does when its branches are zero.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from benchmark.errors import IncompatibleError
from benchmark.sources.shapes import Probe
from benchmark.specs import DROP, REINIT, LastBlocks


def modules_by_layer(network: nn.Module, layers: Mapping[str, int]) -> dict[int, str]:
    """Return the name of a module for each layer of ``network``, shallow to deep.

    A layer's module is the outermost one that holds nothing of other layers, on the way to most
    of its parameters. A layer of lone parameters, such as a position embedding, is left out.

    Args:
        network: any module.
        layers: the layer of each of its parameters, 0 being the stem.
    """
    sizes = {name: parameter.numel() for name, parameter in network.named_parameters()}
    modules = dict(network.named_modules())
    names = {layer: _module_of(layer, layers, sizes) for layer in sorted(set(layers.values()))}
    return {layer: name for layer, name in names.items() if name in modules}


def _module_of(layer: int, layers: Mapping[str, int], sizes: Mapping[str, int]) -> str:
    """Return the name of the module of ``layer``, or of a parameter where it has none."""
    place = ''
    while True:
        inside = {name for name in layers if name.startswith(place)}
        if {layers[name] for name in inside} == {layer}:
            return place.rstrip('.')
        held: dict[str, int] = defaultdict(int)
        for name in inside:
            child, dot, _ = name.removeprefix(place).partition('.')
            held[place + child + dot] += sizes[name] * (layers[name] == layer)
        place = max(held, key=lambda child: held[child])


class Ending:
    """What happens to the last blocks of a network.

    Args:
        model: what is known of the network without its weights.
        wanted: how many blocks, and what is done to them.
        name: what messages call the network.

    Raises:
        IncompatibleError: there are too few blocks, or one cannot be left out.
    """

    def __init__(self, model: Probe, wanted: LastBlocks, name: str) -> None:
        self._wanted = wanted
        found = modules_by_layer(model.extractor.network, model.extractor.layer_ids())
        blocks = [block for layer, block in found.items() if layer > 0]
        if wanted.count >= len(blocks):
            raise IncompatibleError(
                f'{name}: has {len(blocks)} blocks; {wanted.count} of them cannot be '
                f'{wanted.done}: at most {len(blocks) - 1}'
            )
        self.names = tuple(blocks[-wanted.count :])
        self._skips: dict[str, Callable[..., Any]] = {}
        if wanted.action == DROP:
            self._skips = _skips(model, self.names, name)

    @property
    def remark(self) -> str:
        """What a record says of the blocks."""
        return f'{self._wanted.done} after loading: {", ".join(self.names)}'

    def drop(self, network: nn.Module) -> None:
        """Drop the last blocks of ``network`` if requested: they do not run and have no parameters.

        The modules stay in their places, for libraries that look for them by their class.
        """
        for name, skip in self._skips.items():
            block = network.get_submodule(name)
            block._modules.clear()
            block._parameters.clear()
            block._buffers.clear()
            block.forward = skip  # type: ignore[method-assign]

    @contextmanager
    def kept_random(self, network: nn.Module) -> Iterator[None]:
        """Give the blocks, if that is wanted, the values back that they had before the block."""
        if self._wanted.action != REINIT:
            yield
            return
        blocks = {name: network.get_submodule(name) for name in self.names}
        first = {
            name: {key: value.clone() for key, value in block.state_dict().items()}
            for name, block in blocks.items()
        }
        yield
        for name, block in blocks.items():
            block.load_state_dict(first[name])


def _skips(model: Probe, names: Sequence[str], name: str) -> dict[str, Callable[..., Any]]:
    """Return, for each block, a function that hands on its input in the form of its output."""
    extractor = model.extractor
    found: dict[str, Callable[..., Any] | None] = {}
    handles = [
        extractor.network.get_submodule(block).register_forward_hook(
            lambda module, args, kwargs, output, block=block: found.update(
                {block: _skip_like(args, kwargs, output)}
            ),
            with_kwargs=True,
        )
        for block in names
    ]
    try:
        with torch.no_grad():
            images = torch.empty((2, 3, *(model.size or extractor.native_size)), device='meta')
            extractor.maps(images, range(extractor.count))
    finally:
        for handle in handles:
            handle.remove()
    reasons = {
        block: 'changes the shape of its input' if block in found else 'does not run as a module'
        for block in names
        if found.get(block) is None
    }
    if reasons:
        block, reason = list(reasons.items())[-1]
        least = len(names) - names.index(block)
        raise IncompatibleError(
            f"{name}: block '{block}', number {least} from the end, cannot be dropped: it {reason}"
        )
    return {block: skip for block, skip in found.items() if skip is not None}


def _skip_like(
    args: tuple[Any, ...], kwargs: Mapping[str, Any], output: Any
) -> Callable[..., Any] | None:
    """Return an identity for a block, or ``None`` where input and output shapes differ."""
    given = _first(args, kwargs)
    is_alone = isinstance(output, tuple) and len(output) == 1
    handed = output[0] if is_alone else output
    if not isinstance(handed, Tensor) or given is None or given.shape != handed.shape:
        return None
    return _hand_on_alone if is_alone else _hand_on


def _first(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Tensor | None:
    return next((x for x in (*args, *kwargs.values()) if isinstance(x, Tensor)), None)


def _hand_on(*args: Any, **kwargs: Any) -> Any:
    return _first(args, kwargs)


def _hand_on_alone(*args: Any, **kwargs: Any) -> tuple[Any]:
    return (_first(args, kwargs),)
