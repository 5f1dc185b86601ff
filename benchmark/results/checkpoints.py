"""Checkpoints in a work folder, named by a hash of their content so that damage is noticed.

A checkpoint is called ``iter_N-HASH.pth``: the iteration after which it was taken, and the start
of its SHA-256. The name alone says whether a file is whole, and no other file points to it.
"""

from __future__ import annotations

import functools
import hashlib
import logging
import os
import re
import secrets
from pathlib import Path

from benchmark.results.leases import check_held

KEPT = 2
"""How many checkpoints of a training stay: where one is damaged, the one before it is used."""

_NAME = re.compile(r'iter_([0-9]+)-([0-9a-f]{32})\.pth')
_DRAFTS = '.checkpoint.*draft'
_EVERY = ('iter_*.pth', _DRAFTS, 'last_checkpoint')
"""What may lie in a work folder: whole ones, one half written, and those of earlier versions."""


def draft_of(folder: Path) -> Path:
    """Return the file to write a checkpoint to, before :func:`keep` gives it its name."""
    return folder / f'.checkpoint.{_own_name()}.draft'


@functools.cache
def _own_name() -> str:
    """Return a name for drafts of this process: one that lost its lease may write at the time."""
    return secrets.token_hex(8)


def keep(folder: Path, iteration: int) -> Path:
    """Give the draft in ``folder`` its name once it is on disk, drop old ones; return its path.

    At any moment at least one whole checkpoint is there, once there was one.

    Raises:
        OSError: the file cannot be written out or renamed.
        BusyError: another process has taken over what this one works at.
    """
    draft = draft_of(folder)
    with draft.open('rb') as file:
        os.fsync(file.fileno())
    path = folder / f'iter_{iteration}-{_hash(draft)}.pth'
    check_held()
    draft.replace(path)
    _sync(folder)
    for old in [found for found in _newest_first(folder) if found != path][KEPT - 1 :]:
        old.unlink(missing_ok=True)
    return path


def newest_whole(folder: Path) -> Path | None:
    """Return the newest whole checkpoint in ``folder``, if any; damaged ones are removed.

    Each of those gets a line in the log. What was left half written goes too.
    """
    for draft in folder.glob(_DRAFTS):
        draft.unlink(missing_ok=True)
    for path in _newest_first(folder):
        if _is_whole(path):
            return path
        logging.getLogger(__name__).warning(
            '%s: damaged, its content is not what its name says; going back to the one before', path
        )
        path.unlink(missing_ok=True)
    return None


def remove_checkpoints(folder: Path) -> None:
    """Remove all checkpoints of a training that will not be resumed."""
    for pattern in _EVERY:
        for path in folder.glob(pattern):
            path.unlink(missing_ok=True)


def _newest_first(folder: Path) -> list[Path]:
    found = [(_NAME.fullmatch(path.name), path) for path in folder.glob('iter_*.pth')]
    named = [(int(match[1]), path) for match, path in found if match]
    return [path for _, path in sorted(named, reverse=True)]


def _is_whole(path: Path) -> bool:
    match = _NAME.fullmatch(path.name)
    try:
        return match is not None and _hash(path) == match[2]
    except OSError:
        return False


def _hash(path: Path) -> str:
    with path.open('rb') as file:
        return hashlib.file_digest(file, 'sha256').hexdigest()[:32]


def _sync(folder: Path) -> None:
    """Write out the names in a folder, which a power cut would lose."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
