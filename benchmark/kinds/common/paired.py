"""Find pictures and maps with the same names, in separate folders, for drafts."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from benchmark.errors import DataError
from benchmark.kinds.common.drafting import find_role, picture_folders
from benchmark.specs import Role


class Pair(NamedTuple):
    """A folder of pictures, the folder of their maps, and the name endings of both.

    ``stems`` are what the names of a picture and its map begin with.
    """

    pictures: Path
    maps: Path
    endings: tuple[str, str]
    stems: tuple[str, ...]
    role: Role | None

    def files(self) -> list[tuple[Path, Path]]:
        """Return each picture with its map."""
        return [
            (self.pictures / f'{stem}{self.endings[0]}', self.maps / f'{stem}{self.endings[1]}')
            for stem in self.stems
        ]


def find_pairs(folder: Path, words: Sequence[str], what: str) -> list[Pair]:
    """Return pairs of folders in which PNGs are the maps of pictures with the same names.

    Args:
        folder: where to look.
        words: one of them is in the path of a folder of maps.
        what: what errors call the maps.

    Raises:
        DataError: there are no folders of maps, or one has no pictures that go with it.
    """
    found = picture_folders(folder)
    maps = {
        place: [name for name in names if name.lower().endswith('.png')]
        for place, names in found.items()
        if _names_one(place.relative_to(folder), words)
    }
    maps = {place: names for place, names in maps.items() if names}
    if not maps:
        raise DataError(
            f'{folder}: no folder of {what} was found: a folder of PNGs with one of '
            f'{", ".join(words[:4])} in its name'
        )
    others = {place: names for place, names in found.items() if place not in maps}
    return [_pair(folder, place, names, others, what) for place, names in maps.items()]


def _names_one(path: Path, words: Sequence[str]) -> bool:
    parts = re.split(r'[^a-z]+', path.as_posix().lower())
    return any(part in words for part in parts)


def _pair(
    folder: Path, maps: Path, names: list[str], others: dict[Path, list[str]], what: str
) -> Pair:
    best: tuple[int, Path, str, str, tuple[str, ...]] | None = None
    role = find_role(maps.relative_to(folder))
    for place, pictures in others.items():
        own = find_role(place.relative_to(folder))
        if role is not None and own is not None and own is not role:
            continue
        ending = Counter(Path(name).suffix for name in pictures).most_common(1)[0][0]
        stems = {name.removesuffix(ending) for name in pictures if name.endswith(ending)}
        map_ending = _ending(stems, names)
        shared = tuple(sorted(s for s in stems if f'{s}{map_ending}' in set(names)))
        if shared and (best is None or len(shared) > best[0]):
            best = len(shared), place, ending, map_ending, shared
    if best is None:
        raise DataError(
            f'{maps}: no folder has pictures with the names of these {what}; a picture and its map '
            'must have the same name'
        )
    _, place, ending, map_ending, shared = best
    role = role or find_role(place.relative_to(folder))
    return Pair(place, maps, (ending, map_ending), shared, role)


def _ending(stems: set[str], names: list[str]) -> str:
    """Return the suffix of a map's name after the picture's stem, as in ``_mask.png``."""
    first = min(names)
    fitting = [stem for stem in stems if first.startswith(stem)]
    stem = max(fitting, key=len, default='')
    return first[len(stem) :] if stem else '.png'


def common_parent(pairs: Sequence[Pair]) -> Path:
    """Return the deepest folder that contains all pictures and maps."""
    return Path(os.path.commonpath([str(p) for pair in pairs for p in (pair.pictures, pair.maps)]))
