"""Drawn predictions for the page: in it, as files beside it, or not at all."""

from __future__ import annotations

import base64
import enum
import itertools
import struct
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from benchmark.hashing import slug
from benchmark.results.records import RunRecord
from benchmark.results.store import ResultStore, file_inside
from benchmark.specs import RunSpec


class Pictures(enum.StrEnum):
    """Where the pictures of a page are."""

    BESIDE = 'beside'
    INSIDE = 'inside'
    NONE = 'none'


PER_CELL = 3
CELLS_PER_TASK = 24
LARGEST_FILE = 3_000_000
LARGEST_FOLDER = 500_000_000
"""Bytes of pictures beside the page; those of further cells are left out."""

_PREFIX = 'data:image/png;base64,'
_SIGNATURE = b'\x89PNG\r\n\x1a\n'


class Picture(NamedTuple):
    """A PNG file with predictions next to ground truth; width and height in pixels.

    ``uri`` is the embedded file or, where ``beside`` is set, the place of a copy of that
    file relative to the page.
    """

    spec: RunSpec
    name: str
    uri: str
    width: int
    height: int
    beside: Path | None = None


class Gallery(NamedTuple):
    """The pictures of a page, and why others are not in it."""

    pictures: tuple[Picture, ...]
    notes: tuple[str, ...]

    @property
    def files(self) -> dict[str, Path]:
        """The files to copy, by their place relative to the page."""
        return {p.uri: p.beside for p in self.pictures if p.beside is not None}


class _UnusableError(Exception):
    """A picture cannot be shown, for the reason in the message."""


def collect(
    store: ResultStore, records: Iterable[RunRecord], *, budget: int, folder: str
) -> Gallery:
    """Return the pictures of every cell; at most ``budget`` base64 characters are embedded.

    Each cell is shown by its first seed with pictures. Tasks take turns, and the
    first picture of every cell comes before the second of any, so that a short
    budget is shared. What is not embedded goes into ``folder``.

    Args:
        store: where records and pictures are.
        records: the records on the page.
        budget: largest number of base64 characters to embed.
        folder: name of the folder next to the page for further pictures.
    """
    pictures: list[Picture] = []
    skipped: Counter[str] = Counter()
    inside, outside = _select_runs(records)
    room = LARGEST_FOLDER
    for record, name, is_welcome in (
        *_turns(inside, is_welcome=True),
        *_turns(outside, is_welcome=False),
    ):
        try:
            file = _file_inside(store, record, name)
        except _UnusableError as error:
            skipped[str(error)] += 1
            continue
        if is_welcome and file.length <= budget:
            budget -= file.length
            pictures.append(_embed(record.spec, name, file))
        elif file.size <= room:
            room -= file.size
            pictures.append(_link(record.spec, name, file, folder))
        else:
            skipped['the folder next to the page would grow too large'] += 1
    notes = [
        f'{count} picture{"s" if count > 1 else ""} of predictions not shown: {reason}.'
        for reason, count in sorted(skipped.items())
    ]
    return Gallery(tuple(sorted(pictures)), tuple(notes))


def _select_runs(records: Iterable[RunRecord]) -> tuple[list[RunRecord], list[RunRecord]]:
    """Return one run of each cell: those to embed, tasks in turn, and the others."""
    cells: dict[tuple[str, str, str], RunRecord] = {}
    for record in sorted(records, key=lambda item: item.spec):
        if record.is_ok and record.pictures:
            spec = record.spec
            cells.setdefault((spec.task, spec.protocol, spec.backbone), record)
    by_task: dict[str, list[RunRecord]] = {}
    for (task, *_), record in sorted(cells.items(), key=lambda item: item[0]):
        by_task.setdefault(task, []).append(record)
    rounds = itertools.zip_longest(*(items[:CELLS_PER_TASK] for items in by_task.values()))
    inside = [record for turn in rounds for record in turn if record is not None]
    return inside, [r for items in by_task.values() for r in items[CELLS_PER_TASK:]]


def _turns(records: list[RunRecord], *, is_welcome: bool) -> Iterator[tuple[RunRecord, str, bool]]:
    for turn in range(PER_CELL):
        for record in records:
            if turn < len(record.pictures):
                yield record, record.pictures[turn], is_welcome


class _File(NamedTuple):
    path: Path
    size: int
    width: int
    height: int

    @property
    def length(self) -> int:
        """Characters of the embedded file."""
        return len(_PREFIX) + 4 * ((self.size + 2) // 3)


def _embed(spec: RunSpec, name: str, file: _File) -> Picture:
    data = base64.b64encode(file.path.read_bytes()).decode()
    return Picture(spec, name, _PREFIX + data, file.width, file.height)


def _link(spec: RunSpec, name: str, file: _File, folder: str) -> Picture:
    place = f'{folder}/{spec.id}--{slug(Path(name).stem)}.png'
    return Picture(spec, name, place, file.width, file.height, file.path)


def _file_inside(store: ResultStore, record: RunRecord, name: str) -> _File:
    folder = store.work_folder(record.suite, record.spec, record.fingerprint)
    path = file_inside(folder, name)
    if path is None:
        raise _UnusableError("the file is not, or no longer, in its run's work folder")
    try:
        size = path.stat().st_size
        if size > LARGEST_FILE:
            raise _UnusableError(f'the file is larger than {LARGEST_FILE / 1e6:g} MB')
        with path.open('rb') as file:
            width, height = _checked_extent(file.read(24))
    except (OSError, ValueError):
        raise _UnusableError('the file is no longer in the work folder') from None
    return _File(path, size, width, height)


def _checked_extent(header: bytes) -> tuple[int, int]:
    extent = png_extent(header)
    if extent is None:
        raise _UnusableError('the file is not a PNG')
    return extent


def png_extent(header: bytes) -> tuple[int, int] | None:
    """Return width and height in pixels by the first 24 bytes of a file; ``None`` of no PNG."""
    if not header.startswith(_SIGNATURE) or len(header) < 24:
        return None
    width, height = struct.unpack('>II', header[16:24])
    return width, height
