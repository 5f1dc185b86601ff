"""Drafts a task of tracking many objects from films in the layout of MOTChallenge."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmark.errors import DataError
from benchmark.kinds.common.drafting import (
    Draft,
    find_role,
    input_size,
    relative,
    walk,
    with_test,
)
from benchmark.kinds.mot.sequence import read_facts
from benchmark.specs import Role

_LONGEST = 1088


def draft(folder: Path) -> Draft:
    """Draft a task from films in ``SPLIT/FILM/seqinfo.ini``, ``img1/`` and ``gt/gt.txt``.

    Where one split alone has ``gt.txt``, as in MOTChallenge's releases, each film is halved.

    Raises:
        DataError: there are no films with labels.
    """
    shelves: dict[Path, list[Path]] = {}
    for place, names in walk(folder):
        if 'seqinfo.ini' in names and (place / 'gt' / 'gt.txt').is_file():
            shelves.setdefault(place.parent, []).append(place)
    if not shelves:
        raise DataError(
            f'{folder}: no film was found, a folder with seqinfo.ini, img1 and gt/gt.txt'
        )
    first = read_facts(next(iter(shelves.values()))[0])
    facts = {
        'input_size': input_size((first.height, first.width), _LONGEST),
        'classes': ('object',),
        'metric': 'HOTA',
        'metrics': ('IDF1', 'MOTA', 'DetA', 'AssA'),
        'budget': {'epochs': 6, 'batch_size': 2},
    }
    entries, notes = _entries(folder, list(shelves))
    notes = (*notes, "rows of class 1 that count are tracked; they are called 'object' here")
    return Draft(facts, {'type': 'benchmark.MotFrames', **entries}, notes)


def _entries(folder: Path, shelves: list[Path]) -> tuple[dict[str, Any], tuple[str, ...]]:
    roles = {shelf: find_role(shelf.relative_to(folder)) for shelf in shelves}
    if len(shelves) == 1:
        prefix = {'data_prefix': {'img_path': relative(shelves[0], folder)}}
        halves = {'train': {**prefix, 'part': 'first'}, 'test': {**prefix, 'part': 'second'}}
        return halves, (
            'only one folder has labels, so the first half of each film is the training split '
            'and the second half the test split',
        )
    found: dict[Role, Path] = {}
    for shelf, role in roles.items():
        if role is None or found.setdefault(role, shelf) != shelf:
            raise DataError(f'{shelf}: a split (train, val or test) must have one folder of films')
    splits, notes = with_test(folder, found)
    return {
        role.value: {'data_prefix': {'img_path': relative(shelf, folder)}}
        for role, shelf in splits.items()
    }, notes
