"""Layers of a network inferred from parameter names, for libraries that do not state them."""

from __future__ import annotations

import re
from collections.abc import Iterable

# a stage or a stack of blocks, its number, then perhaps a block inside it
_STACK = r'(?:blocks?|layers?|stages?|features|denseblock|encoder_layer)'
_NUMBERED = re.compile(
    rf'(?:^|[._]){_STACK}[._]?(?P<stage>\d+)(?:\.{_STACK}\.(?P<block>\d+)|\.(?P<item>\d+))?(?=\.)'
)
_TORCHVISION_REGNET = re.compile(r'trunk_output\.block(?P<stage>\d+)\.block\d+-(?P<block>\d+)\.')
_BETWEEN = re.compile(r'(?:^|\.)(?:downsample_layers|transitions?)\.?(\d+)\.')

_Key = tuple[int, ...]


def layers_by_name(names: Iterable[str], *, between_from: int = 0) -> dict[str, int]:
    """Return the layer of each parameter: 0 is the stem, the largest number the last block.

    A block is numbered by its name (``layer2.0``, ``stages.1.blocks.3``, ``encoder.layers.5``);
    what precedes the first block is the stem, what follows the last belongs to it. What lies
    between two stages counts as part of the first block of the next; ``between_from`` is the
    stage that the first of those leads into, where they are numbered apart.
    """
    listed = list(names)
    keys = _fill_gaps([_key(name, between_from) for name in listed])
    layers = {key: number for number, key in enumerate(sorted({k for k in keys if k}), start=1)}
    first = next((i for i, key in enumerate(keys) if key), len(keys))
    return {
        name: layers[key] if key else (0 if i < first else len(layers))
        for i, (name, key) in enumerate(zip(listed, keys, strict=True))
    }


def _key(name: str, between_from: int) -> _Key:
    between = _BETWEEN.search(name)
    if between:
        stage = int(between[1]) + between_from
        return (stage, 0) if stage else ()
    found = _TORCHVISION_REGNET.search(name) or _NUMBERED.search(name)
    return tuple(int(x) for x in found.groups() if x is not None) if found else ()


def _fill_gaps(keys: list[_Key]) -> list[_Key]:
    """Give what belongs to a stage of blocks, and to none of them, to the block it leads into."""
    blocks = {key for key in keys if len(key) > 1}
    stages = {key[0] for key in blocks}
    done: list[_Key] = []
    for i, key in enumerate(keys):
        if len(key) == 1 and key[0] in stages:
            follows = any(len(k) > 1 and k[0] == key[0] for k in keys[:i])
            upper = key[0] + 1 if follows and key[0] + 1 in stages else key[0]
            done.append(min(block for block in blocks if block[0] == upper))
        else:
            done.append(key)
    return done
