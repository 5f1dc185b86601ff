"""Backbones that are modules in memory: held during an evaluation, copied for each use.

A module is known by a digest of its weights, of its source code and of its settings. Only this
process can open it.
"""

from __future__ import annotations

import contextlib
import copy
import hashlib
import inspect
import sys
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

from benchmark.errors import IncompatibleError
from benchmark.hashing import canonical_json
from benchmark.sources.base import BuildRequest, Extractor, Weights
from benchmark.sources.file import ModuleExtractor
from benchmark.sources.network import one_line

MARK = 'module'
"""The option that names a module by its digest."""

_held: dict[str, nn.Module] = {}


def open_source(request: BuildRequest) -> Extractor:
    """Return a copy of the module that ``request`` names by its digest.

    Raises:
        IncompatibleError: this process does not hold it, or it cannot be copied.
    """
    mark = request.options.get(MARK, '')
    if mark not in _held:
        raise IncompatibleError(
            f'{request.name} is a module in the memory of another process: save its weights and '
            'name it as FILE.py:CLASS@WEIGHTS'
        )
    return _MemoryExtractor(request.name, _copy_module(request.name, _held[mark]))


class _MemoryExtractor(ModuleExtractor):
    def __init__(self, name: str, network: nn.Module) -> None:
        super().__init__(name, network)
        self._own = {key: value.clone() for key, value in network.state_dict().items()}

    def published(self) -> Weights:
        return Weights(self._own)


def _copy_module(name: str, module: nn.Module) -> nn.Module:
    try:
        # under a default device, copies of tensors would be empty
        with torch.device('cpu'):
            return copy.deepcopy(module)
    except Exception as error:  # a user's module may hold anything
        raise IncompatibleError(f'{name} cannot be copied ({one_line(error)})') from None


@contextlib.contextmanager
def held(module: nn.Module) -> Iterator[str]:
    """Keep a copy of ``module`` as it is now for the enclosed block; yields its digest.

    Raises:
        IncompatibleError: it cannot be copied.
    """
    mark = digest(module)
    was_held = mark in _held
    if not was_held:
        _held[mark] = _copy_module(type(module).__name__, module).cpu()
    try:
        yield mark
    finally:
        if not was_held:
            del _held[mark]


def digest(module: nn.Module) -> str:
    """Return the SHA-256 of what a module computes by: weights, source code and settings.

    The source is that of the Python module that defines the class, or of the class where the
    former cannot be read (as in a notebook). Settings are the printed structure and the plain
    attributes of all submodules. What the class's module imports is not part of it.
    """
    found = hashlib.sha256()
    for name, tensor in sorted(module.state_dict().items()):
        plain = tensor.detach().cpu().contiguous().reshape(-1)
        found.update(f'{name} {tensor.dtype} {tuple(tensor.shape)}\0'.encode())
        found.update(plain.view(torch.uint8).numpy().tobytes())
    found.update(source_of(type(module)).encode())
    found.update(repr(module).encode())
    for name, part in module.named_modules():
        found.update(f'{name} {type(part).__qualname__} {_settings(part)}\0'.encode())
    return found.hexdigest()


def source_of(kind: type) -> str:
    """Return the source code that defines a class: its file, else the class; empty if unknown."""
    for part in (sys.modules.get(kind.__module__), kind):
        try:
            return inspect.getsource(part)  # type: ignore[arg-type]
        except (OSError, TypeError):
            continue
    return ''


def _settings(part: nn.Module) -> str:
    values = {
        key: value
        for key, value in vars(part).items()
        if not key.startswith('_') and key != 'training' and _is_plain(value)
    }
    return canonical_json(values)


def _is_plain(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    is_finite = not isinstance(value, float) or abs(value) < float('inf')
    return isinstance(value, str | int | float | bool | None) and is_finite
