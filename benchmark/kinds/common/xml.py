"""Checks of VOC's XML annotations, which mmdet would skip or on which it would crash."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import wraps
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from benchmark.errors import DataError

_CORNERS = ('xmin', 'ymin', 'xmax', 'ymax')


def adopt(kind: type) -> None:
    """Make mmdet's VOC data sets check every file that they read; leave others unchanged.

    It is the class that is changed, so that all data sets that derive from it are.
    """
    for step in kind.__mro__:
        is_xml = step.__name__ == 'XMLDataset' and step.__module__.startswith('mmdet.')
        if is_xml and '_checks_files' not in vars(step):
            step._checks_files = True  # type: ignore[attr-defined]
            step.parse_data_info = _with_checks(step.parse_data_info)  # type: ignore[attr-defined]
            step.load_data_list = _with_count(step.load_data_list)  # type: ignore[attr-defined]


def _with_checks(parse: Any) -> Any:
    @wraps(parse)
    def parse_data_info(self: Any, img_info: dict[str, Any]) -> Any:
        path = Path(img_info['xml_path'])
        if doubles := check_file(path, self.metainfo['classes']):
            self.notes = [*getattr(self, 'notes', ()), f'{path}: {doubles}']
        return parse(self, img_info)

    return parse_data_info


def _with_count(load: Any) -> Any:
    @wraps(load)
    def load_data_list(self: Any) -> Any:
        samples = load(self)
        seen: set[str] = set()
        for sample in samples:
            if sample['img_id'] in seen:
                raise DataError(
                    f"{self.ann_file}: lists '{sample['img_id']}' twice; it would be trained on "
                    'and scored twice'
                )
            seen.add(sample['img_id'])
        if samples and not any(sample['instances'] for sample in samples):
            raise DataError(
                f'{self.ann_file}: none of its {len(samples)} files has an object of a declared '
                f'class ({", ".join(self.metainfo["classes"][:8])})'
            )
        labels = {item['bbox_label'] for sample in samples for item in sample['instances']}
        self.annotated_names = tuple(self.metainfo['classes'][label] for label in sorted(labels))
        return samples

    return load_data_list


def check_file(path: Path, classes: Sequence[str]) -> str:
    """Return a text on an object listed twice in an XML file, if any.

    Raises:
        DataError: its size, names or boxes cannot be meant; names the file, the object, what was
            found and what is allowed.
    """
    try:
        root = ElementTree.parse(path).getroot()
    except FileNotFoundError:
        raise DataError(f'{path}: no such annotation file') from None
    except (OSError, ElementTree.ParseError, UnicodeDecodeError, LookupError, ValueError) as error:
        raise DataError(f'{path}: not readable as XML ({error})') from None
    size = root.find('size')
    sides = None if size is None else [_text(size, key) for key in ('width', 'height')]
    if sides is not None and not all(side.isdecimal() and int(side) > 0 for side in sides):
        raise DataError(
            f"{path}: its size is {' x '.join(map(repr, sides))}, must be the picture's width and "
            'height in whole pixels, or be left out'
        )
    first: dict[tuple[str, ...], int] = {}
    doubles = ''
    for place, found in enumerate(root.findall('object'), 1):
        if problem := _problem(found, classes):
            raise DataError(f'{path}: object {place} {problem}')
        known = first.setdefault(tuple(t.strip() for t in found.itertext() if t.strip()), place)
        if known != place:
            doubles = f'objects {known} and {place} are the same; it is trained on and scored twice'
    return doubles


def _problem(found: ElementTree.Element, classes: Sequence[str]) -> str:
    """Return what is wrong with an object; empty if it can be used."""
    name = _text(found, 'name', strip=False)
    if not name.strip():
        return 'has no name'
    if name not in classes:
        meant = next((one for one in classes if _alike(one) == _alike(name)), None)
        # objects of other classes are left out, as a task may declare fewer than there are
        return (
            f"is called {name!r}, the task declares '{meant}': use the same spelling"
            if meant
            else ''
        )
    if _text(found, 'difficult') not in ('', '0', '1'):
        return f"has the 'difficult' {_text(found, 'difficult')!r}, must be 0 or 1"
    if found.find('difficult') is not None and not _text(found, 'difficult'):
        return "has an empty 'difficult', must be 0 or 1"
    box = found.find('bndbox')
    texts = ['' if box is None else _text(box, key) for key in _CORNERS]
    corners = [_number(text) for text in texts]
    if not all(map(math.isfinite, corners)):
        return f'has the box {texts}: must have {", ".join(_CORNERS)} as numbers'
    if corners[2] < corners[0] or corners[3] < corners[1]:
        return f'has the box {texts}, whose right or lower end is before its left or upper one'
    return ''


def _text(parent: ElementTree.Element, key: str, *, strip: bool = True) -> str:
    text = parent.findtext(key) or ''
    return text.strip() if strip else text


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _alike(name: str) -> str:
    return ''.join(sign for sign in name.casefold() if sign.isalnum())
