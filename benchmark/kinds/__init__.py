"""Kinds of tasks; each folder here that has a module ``kind`` is one, found by its name."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

from benchmark.errors import unknown_name
from benchmark.kinds.base import Kind


def kind_names() -> tuple[str, ...]:
    """Return the names of all kinds, sorted."""
    folders = (folder for place in __path__ for folder in Path(place).iterdir())
    return tuple(sorted(f.name for f in folders if (f / 'kind.py').is_file()))


def load_kind(name: str) -> Kind:
    """Return the kind called ``name``.

    Raises:
        UnknownNameError: there is no such kind.
    """
    if name not in kind_names():
        raise unknown_name('kind', name, kind_names())
    kind: Kind = importlib.import_module(f'{__name__}.{name}.kind').KIND
    return kind


def load_recipe(name: str) -> ModuleType:
    """Return the module with the fine-tuning recipe of the kind called ``name``."""
    return importlib.import_module(f'{__name__}.{name}.recipe')
