"""Kinds of tasks: each module here that defines ``KIND`` is one, found by its file name.

Other packages add theirs by entry points of the group ``transferbench.kinds``.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterable

from benchmark.kinds.base import Kind
from benchmark.plugins import Plugins

_SHARED = {'base'}


def _own() -> dict[str, str]:
    modules = (module.name for module in pkgutil.iter_modules(__path__))
    return {name: f'{__name__}.{name}:KIND' for name in modules if name not in _SHARED}


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


def _in_order(names: Iterable[str]) -> tuple[Kind, ...]:
    return tuple(sorted(map(load_kind, names), key=lambda kind: (kind.order, kind.name)))
