"""Drafts a detection task from COCO files."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmark.kinds.common.coco_drafts import (
    Annotated,
    find_annotated,
    split_entries,
    used_categories,
)
from benchmark.kinds.common.drafting import Draft, common_size, input_size, spread
from benchmark.specs import Role

_LONGEST = 640
_SMALL = 32
"""Object side, in pixels of the input, up to which anchors are smaller than COCO's."""


def draft(folder: Path) -> Draft:
    """Draft a task from COCO files, one per split: classes, sizes, and whether there are masks.

    Raises:
        DataError: there are no such files, or they cannot be used.
    """
    found, notes = find_annotated(folder, _has_boxes, 'annotation file with boxes')
    train = found[Role.TRAIN]
    size = common_size(
        train.pictures / image['file_name'] for image in spread(train.content['images'])
    )
    fed = input_size(size, _LONGEST)
    boxes = _boxes(train)
    options: dict[str, Any] = {}
    has_masks = any(map(_is_outline, train.content['annotations']))
    if not has_masks:
        options['masks'] = False
        notes = (*notes, 'the files have boxes but no masks, so masks are not predicted')
    side = _typical_side(boxes) * max(fed) / max(size)
    if side <= _SMALL:
        options['anchor_scale'] = 4
        notes = (*notes, f'objects are about {side:.0f} pixels wide, so anchors are halved')
    entries = split_entries(folder, found)
    entries['train'] = {**entries['train'], 'filter_cfg': {'filter_empty_gt': True}}
    facts = {
        'input_size': fed,
        'classes': tuple(category['name'] for category in used_categories(found)),
        'metric': 'mask_AP' if has_masks else 'box_AP',
        'metrics': ('mask_AP50', 'box_AP', 'box_AP50') if has_masks else ('box_AP50', 'box_AP75'),
        'budget': {'epochs': 12, 'batch_size': 2},
        'options': options,
    }
    return Draft(facts, {'type': 'mmdet.CocoDataset', **entries}, notes)


def _has_boxes(content: Mapping[str, Any]) -> bool:
    entries = content['annotations'][:20]
    return bool(entries) and all(isinstance(e, Mapping) and 'bbox' in e for e in entries)


def _boxes(one: Annotated) -> list[Any]:
    return [annotation['bbox'] for annotation in one.content['annotations'] if _is_box(annotation)]


def _is_box(annotation: Mapping[str, Any]) -> bool:
    box = annotation.get('bbox')
    return (
        isinstance(box, list)
        and len(box) == 4
        and all(isinstance(side, int | float) for side in box)
    )


def _typical_side(boxes: list[Any]) -> float:
    sides = [math.sqrt(max(0.0, box[2]) * max(0.0, box[3])) for box in boxes]
    return statistics.median(sides) if sides else math.inf


def _is_outline(annotation: Mapping[str, Any]) -> bool:
    """Return whether an annotation has a mask other than its box."""
    outline = annotation.get('segmentation')
    if isinstance(outline, Mapping):
        return True
    if not outline or not isinstance(outline, list) or not _is_box(annotation):
        return False
    x, y, width, height = annotation['bbox']
    edges = {round(value) for value in (x, y, x + width, y + height)}
    points = [value for part in outline if isinstance(part, list) for value in part]
    return not {round(value) for value in points if isinstance(value, int | float)} <= edges
