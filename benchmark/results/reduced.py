"""Where a cell that ran with a smaller batch than planned left what it made.

Its record has a fingerprint of its own; a note in the work folder of the planned cell names it.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import NamedTuple

from benchmark.errors import UNFIT, RecordError
from benchmark.results.store import write_atomically

_FILE = 'smaller.json'


class Note(NamedTuple):
    """How often the batch of a cell was halved, and the file of the record."""

    halvings: int
    record: Path


def folder_of(folder: Path, halvings: int) -> Path:
    """Return where a worker leaves what it makes of a planned cell with a halved batch."""
    return folder.with_name(f'{folder.name}-{halvings}') if halvings else folder


def move_folder(folder: Path, halvings: int, place: Path) -> None:
    """Move what a worker left with a halved batch to the work folder of its record.

    Raises:
        RecordError: it cannot be moved.
    """
    left = folder_of(folder, halvings)
    if not left.is_dir():
        return  # moved before
    try:
        shutil.rmtree(place, ignore_errors=True)
        left.rename(place)
    except OSError as error:
        raise RecordError(f'{left}: cannot be moved to {place} ({error.strerror})') from None


def write_note(folder: Path, halvings: int, record: Path) -> None:
    """Note in a planned cell's work folder how it ran.

    Raises:
        RecordError: the note cannot be written.
    """
    content = {'halvings': halvings, 'record': str(record.resolve())}
    write_atomically(folder / _FILE, json.dumps(content))


def read_note(folder: Path) -> Note | None:
    """Return how the cell of a work folder ran, if not as planned."""
    try:
        content = json.loads((folder / _FILE).read_bytes())
        return Note(int(content['halvings']), Path(content['record']))
    except (OSError, *UNFIT):
        return None
