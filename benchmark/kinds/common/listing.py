"""Line-by-line checks of the lists of samples that data sets read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from mmengine.dataset import BaseDataset

from benchmark.errors import DataError
from benchmark.openmmlab.lists import Line, escapes, read_lines
from benchmark.openmmlab.texts import read_text

LONGEST = 200_000
"""Largest number of lines of a list that are checked when a data set is opened."""

_EMPTY = 'need at least one array to concatenate'
_OUTWARD = re.compile(r'\.\.|^\s*["\']?(/|\w:)', re.MULTILINE)


class _Entry(NamedTuple):
    """A picture in a list, its label, and its line."""

    line: Line
    name: str
    label: str


def check_list(part: BaseDataset) -> list[str]:
    """Return warnings about a data set's list: pictures that are listed twice.

    Raises:
        DataError: a line leads out of the folder, has no label or one that is not declared, or
            two lines give a picture different labels.
    """
    if not _reads_list(part):
        return []
    # searching the whole text is faster than checking each line, which few lists need
    outward = _OUTWARD.search(read_text(part.ann_file)) is not None
    entries = list(_entries(part))
    if outward:
        _refuse_escapes(part, entries)
    if len(entries) > LONGEST:
        return []
    for entry in entries:
        if problem := _label_problem(part, entry):
            raise DataError(f'{part.ann_file}, line {entry.line.number}: {problem}')
    return _check_doubles(part, entries)


def why_unreadable(part: BaseDataset) -> str:
    """Return the first unreadable line of a data set's list, with the reason; empty if none."""
    if not _reads_list(part):
        return ''
    problems = ((entry, _label_problem(part, entry)) for entry in _entries(part))
    return next(
        (f'{part.ann_file}, line {e.line.number}: {problem}' for e, problem in problems if problem),
        '',
    )


def is_emptiness(error: Exception) -> bool:
    """Whether mmengine raised ``error`` because a data set is empty."""
    return _EMPTY in str(error) or 'Found 0 files' in str(error)


def _reads_list(part: BaseDataset) -> bool:
    is_file = Path(part.ann_file or '.').is_file()
    return is_file and bool(_names_of(part) & {'DepthPairs', 'BaseSegDataset', 'CustomDataset'})


def _names_of(part: BaseDataset) -> set[str]:
    # LVIS, Places and others derive from these and override how annotations are read
    readers = [step for step in type(part).__mro__ if 'load_data_list' in vars(step)]
    return {readers[0].__name__} if readers else set()


def _entries(part: Any) -> Iterator[_Entry]:
    has_label = _names_of(part) == {'CustomDataset'} and part.with_label
    for line in read_lines(part.ann_file):
        name, _, label = line.text.rpartition(' ') if has_label else (line.text, '', '')
        if _names_of(part) == {'DepthPairs'}:
            name, _, label = line.text.partition(' ')
            label = label.split()[0] if label.strip() else ''
        yield _Entry(line, name.strip(), label)


def _refuse_escapes(part: BaseDataset, entries: list[_Entry]) -> None:
    is_depth = _names_of(part) == {'DepthPairs'}
    for entry in entries:
        names = (entry.name, entry.label) if is_depth else (entry.name,)
        for name in names:
            if escapes(name.lstrip('/') if is_depth else name):
                raise DataError(
                    f"{part.ann_file}, line {entry.line.number}: '{name}' leads out of the data's "
                    'folder; write paths relative to it'
                )


def _label_problem(part: Any, entry: _Entry) -> str:
    """Return what is wrong with the label of a line; empty if it is valid."""
    if _names_of(part) != {'CustomDataset'} or not part.with_label:
        return ''
    classes = list(part.metainfo.get('classes') or ())
    allowed = f'a number from 0 to {len(classes) - 1}' if classes else 'a number from 0'
    if not entry.name:
        return f"'{entry.line.text}' must be a picture, a space and {allowed}"
    try:
        label = int(entry.label)
    except ValueError:
        if entry.label in classes:
            return (
                f"label '{entry.label}' is the name of a class; write its number, "
                f'{classes.index(entry.label)}'
            )
        return f"label '{entry.label}' must be {allowed}, after the picture and a space"
    if label < 0 or (classes and label >= len(classes)):
        hint = '; labels count from 0' if label == len(classes) else ''
        return f'label {label} is not {allowed}{hint}'
    return ''


def _check_doubles(part: BaseDataset, entries: list[_Entry]) -> list[str]:
    first: dict[str, _Entry] = {}
    again: list[_Entry] = []
    for entry in entries:
        known = first.setdefault(entry.name, entry)
        if known is entry:
            continue
        if known.label != entry.label:
            raise DataError(
                f'{part.ann_file}, lines {known.line.number} and {entry.line.number}: '
                f"'{entry.name}' is listed twice, with different labels ({known.label} and "
                f'{entry.label})'
            )
        again.append(entry)
    if not again:
        return []
    more = f', and {len(again) - 1} more' if len(again) > 1 else ''
    return [
        f"{part.ann_file}, line {again[0].line.number}: '{again[0].name}' is listed twice{more}; "
        'it counts twice'
    ]


def read_pairs(path: Path) -> Mapping[str, str]:
    """Return the first two words of every line.

    Raises:
        DataError: the file cannot be read, a line has fewer, or the first word is there twice.
    """
    found: dict[str, str] = {}
    for line in read_lines(path):
        words = line.text.split()
        if len(words) < 2:
            raise DataError(f"{path}, line {line.number}: '{line.text}' must be an id and a value")
        if words[0] in found:
            raise DataError(f"{path}, line {line.number}: id '{words[0]}' is listed twice")
        found[words[0]] = words[1]
    return found
