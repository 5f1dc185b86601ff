"""The frames of a film in a folder, in the order of their numbers."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from pathlib import Path

from benchmark import packed
from benchmark.errors import DataError
from benchmark.openmmlab.decoding import is_picture

_DIGITS = re.compile(r'[0-9]+')


def numbered_frames(folder: Path) -> dict[int, str]:
    """Return the names of the pictures in ``folder`` by their number, in the order of the numbers.

    The number is that part of the name in which the names differ: ``2.jpg`` comes before
    ``10.jpg``. There are none where the folder is absent.

    Raises:
        DataError: a picture has no number, two have the same, or the names differ in more.
    """
    try:
        names = [name for name in packed.names_in(folder)[1] if is_picture(name)]
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise DataError(f'{folder}: cannot be listed ({error.strerror})') from None
    return _by_number(folder, names)


def refuse_gaps(folder: Path, numbers: Iterable[int]) -> None:
    """Refuse frames that do not follow each other by even steps.

    Raises:
        DataError: names the numbers between which one is missing.
    """
    pairs = list(itertools.pairwise(numbers))
    step = min((after - before for before, after in pairs), default=1)
    for before, after in pairs:
        if after - before != step:
            raise DataError(
                f'{folder}: frame {before} is followed by frame {after}, are some missing? '
                'number the frames without gaps'
            )


def other_size(path: str, found: tuple[int, int], size: tuple[int, int]) -> str:
    """Return what is wrong with a frame of another (width, height) than its film."""
    return (
        f'{path}: is {found[0]} x {found[1]} pixels (width x height), other frames of its film '
        f'have {size[0]} x {size[1]}; boxes in it would be wrong: use the frames that were '
        'annotated'
    )


def _by_number(folder: Path, names: list[str]) -> dict[int, str]:
    parts: dict[str, tuple[int, ...]] = {}
    forms: dict[tuple[str, ...], str] = {}
    for name in sorted(names):
        stem = name.rpartition('.')[0]
        parts[name] = tuple(map(int, _DIGITS.findall(stem)))
        forms.setdefault(tuple(_DIGITS.split(stem)), name)
        if not parts[name]:
            raise DataError(f'{folder / name}: a frame without a number in its name')
    if len(forms) > 1:
        one, other = list(forms.values())[:2]
        raise DataError(
            f"{folder}: frames are named in two ways, as '{one}' and as '{other}'; their names "
            'may differ in one number only'
        )
    place = _differing(folder, parts)
    found: dict[int, str] = {}
    for name, numbers in sorted(parts.items(), key=lambda item: item[1][place]):
        number = numbers[place]
        if number in found:
            raise DataError(f"{folder}: '{found[number]}' and '{name}' are both frame {number}")
        found[number] = name
    return found


def _differing(folder: Path, parts: dict[str, tuple[int, ...]]) -> int:
    """Return which of the numbers in the names counts the frames; the last one if all are equal."""
    columns = list(zip(*parts.values(), strict=True))
    differing = [index for index, column in enumerate(columns) if len(set(column)) > 1]
    if len(differing) > 1:
        raise DataError(
            f"{folder}: names of frames differ in two numbers (as '{next(iter(parts))}'), which "
            'one counts is not known; rename them'
        )
    return differing[0] if differing else -1
