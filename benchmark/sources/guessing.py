"""Guess which architecture a weights file belongs to, for messages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import timm
from torch import Tensor

_NAMED = ('arch', 'model', 'model_name', 'architecture', 'backbone')
_WIDTHS = {192: 'tiny', 384: 'small', 768: 'base', 1024: 'large', 1280: 'huge'}
_BLOCK = re.compile(r'(?:^|\.)(?:blocks|layers|encoder\.layer)\.(\d+)\.')


def likely_architecture(weights: Mapping[str, Tensor], facts: Mapping[str, Any] | None) -> str:
    """Return the end of a message with the architecture that a file names or looks like."""
    for name, value in (facts or {}).items():
        is_named = name.rpartition('.')[2] in _NAMED
        if is_named and isinstance(value, str) and value and len(value) < 64:
            return f"; the file names its architecture '{value}'"
    described = _plain_transformer(weights)
    return f'; they look like {described}' if described else ''


def _plain_transformer(weights: Mapping[str, Tensor]) -> str:
    """Return what a plain vision transformer of these weights is, nothing for other networks."""
    kernel = next(
        (v for v in weights.values() if v.ndim == 4 and v.shape[1] == 3 and v.shape[2] > 7), None
    )
    depth = len({found[1] for name in weights if (found := _BLOCK.search(name))})
    if kernel is None or not depth:
        return ''
    width, patch = kernel.shape[0], kernel.shape[2]
    name = f'vit_{_WIDTHS.get(width)}_patch{patch}_224'
    close = f', as timm:{name}' if timm.is_model(name) else ''
    return f'a transformer of {depth} blocks of width {width} on patches of {patch} px{close}'
