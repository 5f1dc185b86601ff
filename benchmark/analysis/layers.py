"""The layers of any network: the modules whose outputs mark its depth."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn


def layer_modules(backbone: Any) -> dict[str, nn.Module]:
    """Return a module for each layer of ``backbone`` by name, shallow to deep.

    The grouping of parameters into layers is the one that layer-wise learning rates use; a
    layer's module is the outermost one that holds nothing of other layers, on the way to most of
    its parameters. A layer of lone parameters, such as a position embedding, is left out.

    Args:
        backbone: a backbone of the harness, with ``layer_of``.
    """
    sizes = {name: parameter.numel() for name, parameter in backbone.named_parameters()}
    layers = {name: backbone.layer_of(name)[0] for name in sizes}
    modules = dict(backbone.named_modules())
    names = [_module_of(layer, layers, sizes) for layer in sorted(set(layers.values()))]
    return {name: modules[name] for name in names if name in modules}


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


@contextmanager
def watching(
    modules: Mapping[str, nn.Module], receive: Callable[[str, Tensor], None]
) -> Iterator[None]:
    """Hand every output of ``modules`` to ``receive``, with the module's name."""
    handles = [
        module.register_forward_hook(_handing_on(name, receive)) for name, module in modules.items()
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _handing_on(
    name: str, receive: Callable[[str, Tensor], None]
) -> Callable[[nn.Module, Any, Any], None]:
    def hand_on(module: nn.Module, arguments: Any, output: Any) -> None:
        receive(name, first_tensor(output))

    return hand_on


def first_tensor(output: Any) -> Tensor:
    """Return the tensor that a module hands out, or the first of several."""
    while not isinstance(output, Tensor):
        output = next(iter(output.values() if isinstance(output, Mapping) else output))
    return output
