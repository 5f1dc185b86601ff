"""A user's own backbones: ``FILE.py:CLASS``, a module that returns feature maps.

The class is built as ``CLASS(**options)``; its ``forward`` takes images (B, 3, H, W) and returns
one map or several, shallow to deep. What it may define besides: ``mean`` and ``std`` (three
numbers each, 0-255), ``layer_ids()`` (a layer per parameter, 0 being the stem),
``classify(images)`` (logits (B, K) of its own classifier, for the protocol ``as-is``) and the
arguments ``drop_path`` and ``size``.
"""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from benchmark.errors import CheckpointError, DeclarationError, IncompatibleError
from benchmark.sources.base import IMAGENET, BuildRequest, Extractor, Normalisation, Size, Weights
from benchmark.sources.blame import place_in_code
from benchmark.sources.drawing import random_numbers_kept
from benchmark.sources.layers import layers_by_name
from benchmark.sources.network import one_line

_NATIVE: Size = (224, 224)


def open_source(request: BuildRequest) -> Extractor:
    """Return the class that ``request.name``, ``PATH.py:CLASS``, names, built.

    Raises:
        DeclarationError: the file cannot be run, or has no such class.
        IncompatibleError: the class cannot be built, or is not a module.
    """
    # what comes after draws as beside a module in memory, whose making is over
    with random_numbers_kept():
        return _open(request)


class ModuleExtractor(Extractor):
    """A user's own module, built: what its ``forward`` returns are the maps.

    Args:
        name: what errors call it.
        network: the module.
        size: the input size (height, width) that it was built for, if it was for one.
    """

    def __init__(self, name: str, network: nn.Module, size: Size | None = None) -> None:
        self._id = name
        self.network: Any = network
        self.native_size = size or _NATIVE
        with torch.no_grad(), torch.device(_device_of(self.network)):
            was_training = self.network.training
            self.count = len(self._first_maps())
            self.network.train(was_training)

    def _first_maps(self) -> list[Tensor]:
        """Return what ``forward`` makes of one black image.

        Raises:
            IncompatibleError: it fails, or returns anything but maps.
        """
        try:
            found = self.network.eval()(torch.zeros(1, 3, *self.native_size))
        except Exception as error:  # a user's code fails in any way
            height, width = self.native_size
            raise IncompatibleError(
                f'{place_in_code(error)}forward of {self._id} fails on images (1, 3, {height}, '
                f'{width}): {type(error).__name__}: {one_line(error)}'
            ) from None
        maps = _as_list(found)
        wrong = [m for m in maps if not isinstance(m, Tensor) or m.ndim != 4]
        if wrong or not maps:
            raise IncompatibleError(
                f'{self._id}: forward returned {_describe(found)}; it must return one map '
                '(B, C, h, w) of four dimensions, or a list of maps from shallow to deep'
            )
        return maps

    def maps(self, images: Tensor, indices: Sequence[int]) -> list[Tensor]:
        """Return the maps (B, C, h, w) numbered ``indices`` for images (B, 3, H, W)."""
        found = _as_list(self.network(images))
        return [found[index] for index in indices]

    def classify(self, images: Tensor) -> Tensor:
        """Return the logits (B, K) of the module's own classifier.

        Raises:
            IncompatibleError: it has none.
        """
        if not callable(getattr(self.network, 'classify', None)):
            raise IncompatibleError(
                f"{self._id} has no method classify(images), which protocol 'as-is' needs for "
                'the logits (B, K)'
            )
        found: Tensor = self.network.classify(images)
        return found

    def layer_ids(self) -> dict[str, int]:
        """Return the layer of each parameter: the module's own numbers, else by its names."""
        own = getattr(self.network, 'layer_ids', None)
        if callable(own):
            return dict(own())
        return layers_by_name(name for name, _ in self.network.named_parameters())

    def normalisation(self) -> Normalisation:
        """Return the module's own ``mean`` and ``std``, else those of ImageNet."""
        own = [getattr(self.network, key, None) for key in ('mean', 'std')]
        if None in own:
            return IMAGENET
        return tuple(own[0]), tuple(own[1])  # type: ignore[arg-type,return-value]

    def states_normalisation(self) -> bool:
        """Return whether the module has a ``mean`` and a ``std``."""
        return None not in [getattr(self.network, key, None) for key in ('mean', 'std')]

    def published(self) -> Weights:
        """Refuse: a class in a file has no weights.

        Raises:
            CheckpointError: always.
        """
        raise CheckpointError(
            f'{self._id} has no published weights: give a file as {self._id}@CHECKPOINT, or '
            f'{self._id}+random for random weights'
        )


def _open(request: BuildRequest) -> ModuleExtractor:
    path, _, name = request.name.rpartition(':')
    kind = _load_class(Path(path), name)
    known = inspect.signature(kind).parameters
    given = {'drop_path': request.drop_path, 'size': request.size}
    options = {key: value for key, value in given.items() if value and key in known}
    title = f'{Path(path).name}:{name}'
    network = _build(title, kind, {**request.options, **options})
    extractor = ModuleExtractor(title, network, request.size)
    extractor.has_drop_path = not request.drop_path or 'drop_path' in known
    return extractor


def _build(title: str, kind: Any, options: dict[str, Any]) -> nn.Module:
    try:
        network = kind(**options)
    except Exception as error:  # a user's code fails in any way
        raise IncompatibleError(
            f'{title} cannot be built with options {options} ({one_line(error)})'
        ) from None
    if not isinstance(network, nn.Module):
        raise IncompatibleError(f'{title} is not a torch.nn.Module')
    return network


def _describe(found: Any) -> str:
    """Return what a value is, for an error: the shapes of tensors, the type of anything else."""
    if isinstance(found, Tensor):
        return f'a tensor of shape {tuple(found.shape)}'
    if isinstance(found, tuple | list):
        return f'[{", ".join(map(_describe, found))}]' if found else 'nothing'
    return 'nothing' if found is None else f'a {type(found).__name__}'


def _as_list(found: Any) -> list[Tensor]:
    return list(found) if isinstance(found, tuple | list) else [found]


def _device_of(network: nn.Module) -> torch.device:
    return next((p.device for p in network.parameters()), torch.device('cpu'))


def _load_class(path: Path, name: str) -> Any:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DeclarationError(f'{path}: cannot be read ({error.strerror})') from None
    module_name = f'backbone_{hashlib.sha256(content).hexdigest()[:16]}'
    if module_name not in sys.modules:
        spec: Any = importlib.util.spec_from_file_location(module_name, path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[module_name] = module
        try:
            spec.loader.exec_module(module)
        except Exception as error:  # a user's code fails in any way
            del sys.modules[module_name]
            raise DeclarationError(
                f'{path}: cannot be run ({type(error).__name__}: {one_line(error)})'
            ) from None
    kind = getattr(sys.modules[module_name], name, None)
    if not callable(kind):
        raise DeclarationError(f"{path}: has no class '{name}'")
    return kind
