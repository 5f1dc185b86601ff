"""Drafts a pose task from COCO files with key points."""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmark.errors import DataError
from benchmark.kinds.common.coco_drafts import find_annotated, split_entries, used_categories
from benchmark.kinds.common.drafting import Draft
from benchmark.specs import Role

_AREA = 192 * 192
_STEP = 32


def draft(folder: Path) -> Draft:
    """Draft a task from COCO files: names of key points, flip pairs, and the skeleton.

    Raises:
        DataError: there are no such files, or they cannot be used.
    """
    found, notes = find_annotated(folder, _has_keypoints, 'annotation file with key points')
    categories = [c for c in used_categories(found) if c.get('keypoints')]
    if len(categories) != 1:
        named = ', '.join(c['name'] for c in categories) or 'none'
        raise DataError(
            f'{found[Role.TRAIN].path}: one category must have names of key points, found: {named}'
        )
    names = tuple(map(str, categories[0]['keypoints']))
    pairs = flip_pairs(names)
    metainfo = {
        'keypoints': names,
        'flip_pairs': pairs,
        'skeleton': _skeleton(categories[0], len(names)),
        'sigmas': 0.05,
    }
    swapped = ', '.join(f'{names[a]} and {names[b]}' for a, b in pairs) or 'none'
    notes = (
        *notes,
        f'a flip swaps, by their names: {swapped}',
        'sigmas, the tolerance of the key-point AP, is 0.05 for each: an assumption',
    )
    facts = {
        'input_size': _size(found[Role.TRAIN].content['annotations']),
        'classes': (categories[0]['name'],),
        'metric': 'keypoint_AP',
        'metrics': ('keypoint_AP50', 'keypoint_AP75', 'PCK'),
        'budget': {'epochs': 60, 'batch_size': 8},
    }
    entries = split_entries(folder, found)
    return Draft(
        facts, {'type': 'benchmark.KeypointDataset', 'metainfo': metainfo, **entries}, notes
    )


def _has_keypoints(content: Mapping[str, Any]) -> bool:
    return any(isinstance(c, Mapping) and c.get('keypoints') for c in content['categories'])


def flip_pairs(names: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """Return the pairs of key points whose names differ only in left and right."""
    found = []
    for index, name in enumerate(names):
        other = _mirror_name(name)
        if other is not None and other in names and names.index(other) > index:
            found.append((index, names.index(other)))
        elif other is None and (left := _mirrored_back(name)) in names:
            place = names.index(left)
            if place > index:
                found.append((index, place))
    return tuple(found)


def _mirror_name(name: str) -> str | None:
    """Return the name of the right key point of a pair from that of the left one."""
    if 'left' in name.lower():
        return re.sub('left', lambda m: _match_case('right', m[0]), name, flags=re.IGNORECASE)
    found = re.sub(r'(^|[_\- .])([lL])(?=$|[_\- .])', lambda m: m[1] + _match_case('r', m[2]), name)
    return found if found != name else None


def _mirrored_back(name: str) -> str:
    if 'right' in name.lower():
        return re.sub('right', lambda m: _match_case('left', m[0]), name, flags=re.IGNORECASE)
    return re.sub(
        r'(^|[_\- .])([rR])(?=$|[_\- .])', lambda m: m[1] + _match_case('l', m[2]), name
    ) + ('' if re.search(r'(^|[_\- .])[rR]($|[_\- .])', name) else '\0')


def _match_case(word: str, like: str) -> str:
    if like.isupper():
        return word.upper()
    return word.capitalize() if like[0].isupper() else word


def _skeleton(category: Mapping[str, Any], count: int) -> tuple[tuple[int, int], ...]:
    """Return the edges between key points, counted from 0; COCO's files count from 1."""
    edges = category.get('skeleton') or ()
    pairs = tuple(
        (edge[0] - 1, edge[1] - 1)
        for edge in edges
        if isinstance(edge, list) and len(edge) == 2 and all(isinstance(i, int) for i in edge)
    )
    return tuple(p for p in pairs if all(0 <= i < count for i in p))


def _size(annotations: Sequence[Mapping[str, Any]]) -> tuple[int, int]:
    """Return an input (height, width) of about 192 x 192 pixels with the boxes' aspect ratio."""
    boxes = [a['bbox'] for a in annotations if isinstance(a.get('bbox'), list)]
    shapes = [box[3] / box[2] for box in boxes if len(box) == 4 and box[2] > 0 and box[3] > 0]
    if not shapes:
        raise DataError('the annotations have no boxes, but pictures are cropped to them')
    shapes.sort()
    fifth = len(shapes) // 5
    # boxes of what turns in the picture are wide here and high there: a square holds both
    is_upright_or_flat = (shapes[fifth] > 1) == (shapes[-1 - fifth] > 1)
    ratio = min(2.0, max(0.5, statistics.median(shapes))) if is_upright_or_flat else 1.0
    width = math.sqrt(_AREA / ratio)
    height, width = (max(3, round(side / _STEP)) * _STEP for side in (width * ratio, width))
    return int(height), int(width)
