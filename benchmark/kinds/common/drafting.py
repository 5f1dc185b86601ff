"""Shared parts of task drafts: searching a folder for splits, pictures and labels."""

from __future__ import annotations

import os
import re
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark.errors import DataError
from benchmark.openmmlab.decoding import header_of, is_picture
from benchmark.specs import Role

SAMPLED = 32
"""Number of files of a split that are opened to find sizes and values."""

EVERY = 5
"""In data without splits, every fifth sample goes to the test split."""

_WORDS = {
    Role.TRAIN: ('train', 'training', 'trainval'),
    Role.VAL: ('val', 'valid', 'validation', 'dev'),
    Role.TEST: ('test', 'testing', 'eval'),
}
_DEEPEST = 6
_MULTIPLE = 16


@dataclass(frozen=True)
class Draft:
    """A drafted declaration: keys of ``task`` and of ``data``, and notes for the user.

    Attributes:
        task: keys that follow from the files, such as ``classes`` and ``input_size``.
        data: the data set: ``type``, one entry per split, and what these share.
        notes: what was assumed, a line each.
    """

    task: Mapping[str, Any]
    data: Mapping[str, Any]
    notes: tuple[str, ...] = ()


def find_role(path: Path) -> Role | None:
    """Return the split named by the first part of a relative path that names one."""
    for part in path.parts:
        words = re.split(r'[^a-z]+', part.lower())
        for role, names in _WORDS.items():
            if any(word in names for word in words):
                return role
    return None


def walk(folder: Path) -> Iterator[tuple[Path, list[str]]]:
    """Yield each folder at or below ``folder`` with the names of its files, sorted, not too deep.

    Raises:
        DataError: there is no such folder.
    """
    if not folder.is_dir():
        raise DataError(f'{folder}: no such folder')
    for place, folders, files in os.walk(folder, followlinks=True):
        here = Path(place)
        depth = len(here.relative_to(folder).parts)
        folders[:] = sorted(name for name in folders if not name.startswith('.'))
        if depth >= _DEEPEST:
            folders.clear()
        yield here, sorted(name for name in files if not name.startswith('.'))


def picture_folders(folder: Path) -> dict[Path, list[str]]:
    """Return the names of the pictures in every folder at or below ``folder`` that has any."""
    found = {place: [n for n in names if is_picture(n)] for place, names in walk(folder)}
    return {place: names for place, names in found.items() if names}


def spread(items: Sequence[Any], most: int = SAMPLED) -> list[Any]:
    """Return at most ``most`` of ``items``, spread evenly."""
    if len(items) <= most:
        return list(items)
    return [items[round(i * (len(items) - 1) / (most - 1))] for i in range(most)]


def common_size(pictures: Iterable[Path]) -> tuple[int, int]:
    """Return the median height and width of pictures in pixels.

    Raises:
        DataError: none of them can be read.
    """
    paths = list(pictures)
    headers = [header for path in paths if (header := header_of(path)) is not None]
    if not headers:
        raise DataError(f'{paths[0] if paths else "no picture"}: cannot be read as a picture')
    heights, widths = zip(*(header.upright_shape for header in headers), strict=True)
    return round(statistics.median(heights)), round(statistics.median(widths))


def input_size(shape: tuple[int, int], longest: int) -> tuple[int, int]:
    """Return a network's input (height, width) for pictures of ``shape``, at most ``longest``.

    Sides are rounded to what 16 divides, and the shape keeps its proportions within that.
    """
    scale = min(1.0, longest / max(shape))
    height, width = (max(2, round(side * scale / _MULTIPLE)) * _MULTIPLE for side in shape)
    return height, width


def with_test(folder: Path, found: Mapping[Role, Any]) -> tuple[dict[Role, Any], tuple[str, ...]]:
    """Return the splits with a test split added if needed, and notes on what was assumed.

    Where only train and val are there, the latter is the test split.

    Raises:
        DataError: there is nothing to learn from, or nothing to test on.
    """
    splits = dict(found)
    notes: tuple[str, ...] = ()
    if Role.TEST not in splits and Role.VAL in splits and Role.TRAIN in splits:
        splits[Role.TEST] = splits.pop(Role.VAL)
        notes = ("no split 'test' was found, so 'val' is the test split",)
    missing = [role.value for role in (Role.TRAIN, Role.TEST) if role not in splits]
    if missing:
        there = ', '.join(role.value for role in splits) or 'none'
        raise DataError(
            f"{folder}: no split '{missing[0]}' was found (found: {there}); name folders or files "
            'of the splits train, val and test'
        )
    return {role: splits[role] for role in Role if role in splits}, notes


def held_out(declared: Mapping[str, Any]) -> dict[str, Any]:
    """Return the entries of ``data`` by split for data without splits: every fifth sample tests."""
    of = dict(declared)
    return {
        'train': {'type': 'benchmark.HeldOut', 'of': of, 'every': EVERY, 'rest': True},
        'test': {'type': 'benchmark.HeldOut', 'of': of, 'every': EVERY},
    }


NO_SPLITS = (
    f'no splits were found, so every {EVERY}th sample is the test split; where neighbours are '
    'alike (frames of a film, pictures of one patient), make folders train and test instead'
)


def relative(path: Path, folder: Path) -> str:
    """Return ``path`` relative to ``folder`` for a declaration; empty for the folder itself."""
    text = path.relative_to(folder).as_posix()
    return '' if text == '.' else text
