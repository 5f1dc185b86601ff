"""Upgrade records of older versions to the current format.

Each function documents how its version differs from the next. Files on disk are not changed:
records are upgraded when they are read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from benchmark.errors import RecordError
from benchmark.results.identity import parts_of, recorded_fingerprint

SCHEMA = 3
"""The version that is written."""

NAMES_AND_SIZES = 'names and sizes'
"""Level of the data's digest in records of versions 1 and 2."""

Content = dict[str, Any]


def _with_processor(content: Content) -> Content:
    """Upgrade version 1, which did not record the processor of a run."""
    cost = content.get('cost')
    if not cost or not isinstance(cost, Mapping):
        return content
    return {**content, 'cost': {'processor': None, **cost}}


def _without_release(content: Content) -> Content:
    """Upgrade version 2, whose fingerprint had the release number, and names and sizes of data.

    The fingerprint is computed anew from what the record says, with the first number of each part
    of the benchmark; the data stay known by names and sizes.
    """
    task, backbone, spec, config, provenance = (
        content.get(key) or {} for key in ('task', 'backbone', 'spec', 'config', 'provenance')
    )
    parts = (task, backbone, spec, config, provenance)
    if not config or not all(isinstance(part, Mapping) for part in parts):
        return content
    libraries = dict(provenance.get('libraries') or {})
    release = libraries.pop('benchmark', None)
    names = parts_of(
        config,
        kind=str(task.get('kind') or ''),
        protocol=str(spec.get('protocol') or ''),
        source=str(backbone.get('source') or ''),
    )
    said = {
        **provenance,
        **({'release': release} if release else {}),
        'libraries': libraries,
        'numerics': dict.fromkeys(names, 1),
        'data_level': NAMES_AND_SIZES,
        'earlier': {'fingerprint': content.get('fingerprint')},
    }
    mark = recorded_fingerprint(config, task, said)
    return {**content, 'provenance': said, 'fingerprint': mark}


UPGRADES: Mapping[int, Callable[[Content], Content]] = {1: _with_processor, 2: _without_release}
"""How the content of a version becomes that of the next."""


def upgrade(content: Any, path: Path) -> Content:
    """Upgrade the content of a record file to the current version, and drop its version number.

    Raises:
        RecordError: the content is not a JSON object, or its version is unknown.
    """
    found = content.get('schema') if isinstance(content, dict) else type(content).__name__
    if type(found) is not int or found not in (*UPGRADES, SCHEMA):
        raise RecordError(
            f'{path}: schema is {found!r}, this version reads {min(UPGRADES)} to {SCHEMA}'
        )
    for version in range(found, SCHEMA):
        content = UPGRADES[version](content)
    return {key: value for key, value in content.items() if key != 'schema'}
