"""Older versions of the record format, and how their content becomes that of today.

A version is described where it was left: what its records lack or say otherwise. Files stay as
they are on disk; they are upgraded when they are read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from benchmark.errors import RecordError

SCHEMA = 2
"""The version that is written."""

Content = dict[str, Any]


def _with_processor(content: Content) -> Content:
    """Version 1 did not say on which processor a run was measured."""
    cost = content.get('cost')
    if not cost or not isinstance(cost, Mapping):
        return content
    return {**content, 'cost': {'processor': None, **cost}}


UPGRADES: Mapping[int, Callable[[Content], Content]] = {1: _with_processor}
"""How the content of a version becomes that of the next."""


def upgraded(content: Any, path: Path) -> Content:
    """Return the content of a record file as that of today's version, without its number.

    Raises:
        RecordError: it is no object, or of a version that is not known here.
    """
    found = content.get('schema') if isinstance(content, dict) else type(content).__name__
    if type(found) is not int or found not in (*UPGRADES, SCHEMA):
        raise RecordError(
            f'{path}: schema is {found!r}, this version reads {min(UPGRADES)} to {SCHEMA}'
        )
    for version in range(found, SCHEMA):
        content = UPGRADES[version](content)
    return {key: value for key, value in content.items() if key != 'schema'}
