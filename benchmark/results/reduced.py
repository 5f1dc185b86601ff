"""Where a cell that ran with a smaller batch than planned left its record.

Its record has a fingerprint of its own; a note in the work folder of the planned cell names it.
"""

from __future__ import annotations

import json
from pathlib import Path

from benchmark.results.store import write_atomically

_FILE = 'smaller.json'


def note_reduced(folder: Path, fingerprint: str) -> None:
    """Note in a planned cell's work folder the fingerprint under which it was run.

    Raises:
        RecordError: the note cannot be written.
    """
    write_atomically(folder / _FILE, json.dumps({'fingerprint': fingerprint}))


def reduced_fingerprint(folder: Path) -> str | None:
    """Return the fingerprint under which the cell of a work folder was run, if not its own."""
    try:
        found = json.loads((folder / _FILE).read_bytes())['fingerprint']
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if isinstance(found, str) else None
