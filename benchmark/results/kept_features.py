"""Which files of kept features a probe reads, written down for whoever plans the next one."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from benchmark.errors import UNFIT, RecordError
from benchmark.results.store import write_atomically


def note_files(folder: Path, key: str, names: Iterable[str]) -> None:
    """Write down which files of ``folder`` hold all features of the probes with this key."""
    try:
        write_atomically(_place(folder, key), json.dumps(sorted(names)))
    except RecordError:  # nothing but where a probe runs depends on it
        return


def kept_bytes(folder: Path, key: str) -> int | None:
    """Return the size of all features of the probes with this key; ``None`` if one is missing."""
    try:
        names = json.loads(_place(folder, key).read_text(encoding='utf-8'))
        return sum((folder / str(name)).stat().st_size for name in names) if names else None
    except (OSError, TypeError, *UNFIT):
        return None


def _place(folder: Path, key: str) -> Path:
    return folder / f'{key}.json'
