"""Text files with an entry per line, as editors and other systems leave them."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from benchmark.errors import DataError

_LIBRARIES = ('mmengine', 'mmcv', 'mmdet', 'mmpretrain', 'mmseg', 'mmpose')
_READER = 'list_from_file'
_QUOTED = re.compile(r'"([^"]*)"(.*)|\'([^\']*)\'(.*)')


class Line(NamedTuple):
    """A line that is not blank: its number from 1, and its text without what surrounds it."""

    number: int
    text: str


def read_text(path: str | Path) -> str:
    """Return a text in UTF-8, with or without a byte order mark, or in UTF-16 with one.

    Its lines end in a line feed, whether the file is of Unix, Windows or an old Mac.

    Raises:
        DataError: the file cannot be read, or is in another encoding.
    """
    try:
        data = Path(path).read_bytes()
        is_utf16 = data[:2] in (b'\xff\xfe', b'\xfe\xff')
        text = data.decode('utf-16' if is_utf16 else 'utf-8-sig')
        return text.replace('\r\n', '\n').replace('\r', '\n')
    except OSError as error:
        raise DataError(f'{path}: cannot be read ({error.strerror})') from None
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b'\n') + 1
        raise DataError(
            f'{path}, line {line}: not UTF-8 ({error.reason}); save the file as UTF-8'
        ) from None


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
