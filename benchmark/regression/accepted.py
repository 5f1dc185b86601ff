"""Shifts that people accepted, with reason and date: a file under version control."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

from benchmark.errors import UNFIT, DeclarationError
from benchmark.specs import CellKey

_PATTERNS = ('task', 'backbone', 'protocol')
_KEYS = (*_PATTERNS, 'since', 'reason', 'by')


class Shift(NamedTuple):
    """From the night ``since`` on, the cells that match have a new level, for a ``reason``.

    ``task``, ``backbone`` and ``protocol`` are names or patterns as of a shell.
    """

    task: str
    backbone: str
    protocol: str
    since: str
    reason: str
    by: str = ''

    def covers(self, cell: CellKey) -> bool:
        """Whether the shift is about ``cell``."""
        return all(fnmatchcase(getattr(cell, key), getattr(self, key)) for key in _PATTERNS)


def read_accepted(path: Path) -> tuple[Shift, ...]:
    """Return the accepted shifts of a TOML file with ``[[shift]]`` tables.

    Raises:
        DeclarationError: names the file, the key, the value found and what is allowed.
    """
    try:
        content = tomllib.loads(path.read_text(encoding='utf-8'))
    except (OSError, *UNFIT) as error:
        raise DeclarationError(f'{path}: cannot be read ({error})') from None
    if unknown := sorted(content.keys() - {'shift'}):
        raise DeclarationError(f"{path}: unknown table '{unknown[0]}' (allowed: [[shift]])")
    tables = content.get('shift', [])
    if not isinstance(tables, list) or not all(isinstance(item, dict) for item in tables):
        raise DeclarationError(f'{path}: shift is {str(tables)[:40]!r}, must be [[shift]] tables')
    return tuple(_shift(path, number, item) for number, item in enumerate(tables, start=1))


def _shift(path: Path, number: int, item: Mapping[str, Any]) -> Shift:
    place = f'{path}: shift {number}'
    if unknown := sorted(item.keys() - set(_KEYS)):
        raise DeclarationError(f"{place}: unknown key '{unknown[0]}' (allowed: {', '.join(_KEYS)})")
    texts = {key: item.get(key, '*') for key in _PATTERNS}
    texts |= {'reason': item.get('reason', ''), 'by': item.get('by', '')}
    for key, value in texts.items():
        if not isinstance(value, str):
            raise DeclarationError(f'{place}: {key} is {value!r}, must be a text')
    if not texts['reason'].strip():
        raise DeclarationError(f'{place}: reason is empty; say why the shift is right')
    since = item.get('since')
    if isinstance(since, datetime) or not isinstance(since, date):
        raise DeclarationError(f'{place}: since is {since!r}, must be a date as in 2031-05-04')
    return Shift(**texts, since=since.isoformat())


def latest(shifts: Sequence[Shift], cell: CellKey, night: str) -> Shift | None:
    """Return the newest accepted shift of ``cell`` that applies on ``night``, or ``None``."""
    found = (shift for shift in shifts if shift.since <= night and shift.covers(cell))
    return max(found, key=lambda shift: shift.since, default=None)
