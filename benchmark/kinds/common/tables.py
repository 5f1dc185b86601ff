"""Readers of lists and tables of numbers with any usual separator; every row is checked."""

from __future__ import annotations

import re
from collections.abc import Container
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmark.errors import DataError
from benchmark.openmmlab.texts import read_text

_SEPARATOR = re.compile(r'\s*[,;]\s*|\s+')
_LONGEST = 40


class Table(NamedTuple):
    """Numbers (n, columns), and the line (n,) of each row in the file, from 1."""

    path: Path
    values: np.ndarray
    lines: np.ndarray

    def refuse(self, wrong: np.ndarray, reason: str) -> None:
        """Raise if ``wrong`` (n,) is true for a row, naming the line of the first one.

        Raises:
            DataError: names file, line and ``reason``.
        """
        if wrong.any():
            first = int(np.flatnonzero(wrong)[0])
            found = ','.join(f'{value:g}' for value in self.values[first])
            raise DataError(f"{self.path}, line {self.lines[first]}: {reason} (found '{found}')")


def read_table(path: Path, columns: Container[int], expected: str, *, nan: bool = False) -> Table:
    """Return the rows of a text file whose numbers are separated by commas, ``;``, tabs or spaces.

    A byte order mark and empty lines are passed over; a file without rows gives a table (0, 0).

    Args:
        path: the file.
        columns: how many numbers a row may have; all rows have equally many.
        expected: what a row holds, for errors.
        nan: whether a number may be NaN.

    Raises:
        DataError: the file cannot be read, or names the line that is not as expected.
    """
    texts = _lines(path)
    lines = np.array([n for n, text in enumerate(texts, 1) if text.strip()], int)
    if not len(lines):
        return Table(path, np.empty((0, 0)), lines)
    values = _separated_by_commas(texts)
    if values is None or not np.isfinite(values).all() or values.shape[1] not in columns:
        rows = [_numbers(path, int(n), texts[n - 1], columns, expected, nan=nan) for n in lines]
        values = _even(path, lines, rows)
    return Table(path, values, lines)


def _lines(path: Path) -> list[str]:
    return read_text(path).splitlines()


def _separated_by_commas(texts: list[str]) -> np.ndarray | None:
    """Parse comma-separated rows, fast; ``None`` if any row has another form."""
    try:
        return np.loadtxt(texts, delimiter=',', ndmin=2, comments=None)
    except ValueError:
        return None


def _numbers(
    path: Path, number: int, text: str, columns: Container[int], expected: str, *, nan: bool
) -> list[float]:
    place = f'{path}, line {number}'
    words = _SEPARATOR.split(text.strip())
    if ',' in text and ';' in text:
        raise DataError(
            f"{place}: both ',' and ';' are used as separators; write numbers as 1.5, and use one "
            'separator'
        )
    if words[-1] == '':
        words.pop()  # a separator at the end
    try:
        row = [float(word) for word in words]
    except ValueError:
        raise DataError(
            f'{place}: {text.strip()[:_LONGEST]!r} is not a row of numbers, expected {expected}'
        ) from None
    if len(row) not in columns:
        raise DataError(f'{place}: {len(row)} numbers, expected {expected}')
    if not all(np.isfinite(value) or (nan and np.isnan(value)) for value in row):
        raise DataError(f'{place}: {text.strip()[:_LONGEST]!r} has a number that is not finite')
    return row


def _even(path: Path, lines: np.ndarray, rows: list[list[float]]) -> np.ndarray:
    for line, row in zip(lines, rows, strict=True):
        if len(row) != len(rows[0]):
            raise DataError(f'{path}, line {line}: {len(row)} numbers, line 1 has {len(rows[0])}')
    return np.array(rows)


def read_boxes(path: Path) -> np.ndarray:
    """Return boxes (n, 4) of x, y, width, height, a line each; an absent target's row is NaN.

    Raises:
        DataError: names the file and the line that is no box.
    """
    table = read_table(path, (4,), 'x, y, width, height', nan=True)
    _refuse_gaps(table)
    boxes = table.values.reshape(-1, 4)
    absent = np.isnan(boxes)
    table.refuse(absent.any(axis=1) & ~absent.all(axis=1), 'a box that is NaN in part')
    return boxes


def read_flags(path: Path) -> np.ndarray:
    """Return one number (n,) per frame, given one per line or all in one line.

    Raises:
        DataError: names the file and the line that is not as expected.
    """
    table = read_table(path, range(1, 1 << 31), 'one number per frame')
    if len(table.values) > 1:
        table = read_table(path, (1,), 'one number per line')
    _refuse_gaps(table)
    return table.values.ravel()


def read_lines(path: Path) -> list[str]:
    """Return the lines of a text file that are not empty.

    Raises:
        DataError: it cannot be read.
    """
    return [line.strip() for line in _lines(path) if line.strip()]


def _refuse_gaps(table: Table) -> None:
    """Raise if there is an empty line before the last row, since frames and rows would shift."""
    missing = np.flatnonzero(table.lines != np.arange(1, len(table.lines) + 1))
    if len(missing):
        raise DataError(f'{table.path}, line {missing[0] + 1}: is empty, expected a row per frame')
