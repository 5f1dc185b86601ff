"""Drawn predictions for the page: which ones, and their bytes within a budget."""

from __future__ import annotations

import base64
import itertools
import struct
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from benchmark.results.records import RunRecord
from benchmark.results.store import ResultStore
from benchmark.specs import RunSpec

PER_CELL = 3
CELLS_PER_TASK = 24
LARGEST_FILE = 3_000_000

_SIGNATURE = b'\x89PNG\r\n\x1a\n'


class Picture(NamedTuple):
    """A PNG file with predictions next to ground truth; width and height in pixels."""

    spec: RunSpec
    name: str
    uri: str
    width: int
    height: int


class Gallery(NamedTuple):
    """The pictures of a page, and why others are not in it."""

    pictures: tuple[Picture, ...]
    notes: tuple[str, ...]


class _UnusableError(Exception):
    """A picture cannot be embedded, for the reason in the message."""


def collect(store: ResultStore, records: Iterable[RunRecord], *, budget: int) -> Gallery:
    """Return pictures of at most ``budget`` base64 characters.

    Each cell is shown by its first seed with pictures. Tasks take turns, and the
    first picture of every cell comes before the second of any, so that a short
    budget is shared.
    """
    pictures: list[Picture] = []
    shown, crowded_out = _shown(records)
    skipped: Counter[str] = Counter(crowded_out)
    for record, name in _turns(shown):
        try:
            picture = _read(store, record, name, budget)
        except _UnusableError as error:
            skipped[str(error)] += 1
            continue
        pictures.append(picture)
        budget -= len(picture.uri)
    notes = [f'{count} not shown: {reason}' for reason, count in sorted(skipped.items())]
    return Gallery(tuple(sorted(pictures)), tuple(notes))


def _shown(records: Iterable[RunRecord]) -> tuple[list[RunRecord], dict[str, int]]:
    """Return the cells to show, and how many pictures of others there are, by reason."""
    cells: dict[tuple[str, str, str], RunRecord] = {}
    for record in sorted(records, key=lambda item: item.spec):
        if record.is_ok and record.pictures:
            spec = record.spec
            cells.setdefault((spec.task, spec.protocol, spec.backbone), record)
    by_task: dict[str, list[RunRecord]] = {}
    for (task, *_), record in sorted(cells.items(), key=lambda item: item[0]):
        by_task.setdefault(task, []).append(record)
    rounds = itertools.zip_longest(*(items[:CELLS_PER_TASK] for items in by_task.values()))
    shown = [record for turn in rounds for record in turn if record is not None]
    crowded = [record for items in by_task.values() for record in items[CELLS_PER_TASK:]]
    others = sum(len(record.pictures[:PER_CELL]) for record in crowded)
    reason = f'a task shows at most {CELLS_PER_TASK} cells'
    return shown, {reason: others} if others else {}


def _turns(records: list[RunRecord]) -> Iterator[tuple[RunRecord, str]]:
    for turn in range(PER_CELL):
        for record in records:
            if turn < len(record.pictures):
                yield record, record.pictures[turn]


def _read(store: ResultStore, record: RunRecord, name: str, budget: int) -> Picture:
    folder = store.work_folder(record.suite, record.spec, record.fingerprint)
    data = _bytes_inside(folder, name)
    width, height = _size(data)
    uri = f'data:image/png;base64,{base64.b64encode(data).decode()}'
    if len(uri) > budget:
        raise _UnusableError('the page would grow too large')
    return Picture(record.spec, name, uri, width, height)


def _bytes_inside(folder: Path, name: str) -> bytes:
    path = folder / name
    try:
        if not path.resolve().is_relative_to(folder.resolve()):
            raise _UnusableError("the file is outside its run's work folder")
        if path.stat().st_size > LARGEST_FILE:
            raise _UnusableError(f'the file is larger than {LARGEST_FILE / 1e6:g} MB')
        return path.read_bytes()
    except (OSError, ValueError):
        raise _UnusableError('the file is no longer in the work folder') from None


def _size(data: bytes) -> tuple[int, int]:
    if not data.startswith(_SIGNATURE) or len(data) < 24:
        raise _UnusableError('the file is not a PNG')
    width, height = struct.unpack('>II', data[16:24])
    return width, height
