"""Kinds of tasks; each module here that defines ``KIND`` is one, found by its file name."""

from __future__ import annotations

import importlib
import pkgutil

from benchmark.errors import unknown_name
from benchmark.kinds.base import Kind

_SHARED = {'base'}


def kind_names() -> tuple[str, ...]:
    """Return the names of all kinds, sorted."""
    modules = (module.name for module in pkgutil.iter_modules(__path__))
    return tuple(sorted(name for name in modules if name not in _SHARED))


def load_kind(name: str) -> Kind:
    """Return the kind called ``name``.

    Raises:
        UnknownNameError: there is no such kind.
    """
    if name not in kind_names():
        raise unknown_name('kind', name, kind_names())
    kind: Kind = importlib.import_module(f'{__name__}.{name}').KIND
    return kind
