"""Folders that are published atomically, even if several processes write them."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def is_complete(folder: Path, marker: str) -> bool:
    """Return whether ``folder`` was published: its ``marker`` file is there."""
    return (folder / marker).is_file()


def _sync(path: Path) -> None:
    with path.open('rb') as file:
        os.fsync(file.fileno())


def _move_into_place(written: Path, final: Path, marker: str) -> None:
    """Rename ``written`` to ``final``, unless another process got there first."""
    try:
        written.rename(final)
    except OSError:
        if is_complete(final, marker):
            return
        # we never leave a folder without its marker: it is left over from something else
        shutil.rmtree(final, ignore_errors=True)
        written.rename(final)


@contextmanager
def publishing(final: Path, marker: str) -> Iterator[Path]:
    """Yield an empty temporary folder that becomes ``final`` when the block succeeds.

    The block has to write ``marker`` last. Where the block fails, the sibling goes.
    """
    final.parent.mkdir(parents=True, exist_ok=True)
    written = final.with_name(f'.{final.name}.{uuid.uuid4().hex[:12]}.partial')
    written.mkdir()
    try:
        yield written
        _sync(written / marker)
        _move_into_place(written, final, marker)
    finally:
        shutil.rmtree(written, ignore_errors=True)
