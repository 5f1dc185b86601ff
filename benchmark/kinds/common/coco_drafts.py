"""Find COCO files for drafts: one per split, and the folder of their pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from benchmark.errors import DataError
from benchmark.kinds.common.drafting import find_role, relative, walk, with_test
from benchmark.openmmlab.coco import load_json
from benchmark.specs import Role

_LISTS = ('images', 'annotations', 'categories')


class Annotated(NamedTuple):
    """An annotation file, its content, and the folder to which its file names are relative."""

    path: Path
    content: Mapping[str, Any]
    pictures: Path


def find_annotated(
    folder: Path, is_wanted: Callable[[Mapping[str, Any]], bool], what: str
) -> tuple[dict[Role, Annotated], tuple[str, ...]]:
    """Return the annotation file of each split, and notes on what was assumed.

    Args:
        folder: where to look.
        is_wanted: whether the content of a file is of the sort that is looked for.
        what: what errors call such a file.

    Raises:
        DataError: a split has no file or several, or its pictures are nowhere.
    """
    places = list(walk(folder))
    found: dict[Role, Annotated] = {}
    unnamed: list[Path] = []
    for place, names in places:
        for path in (place / name for name in names if name.lower().endswith('.json')):
            content = load_json(path)
            if not _is_coco(content) or not is_wanted(content):
                continue
            role = find_role(Path(path.name)) or find_role(path.relative_to(folder))
            if role is None:
                unnamed.append(path)
            elif role in found:
                raise DataError(
                    f'{folder}: {found[role].path} and {path} both are of {role}; name with '
                    '--from a folder that holds one of them'
                )
            else:
                files = [place for place, _ in places]
                found[role] = Annotated(path, content, _pictures(path, content, files))
    if not found:
        hint = f'; the name {unnamed[0].name} contains no split' if unnamed else ''
        raise DataError(
            f'{folder}: no {what} of splits was found{hint}; name one JSON file in '
            "COCO's format for each of train, val and test (train.json, test.json)"
        )
    return with_test(folder, found)


def _is_coco(content: object) -> bool:
    return isinstance(content, Mapping) and all(
        isinstance(content.get(key), list) for key in _LISTS
    )


def _pictures(path: Path, content: Mapping[str, Any], folders: list[Path]) -> Path:
    """Return the folder of a file's pictures; nearer folders are preferred."""
    names = [str(image.get('file_name')) for image in content['images'][:3]]
    if not names:
        raise DataError(f'{path}: lists no image')
    near = sorted(folders, key=lambda place: (place != path.parent, len(place.parts)))
    for place in near:
        if all((place / name).is_file() for name in names):
            return place
    raise DataError(f"{path}: no folder contains its pictures ('{names[0]}' is nowhere)")


def split_entries(folder: Path, found: Mapping[Role, Annotated]) -> dict[str, Any]:
    """Return the entries of ``data`` for annotation files, with shared keys at the top level."""
    prefixes = {role: relative(one.pictures, folder) for role, one in found.items()}
    is_one = len(set(prefixes.values())) == 1
    shared = {'data_prefix': {'img': next(iter(prefixes.values())) + '/'}} if is_one else {}
    if shared == {'data_prefix': {'img': '/'}}:
        shared = {'data_prefix': {'img': ''}}
    entries = {
        role.value: {
            'ann_file': relative(one.path, folder),
            **({} if is_one else {'data_prefix': {'img': f'{prefixes[role]}/'}}),
        }
        for role, one in found.items()
    }
    return {**shared, **entries}


def used_categories(found: Mapping[Role, Annotated]) -> list[Mapping[str, Any]]:
    """Return the categories that have annotations, in the order of their ids.

    Raises:
        DataError: no category has any, or a category has no name.
    """
    known: dict[Any, Mapping[str, Any]] = {}
    used = set()
    for one in found.values():
        for category in one.content['categories']:
            if not isinstance(category, Mapping) or not isinstance(category.get('name'), str):
                raise DataError(f'{one.path}: a category has no name')
            known.setdefault(category.get('id'), category)
        used |= {annotation.get('category_id') for annotation in one.content['annotations']}
    chosen = [known[id_] for id_ in sorted(known, key=str) if id_ in used]
    if not chosen:
        raise DataError(f'{next(iter(found.values())).path}: no category has an annotation')
    return sorted(chosen, key=lambda category: (str(type(category['id'])), category['id']))
