"""Drafts a classification task from folders of pictures by class."""

from __future__ import annotations

from pathlib import Path

from benchmark.errors import DataError
from benchmark.kinds.common.drafting import (
    NO_SPLITS,
    Draft,
    find_role,
    held_out,
    picture_folders,
    relative,
    with_test,
)
from benchmark.specs import Role

_SIZE = (224, 224)


def draft(folder: Path) -> Draft:
    """Draft a task from ``SPLIT/CLASS/picture``, or ``CLASS/picture`` without splits.

    Raises:
        DataError: the pictures lie otherwise.
    """
    places = list(picture_folders(folder))
    splits: dict[Role, Path] = {}
    classes: dict[Role | None, set[str]] = {}
    for place in places:
        if place == folder:
            raise DataError(
                f'{folder}: has pictures next to its folders; each class needs its own folder, '
                'as in train/daisy/1.jpg'
            )
        role = find_role(place.parent.relative_to(folder))
        if role is not None and splits.setdefault(role, place.parent) != place.parent:
            raise DataError(
                f'{folder}: {splits[role]} and {place.parent} both look like folders of {role}; '
                'classes must lie in one folder per split'
            )
        classes.setdefault(role, set()).add(place.name)
    if not places:
        raise DataError(f'{folder}: no picture was found')
    if not splits:
        return _unsplit(folder, places)
    if None in classes:
        extra = sorted(classes[None])[0]
        raise DataError(f"{folder}: the folder '{extra}' of pictures belongs to no split")
    found, notes = with_test(folder, splits)
    names = sorted(set.union(*(classes[role] or set() for role in classes)))
    entries = {
        role.value: {'data_prefix': relative(place, folder)} for role, place in found.items()
    }
    return Draft(_facts(names), {'type': 'benchmark.ImageFolders', **entries}, notes)


def _unsplit(folder: Path, places: list[Path]) -> Draft:
    if any(place.parent != folder for place in places):
        raise DataError(
            f'{folder}: no splits were found, and pictures lie at different depths; they belong at '
            'SPLIT/CLASS/picture, or CLASS/picture where there are no splits'
        )
    entries = held_out({'type': 'benchmark.ImageFolders', 'data_prefix': ''})
    names = sorted(place.name for place in places)
    return Draft(_facts(names), {'type': 'benchmark.ImageFolders', **entries}, (NO_SPLITS,))


def _facts(classes: list[str]) -> dict[str, object]:
    return {
        'input_size': _SIZE,
        'classes': tuple(classes),
        'metric': 'accuracy',
        'metrics': ('mean_class_accuracy',),
        'budget': {'epochs': 20, 'batch_size': 16},
        'options': {'crop_range': (0.35, 1.0)},
    }
