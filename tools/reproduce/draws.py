"""Draws of Caltech-101: 30 pictures of every class to train on, all others to test on."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from benchmark.errors import DataError

DRAWS = 5
_TRAINING = 30


def write_draws(root: Path) -> None:
    """Write ``draws/all.txt`` and, for each draw, ``trainN.txt`` and ``testN.txt`` below ``root``.

    Raises:
        DataError: there are no pictures, or a class has too few.
    """
    listed = list(_listed(root / '101_ObjectCategories'))
    place = root / 'draws'
    place.mkdir(exist_ok=True)
    _write(place / 'all.txt', [row for rows in listed for row in rows])
    for number in range(DRAWS):
        drawn = [_drawn(rows, number) for rows in listed]
        for index, role in enumerate(('train', 'test')):
            _write(place / f'{role}{number}.txt', [row for pair in drawn for row in pair[index]])


def _listed(folder: Path) -> Iterator[list[str]]:
    """Yield the pictures of each class, by name, with its number; the background is a class."""
    classes = sorted(path for path in folder.glob('*') if path.is_dir())
    if not classes:
        raise DataError(f'{folder}: holds no folder of pictures')
    for label, place in enumerate(classes):
        names = sorted(path.name for path in place.glob('*.jpg'))
        if len(names) <= _TRAINING:
            raise DataError(f'{place}: {len(names)} pictures, needs more than {_TRAINING}')
        yield [f'{place.name}/{name} {label}' for name in names]


def _drawn(rows: list[str], number: int) -> tuple[list[str], list[str]]:
    """Return the training and the test pictures of a class in a draw, each in order."""
    chosen = set(random.Random(f'{number}/{rows[0]}').sample(rows, _TRAINING))
    return sorted(chosen), [row for row in rows if row not in chosen]


def _write(path: Path, rows: list[str]) -> None:
    path.write_text('\n'.join(rows) + '\n', encoding='utf-8')
