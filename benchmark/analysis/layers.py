"""The layers of any network: the modules whose outputs mark its depth."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn

from benchmark.sources import modules_by_layer


def layer_modules(backbone: Any) -> dict[str, nn.Module]:
    """Return a module for each layer of ``backbone`` by name, shallow to deep.

    The grouping of parameters into layers is the one that layer-wise learning rates use.

    Args:
        backbone: a backbone of the harness, with ``layer_of``.
    """
    layers = {name: backbone.layer_of(name)[0] for name, _ in backbone.named_parameters()}
    modules = dict(backbone.named_modules())
    return {name: modules[name] for name in modules_by_layer(backbone, layers).values()}


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
    """Return the tensor that a module returned, or the first of several."""
    while not isinstance(output, Tensor):
        output = next(iter(output.values() if isinstance(output, Mapping) else output))
    return output
