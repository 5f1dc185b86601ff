"""Drafts a depth task from pictures and 16-bit PNGs of depths."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmark.errors import DataError
from benchmark.kinds.common.drafting import (
    NO_SPLITS,
    Draft,
    common_size,
    held_out,
    input_size,
    relative,
    spread,
    with_test,
)
from benchmark.kinds.common.paired import Pair, find_pairs
from benchmark.specs import Role

_WORDS = ('depth', 'depths', 'disparity', 'depthmaps', 'gt', 'groundtruth')
_LONGEST = 512
_METRES = 0.001
"""Metres per unit of a PNG, unless a declaration says otherwise."""

_FARTHEST, _NEAREST = 200.0, 0.2
"""Range in metres in which a largest depth is plausible."""


def draft(folder: Path) -> Draft:
    """Draft a task from a folder of pictures and a folder of depth maps with the same names.

    Raises:
        DataError: there are no such folders, or the maps do not hold depths in 16 bits.
    """
    pairs = find_pairs(folder, _WORDS, 'depth maps')
    entries, notes = _entries(folder, pairs)
    train = next((pair for pair in pairs if pair.role is Role.TRAIN), pairs[0])
    files = spread(train.files())
    largest, mean = _range([depth for _, depth in files])
    if not _NEAREST < largest < _FARTHEST:
        notes = (*notes, f'the largest depth would be {largest:.2f} m: is a unit a millimetre?')
    notes = (
        *notes,
        f'depths reach {largest:.2f} m and are {mean:.2f} m on average, in {len(files)} maps, one '
        'unit being a millimetre (depth_scale=0.001); max_depth bounds what is scored',
    )
    facts = {
        'input_size': input_size(common_size(picture for picture, _ in files), _LONGEST),
        'classes': ('depth',),
        'metric': 'rmse',
        'metrics': ('abs_rel', 'delta1'),
        'budget': {'epochs': 20, 'batch_size': 8},
        'options': {'max_depth': math.ceil(largest), 'mean_depth': round(mean, 2)},
    }
    return Draft(facts, {'type': 'benchmark.DepthFolders', **entries}, notes)


def _entries(folder: Path, pairs: list[Pair]) -> tuple[dict[str, Any], tuple[str, ...]]:
    if len(pairs) == 1 and pairs[0].role is None:
        of = {'type': 'benchmark.DepthFolders', **_prefix(folder, pairs[0])}
        return held_out(of), (NO_SPLITS,)
    found: dict[Role, Pair] = {}
    for pair in pairs:
        if pair.role is None or found.setdefault(pair.role, pair) != pair:
            raise DataError(
                f'{pair.maps}: a split (train, val or test) must have one folder of depths'
            )
    splits, notes = with_test(folder, found)
    return {role.value: _prefix(folder, pair) for role, pair in splits.items()}, notes


def _prefix(folder: Path, pair: Pair) -> dict[str, Any]:
    return {
        'data_prefix': {
            'img_path': relative(pair.pictures, folder),
            'depth_path': relative(pair.maps, folder),
        }
    }


def _range(maps: list[Path]) -> tuple[float, float]:
    """Return the largest depth and the mean of all known ones, in metres."""
    largest, total, known = 0, 0.0, 0
    for path in maps:
        depth = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        if depth is None:
            raise DataError(f'{path}: cannot be read as a depth map')
        if depth.dtype != np.uint16 or depth.ndim != 2:
            raise DataError(
                f'{path}: has {depth.dtype} pixels in {1 if depth.ndim == 2 else depth.shape[2]} '
                'channels; a depth map is a PNG of 16 bits with one channel'
            )
        valid = depth[depth > 0]
        largest = max(largest, int(valid.max(initial=0)))
        total += float(valid.sum(dtype=np.float64))
        known += valid.size
    if not known:
        raise DataError(f'{maps[0].parent}: all depths are 0, which means unknown')
    return largest * _METRES, total / known * _METRES
