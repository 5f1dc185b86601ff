"""Drafts a segmentation task from pictures and PNGs of class numbers."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError

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

_WORDS = (
    'labels', 'masks', 'annotations', 'ann', 'label', 'mask', 'annotation', 'annot', 'segmentation',
    'seg', 'gt', 'groundtruth', 'trainannot', 'valannot', 'testannot',
)  # fmt: skip
_IGNORED = 255
_LONGEST = 512


def draft(folder: Path) -> Draft:
    """Draft a task from a folder of pictures and a folder of label maps with the same names.

    Raises:
        DataError: there are no such folders, or the maps do not hold class numbers.
    """
    pairs = find_pairs(folder, _WORDS, 'label maps')
    endings = {pair.endings for pair in pairs}
    if len(endings) > 1:
        raise DataError(f'{folder}: the splits name their files differently: {sorted(endings)}')
    picture_ending, map_ending = endings.pop()
    data: dict[str, Any] = {'type': 'mmseg.BaseSegDataset'}
    data |= {'img_suffix': picture_ending, 'seg_map_suffix': map_ending}
    entries, notes = _entries(folder, pairs)
    classes, more = _classes(folder, pairs)
    size = common_size(picture for picture, _ in spread(pairs[0].files()))
    facts = {
        'input_size': input_size(size, _LONGEST),
        'classes': classes,
        'metric': 'mIoU',
        'metrics': ('mAcc', 'aAcc'),
        'budget': {'epochs': 40, 'batch_size': 8},
    }
    return Draft(facts, {**data, **entries}, (*notes, *more))


def _entries(folder: Path, pairs: list[Pair]) -> tuple[dict[str, Any], tuple[str, ...]]:
    if len(pairs) == 1 and pairs[0].role is None:
        return held_out({'type': 'mmseg.BaseSegDataset', **_prefix(folder, pairs[0])}), (NO_SPLITS,)
    found: dict[Role, Pair] = {}
    for pair in pairs:
        if pair.role is None:
            raise DataError(f'{pair.maps}: belongs to no split (train, val or test)')
        if found.setdefault(pair.role, pair) != pair:
            raise DataError(
                f'{found[pair.role].maps} and {pair.maps} both belong to {pair.role}; a split '
                'must have one folder of label maps'
            )
    splits, notes = with_test(folder, found)
    return {role.value: _prefix(folder, pair) for role, pair in splits.items()}, notes


def _prefix(folder: Path, pair: Pair) -> dict[str, Any]:
    return {
        'data_prefix': {
            'img_path': relative(pair.pictures, folder),
            'seg_map_path': relative(pair.maps, folder),
        }
    }


def _classes(folder: Path, pairs: list[Pair]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of the classes, and what was assumed about them."""
    values = sorted(set().union(*(_values(label for _, label in pair.files()) for pair in pairs)))
    numbers = [value for value in values if value != _IGNORED]
    if not numbers:
        raise DataError(f'{pairs[0].maps}: all pixels are {_IGNORED}, which is ignored')
    if values == [0, _IGNORED]:
        raise DataError(
            f'{pairs[0].maps}: its values are 0 and 255, and 255 is ignored; write 1 for the '
            'object, so that the classes are 0 and 1'
        )
    listed = folder / 'classes.txt'
    if listed.is_file():
        names = tuple(
            line.strip() for line in listed.read_text('utf-8').splitlines() if line.strip()
        )
        if len(names) <= numbers[-1]:
            raise DataError(
                f'{listed}: names {len(names)} classes, but the maps contain {numbers[-1]}'
            )
        return names, (f'the names of the classes are those in {listed.name}',)
    names = tuple(f'class-{number}' for number in range(numbers[-1] + 1))
    return names, (
        f'the maps contain the numbers {_format_numbers(numbers)}; write the names of the classes '
        'instead of class-0 and so on',
    )


def _format_numbers(numbers: list[int]) -> str:
    is_run = numbers == list(range(numbers[0], numbers[-1] + 1)) and len(numbers) > 2
    return f'{numbers[0]} to {numbers[-1]}' if is_run else ', '.join(map(str, numbers[:20]))


def _values(maps: Iterable[Path]) -> set[int]:
    """Return the values that occur in a sample of label maps.

    Raises:
        DataError: a map has several channels, or cannot be read.
    """
    found: set[int] = set()
    for path in spread(list(maps), 200):
        try:
            with Image.open(path) as picture:
                if picture.mode not in ('L', 'P', '1', 'I;16', 'I'):
                    raise DataError(
                        f'{path}: is a colour picture ({picture.mode}); a label map has one '
                        'channel, whose values are the numbers of classes'
                    )
                found |= {int(value) for value in np.unique(np.asarray(picture))}
        except (OSError, UnidentifiedImageError, ValueError) as error:
            raise DataError(f'{path}: cannot be read as a label map ({error})') from None
    return found
