"""The pictures for pretraining: those of the procedural world, or a folder of the user's."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2

from benchmark.compiling import files_below
from benchmark.errors import DataError
from benchmark.openmmlab.decoding import PICTURES, is_picture
from benchmark.results.store import write_atomically
from benchmark.world import VERSION, WorldSpec, ensure_pretraining_split

WORLD = 'world'
LABELS = ('coarse', 'species')
"""What the procedural world's pictures are labelled with."""

_FOLDERS, _NONE = 'folders', 'none'


@dataclass(frozen=True)
class Pictures:
    """Pictures below a folder, with a label each.

    Attributes:
        title: what they are, for declarations.
        root: folder that ``rows`` are relative to.
        rows: path and number of the class of each picture.
        classes: names of the classes; fewer than two where the pictures are not labelled.
        labels: what the classes are: a column of the world's table, ``'folders'`` or ``'none'``.
        sha256: of paths and sizes.
        world: version of the procedural world, ``None`` for a folder.
    """

    title: str
    root: Path
    rows: tuple[tuple[str, int], ...]
    classes: tuple[str, ...]
    labels: str
    sha256: str
    world: str | None = None

    def __len__(self) -> int:
        """How many there are."""
        return len(self.rows)

    @property
    def place(self) -> str:
        """Where they are, as given on the command line."""
        return WORLD if self.world else str(self.root.resolve())

    def facts(self) -> dict[str, Any]:
        """Return what a record says of them."""
        return {
            'title': self.title,
            'pictures': len(self),
            'classes': len(self.classes),
            'labels': self.labels,
            'sha256': self.sha256,
            'world': self.world,
        }

    def write_list(self, path: Path) -> None:
        """Write the list that mmpretrain reads, one ``picture label`` per line.

        Raises:
            RecordError: the file cannot be written.
        """
        write_atomically(path, ''.join(f'{name} {label}\n' for name, label in self.rows))


def world_pictures(data_root: Path, count: int, labels: str) -> Pictures:
    """Return the first ``count`` pretraining pictures of the world, rendered where absent.

    ``labels`` is one of :data:`LABELS`.

    Raises:
        DataError: the pictures cannot be written.
    """
    root = ensure_pretraining_split(data_root, WorldSpec(), count)
    return _pictures(
        f'procedural world {VERSION}, {count:,} pictures',
        root,
        read_column(root / 'labels.csv', labels),
        labels,
        world=VERSION,
    )


def read_column(table: Path, column: str) -> list[tuple[str, str]]:
    """Return the columns ``file`` and ``column`` of a CSV.

    Raises:
        DataError: the table cannot be read or lacks one of the columns.
    """
    try:
        with table.open(encoding='utf-8', newline='') as file:
            return [(row['file'], row[column]) for row in csv.DictReader(file)]
    except (OSError, ValueError, csv.Error) as error:
        raise DataError(f'{table}: cannot be read ({error})') from None
    except KeyError as error:
        raise DataError(f'{table}: has no column {error}') from None


def folder_pictures(folder: Path) -> Pictures:
    """Return the pictures below ``folder``.

    Where all of them lie in subfolders, the first of these names a picture's class.

    Raises:
        DataError: there is no such folder, it has no picture, or a file is not a picture despite
            its name.
    """
    if not folder.is_dir():
        raise DataError(f"--data '{folder}': no such folder (also allowed: {WORLD})")
    names = sorted(name for name in files_below(folder) if is_picture(name))
    if not names:
        raise DataError(f'{folder}: holds no picture ({", ".join(PICTURES)})')
    for name in names:
        if not cv2.haveImageReader(str(folder / name)):
            raise DataError(f'{folder / name}: cannot be read as a picture')
    title = f'{folder.resolve().name}, {len(names):,} pictures'
    if all('/' in name for name in names):
        return _pictures(title, folder, [(n, n.partition('/')[0]) for n in names], _FOLDERS)
    return _pictures(title, folder, [(name, '') for name in names], _NONE)


def _pictures(
    title: str,
    root: Path,
    labelled: Iterable[tuple[str, str]],
    labels: str,
    world: str | None = None,
) -> Pictures:
    """Return pictures with their classes numbered by name."""
    listed = list(labelled)
    classes = tuple(sorted({label for _, label in listed}))
    numbers = {name: number for number, name in enumerate(classes)}
    rows = tuple((name, numbers[label]) for name, label in listed)
    digest = hashlib.sha256()
    for name, _ in rows:
        digest.update(f'{name}\0{(root / name).stat().st_size}\n'.encode())
    return Pictures(title, root, rows, classes, labels, digest.hexdigest(), world)
