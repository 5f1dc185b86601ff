"""Drafts a task of tracking one object from films in the layout of GOT-10k."""

from __future__ import annotations

from pathlib import Path

from benchmark.errors import DataError
from benchmark.kinds.common.drafting import (
    EVERY,
    NO_SPLITS,
    Draft,
    find_role,
    held_out,
    relative,
    walk,
    with_test,
)
from benchmark.specs import Role

_TRUTH, _LIST = 'groundtruth.txt', 'list.txt'


def draft(folder: Path) -> Draft:
    """Draft a task from films in ``SPLIT/list.txt`` and ``SPLIT/FILM/groundtruth.txt``.

    Raises:
        DataError: there are no films, or a split has no list of them.
    """
    shelves: dict[Path, list[str]] = {}
    for place, names in walk(folder):
        if _TRUTH in names:
            shelves.setdefault(place.parent, []).append(place.name)
    if not shelves:
        raise DataError(f'{folder}: no film was found, a folder of frames with {_TRUTH}')
    for shelf in shelves:
        if not (shelf / _LIST).is_file():
            raise DataError(
                f'{shelf}: has films but no {_LIST} that names them, a line each; write it with '
                f'`(cd {shelf} && ls -d */ | tr -d / > {_LIST})`'
            )
    facts = {
        'input_size': (256, 256),
        'classes': ('target',),
        'metric': 'AO',
        'metrics': ('SR50', 'SR75'),
        'budget': {'iterations': 4000, 'batch_size': 16},
        'options': {'template_size': 128},
    }
    lists = {shelf: relative(shelf / _LIST, folder) for shelf in shelves}
    roles = {shelf: find_role(shelf.relative_to(folder)) for shelf in shelves}
    if list(roles.values()) == [None]:
        (shelf,) = shelves
        if len(shelves[shelf]) < EVERY:
            raise DataError(
                f'{shelf}: {len(shelves[shelf])} films without splits; make folders train and '
                f'test, each with films and a {_LIST}'
            )
        entries = held_out({'type': 'benchmark.GOT10k', 'ann_file': lists[shelf]})
        return Draft(facts, {'type': 'benchmark.GOT10k', **entries}, (NO_SPLITS,))
    found: dict[Role, Path] = {}
    for shelf, role in roles.items():
        if role is None or found.setdefault(role, shelf) != shelf:
            raise DataError(f'{shelf}: a split (train, val or test) must have one folder of films')
    splits, notes = with_test(folder, found)
    named = {role.value: {'ann_file': lists[shelf]} for role, shelf in splits.items()}
    return Draft(facts, {'type': 'benchmark.GOT10k', **named}, notes)
