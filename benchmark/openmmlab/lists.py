"""Text files with an entry per line, as editors and other systems leave them."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from benchmark.openmmlab.texts import read_text

_LIBRARIES = ('mmengine', 'mmcv', 'mmdet', 'mmpretrain', 'mmseg', 'mmpose')
_READER = 'list_from_file'
_QUOTED = re.compile(r'"([^"]*)"(.*)|\'([^\']*)\'(.*)')


class Line(NamedTuple):
    """A line that is not blank: its number from 1, and its text without what surrounds it."""

    number: int
    text: str


def read_lines(path: str | Path) -> list[Line]:
    """Return the lines of a list of files, and what each says about its file.

    Blank lines, spaces around a line, its end (of Unix, Windows or old Macs) and quotes around
    the first entry are left out; a tab is a space, a backslash a slash.

    Raises:
        DataError: the file cannot be read, or is in another encoding than UTF-8.
    """
    return list(_lines(read_text(path)))


def _lines(text: str) -> Iterator[Line]:
    # splitlines() would also split at characters that names may contain
    for number, line in enumerate(text.split('\n'), start=1):
        plain = line.replace('\t', ' ').replace('\\', '/').strip()
        if quoted := _QUOTED.fullmatch(plain):
            plain = ''.join(part for part in quoted.groups() if part).strip()
        if plain:
            yield Line(number, plain)


def escapes(name: str) -> bool:
    """Whether a path leads out of the folder that it is relative to."""
    depth = 0
    for part in name.split('/'):
        depth += {'..': -1, '.': 0, '': 0}.get(part, 1)
        if depth < 0:
            return True
    return name.startswith('/') or name[1:3] == ':/'


def install_list_reader() -> None:
    """Let the libraries read lists by :func:`read_lines`."""
    import mmengine.fileio

    original = mmengine.fileio.list_from_file
    if original is list_from_file:
        return
    for name, module in list(sys.modules.items()):
        is_theirs = name.partition('.')[0] in _LIBRARIES
        if is_theirs and getattr(module, _READER, None) is original:
            setattr(module, _READER, list_from_file)


def list_from_file(
    filename: str | Path, prefix: str = '', offset: int = 0, max_num: int = 0, **_: Any
) -> list[str]:
    """Return the lines of a file from ``offset``, at most ``max_num``, each after ``prefix``.

    Stands in for mmengine's function of that name.

    Raises:
        DataError: the file cannot be read.
    """
    chosen = read_lines(filename)[offset : offset + max_num if max_num > 0 else None]
    return [prefix + line.text for line in chosen]
