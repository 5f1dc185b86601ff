"""Kinds of tasks: each folder here that has a module ``kind`` is one, found by its name.

Other packages add theirs by entry points of the group ``transferbench.kinds``.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import ModuleType

from benchmark.kinds.base import Kind
from benchmark.plugins import Plugins


def _own() -> Mapping[str, str]:
    return _kinds_in(tuple(__path__))


@functools.cache
def _kinds_in(places: tuple[str, ...]) -> Mapping[str, str]:
    folders = (folder for place in places for folder in Path(place).iterdir())
    names = (folder.name for folder in folders if (folder / 'kind.py').is_file())
    return {name: f'{__name__}.{name}.kind:KIND' for name in names}


def _problem(part: object) -> str:
    return '' if isinstance(part, Kind) else f'it is a {type(part).__name__}, must be a Kind'


KINDS: Plugins[Kind] = Plugins('kinds', 'kind', _own, _problem)


def kind_names() -> tuple[str, ...]:
    """Return the names of all kinds, sorted."""
    return KINDS.names()


def load_kind(name: str) -> Kind:
    """Return the kind called ``name``.

    Raises:
        UnknownNameError: there is no such kind.
        EnvironmentProblem: another package adds it and it cannot be used.
    """
    return KINDS.load(name)


def all_kinds() -> tuple[Kind, ...]:
    """Return every kind in the order in which tables show them.

    Raises:
        EnvironmentProblem: another package adds one that cannot be used.
    """
    return _in_order(kind_names())


def shipped_kinds() -> tuple[Kind, ...]:
    """Return the kinds that come with the project, in the order in which tables show them."""
    return _in_order(_own())


def load_recipe(name: str) -> ModuleType:
    """Return the module with the fine-tuning recipe of our kind called ``name``."""
    return importlib.import_module(f'{__name__}.{name}.recipe')


def _in_order(names: Iterable[str]) -> tuple[Kind, ...]:
    return tuple(sorted(map(load_kind, names), key=lambda kind: (kind.order, kind.name)))
