"""Names of classes in declarations: entries of a registry, never something to import."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmark.errors import DeclarationError

SCOPES = ('benchmark', 'mmcv', 'mmdet', 'mmengine', 'mmpose', 'mmpretrain', 'mmseg')
"""Whose registries a declaration may name."""

_NAME = re.compile(rf'(?:(?:{"|".join(SCOPES)})\.)?[A-Za-z_][A-Za-z0-9_]*')
_DTYPE = re.compile(r'[A-Za-z_][A-Za-z0-9_]*')
_RUN_CODE = {
    '_scope_': 'write the scope before the name, as in mmseg.ADE20KDataset',
    'from_file': 'it would run the file that it names; write its content here',
}
"""Keys by which the libraries import or run what a value names."""


_UNPICKLE = ('OpenImagesChallengeDataset', 'H36MWholeBodyDataset')
"""Data sets of the libraries that unpickle a file of theirs, which would run what it names."""


def check_types(path: Path, name: str, values: Mapping[str, Any]) -> None:
    """Refuse a dictionary ``name`` of the file at ``path`` that names more than registry entries.

    mmengine takes a dotted ``type`` for the place of an object, imports it and calls it; it fetches
    what a path with a scheme names; and mmpretrain evaluates ``dtype`` as an expression.

    Raises:
        DeclarationError: names the file, the key, the value found and what is allowed.
    """
    for place, key, value in _entries(values, name):
        if key in _RUN_CODE:
            raise DeclarationError(f'{path}: {place} is {value!r}: not allowed; {_RUN_CODE[key]}')
        if isinstance(value, str) and '://' in value:
            raise DeclarationError(
                f'{path}: {place} is {value!r}: a declaration must not download anything; '
                'download the file and give its path'
            )
        if key == 'dtype' and not (isinstance(value, str) and _DTYPE.fullmatch(value)):
            raise DeclarationError(f"{path}: {place} is {value!r}: must be a name, as in 'float32'")
        # the parts of benchmark.Joined are of the type that its 'of' names
        if key != 'type' and not (key == 'of' and isinstance(value, str)):
            continue
        if not isinstance(value, str) or not _NAME.fullmatch(value):
            raise DeclarationError(
                f'{path}: {place} is {value!r}: must be NAME or SCOPE.NAME of a registry, with '
                f'SCOPE one of {", ".join(SCOPES)}'
            )
        if value.rpartition('.')[2] in _UNPICKLE:
            raise DeclarationError(
                f'{path}: {place} is {value!r}: not allowed; it unpickles a file of its data, '
                'which could run code'
            )


def _entries(value: Any, place: str) -> Iterator[tuple[str, Any, Any]]:
    """Yield the place, key and value of every entry of dictionaries, and of texts in lists."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield f'{place}[{key!r}]', key, item
            yield from _entries(item, f'{place}[{key!r}]')
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            if isinstance(item, str):
                yield f'{place}[{index}]', index, item
            yield from _entries(item, f'{place}[{index}]')
