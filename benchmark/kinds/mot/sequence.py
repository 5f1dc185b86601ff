"""Checked readers of a MOTChallenge sequence: ``seqinfo.ini``, frames and ground truth."""

from __future__ import annotations

import configparser
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmark.errors import DataError
from benchmark.kinds.common.frames import numbered_frames
from benchmark.kinds.common.tables import Table, read_table
from benchmark.openmmlab.texts import read_text

PEDESTRIAN = 1
"""Class number of the tracked persons."""

_CLASSES = range(1, 14)
_ROW = 'frame, identity, left, top, width, height, 0 or 1 (counts), class and maybe visibility'
_FACTS = ('imDir', 'imExt', 'seqLength', 'imWidth', 'imHeight')


class SequenceFacts(NamedTuple):
    """What ``seqinfo.ini`` says: folder and ending of the frames, their number and size."""

    folder: Path
    suffix: str
    length: int
    width: int
    height: int


def read_facts(folder: Path) -> SequenceFacts:
    """Return the facts of the sequence in ``folder``.

    Raises:
        DataError: ``seqinfo.ini`` cannot be read, or names what is missing or no number.
    """
    path = folder / 'seqinfo.ini'
    parser = configparser.ConfigParser(interpolation=None)
    # its keys are spelt in mixed case
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    try:
        parser.read_string(read_text(path))
        facts = parser['Sequence']
        missing = set(_FACTS) - set(facts)
    except (KeyError, configparser.Error) as error:
        text = ' '.join(str(error).split())
        raise DataError(f'{path}: not readable as the description of a sequence ({text})') from None
    if missing:
        raise DataError(f'{path}: lacks {", ".join(sorted(missing))}')
    length, width, height = (_count(path, key, facts[key]) for key in _FACTS[2:])
    return SequenceFacts(folder / facts['imDir'], facts['imExt'], length, width, height)


def _count(path: Path, key: str, text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise DataError(f"{path}: {key} is '{text}', must be a number above 0")
    return int(text)


def find_frames(folder: Path, facts: SequenceFacts) -> list[Path]:
    """Return the frames of a sequence by number, from 1.

    Raises:
        DataError: there are more or fewer than ``seqinfo.ini`` says, they end otherwise, or one
            is missing in between.
    """
    names = numbered_frames(facts.folder)
    if other := [name for name in names.values() if _suffix(name) != facts.suffix.lower()]:
        raise DataError(
            f"{facts.folder / other[0]}: seqinfo.ini says that frames end in '{facts.suffix}'"
        )
    if len(names) != facts.length:
        raise DataError(f'{folder}: {len(names)} frames, seqinfo.ini says {facts.length}')
    wrong = next((n for n in range(1, len(names) + 1) if n not in names), None)
    if wrong is not None:
        raise DataError(
            f'{facts.folder}: there is no frame {wrong}; frames must be numbered from 1 to '
            f'{len(names)}, as in gt.txt'
        )
    return [facts.folder / name for name in names.values()]


def _suffix(name: str) -> str:
    return f'.{name.rpartition(".")[2]}'.lower()


def read_truth(path: Path, length: int | None = None) -> np.ndarray:
    """Return the rows (n, 8 or 9) of ``gt.txt`` of a sequence, of ``length`` frames if given.

    They are frame (from 1), identity, left, top, width, height, whether the row counts, class
    and, in most releases, visibility.

    Raises:
        DataError: names the line whose numbers do not fit, or repeat an identity in a frame.
    """
    table = read_table(path, (8, 9), _ROW)
    rows = table.values if len(table.values) else np.empty((0, 8))
    table = table._replace(values=rows)
    frames, identities, counts, classes = (rows[:, column] for column in (0, 1, 6, 7))
    for column, values in ((1, frames), (2, identities), (8, classes)):
        table.refuse(values % 1 != 0, f'number {column} must be whole')
    last = np.inf if length is None else length
    table.refuse((frames < 1) | (frames > last), f'frames are 1 to {last}')
    table.refuse(identities < 0, 'an identity must be 0 or more')
    table.refuse(~np.isin(counts, (0, 1)), 'number 7 says whether the row counts, must be 0 or 1')
    table.refuse(~np.isin(classes, _CLASSES), 'class must be 1 (pedestrian) to 13, as in MOT17')
    is_empty = (rows[:, 4:6] <= 0).any(axis=1) & wanted(rows)
    table.refuse(is_empty, 'width and height must be above 0')
    _refuse_repeated(table)
    return rows


def wanted(rows: np.ndarray) -> np.ndarray:
    """Return a mask (n,) of the rows of the ground truth that are persons to be tracked."""
    return (rows[:, 6] > 0) & (rows[:, 7] == PEDESTRIAN)


def _refuse_repeated(table: Table) -> None:
    """Raise if an identity occurs twice in a frame, even with different classes."""
    seen: dict[tuple[float, float], int] = {}
    for (frame, identity), line in zip(table.values[:, :2].tolist(), table.lines, strict=True):
        earlier = seen.setdefault((frame, identity), int(line))
        if earlier != line:
            raise DataError(
                f'{table.path}, line {line}: frame {frame:g} has identity {identity:g} already in '
                f'line {earlier}; an identity occurs once in a frame'
            )
