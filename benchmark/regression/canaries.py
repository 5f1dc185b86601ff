"""Canaries: numbers of fixed weights that are compared exactly, to notice a change in seconds."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from benchmark.errors import UNFIT, RecordError
from benchmark.results.forms import is_number, parse_json
from benchmark.results.store import write_atomically

SCHEMA = 1
_SAME_DEVICE = 1e-6
_OTHER_DEVICE = 1e-3
"""Relative tolerance: sums are taken in another order on another processor."""

_NOTHING = 1e-9
"""Absolute tolerance, for numbers that are zero but for rounding."""


class Canary(NamedTuple):
    """The numbers of a cell by name, and what they were computed on."""

    values: Mapping[str, float]
    device: str


def compare_canaries(frozen: Mapping[str, Canary], now: Mapping[str, Canary]) -> tuple[str, ...]:
    """Return a line for every canary that changed, or that is gone; new ones are silent."""
    lines = [f'{name}: did not run' for name in sorted(frozen.keys() - now.keys())]
    for name in sorted(frozen.keys() & now.keys()):
        moved = _changed_values(frozen[name], now[name])
        if moved:
            first, old, new = moved[0]
            more = f' and {len(moved) - 1} more' if len(moved) > 1 else ''
            lines.append(f'{name}: {first} was {_show(old)} and is {_show(new)}{more}')
    return tuple(lines)


def _changed_values(frozen: Canary, now: Canary) -> list[tuple[str, float | None, float | None]]:
    tolerance = _SAME_DEVICE if frozen.device == now.device else _OTHER_DEVICE
    pairs = [
        (name, frozen.values.get(name), now.values.get(name))
        for name in dict.fromkeys((*frozen.values, *now.values))
    ]
    return [(name, old, new) for name, old, new in pairs if not _equal(old, new, tolerance)]


def _equal(old: float | None, new: float | None, tolerance: float) -> bool:
    if old is None or new is None:
        return False
    both_lack = math.isnan(old) and math.isnan(new)
    return both_lack or math.isclose(old, new, rel_tol=tolerance, abs_tol=_NOTHING)


def _show(value: float | None) -> str:
    return 'absent' if value is None else f'{value:.8g}'


def read_canaries(path: Path) -> dict[str, Canary]:
    """Return the frozen canaries by name; none where the file does not exist yet.

    Raises:
        RecordError: the file is unreadable or of another schema version.
    """
    if not path.exists():
        return {}
    try:
        content = parse_json(path.read_text(encoding='utf-8'))
        if content['schema'] != SCHEMA:
            raise ValueError(f'schema is {content["schema"]!r}, this version reads {SCHEMA}')
        return {name: _canary(item) for name, item in content['canaries'].items()}
    except (OSError, *UNFIT) as error:
        raise RecordError(
            f'{path}: no canaries ({error}); delete the file to freeze them anew'
        ) from None


def _canary(item: Mapping[str, Any]) -> Canary:
    values = {key: math.nan if value is None else value for key, value in item['values'].items()}
    if not all(map(is_number, values.values())) or not isinstance(item['device'], str):
        raise TypeError(f'a canary is {item!r:.60}, must have numbers and the name of a device')
    return Canary(values, item['device'])


def write_canaries(path: Path, canaries: Mapping[str, Canary]) -> None:
    """Write frozen canaries atomically.

    Raises:
        RecordError: the file cannot be written.
    """
    content = {
        'schema': SCHEMA,
        'canaries': {
            name: {
                'device': canary.device,
                'values': {
                    key: value if math.isfinite(value) else None
                    for key, value in canary.values.items()
                },
            }
            for name, canary in sorted(canaries.items())
        },
    }
    write_atomically(path, json.dumps(content, indent=1, ensure_ascii=False) + '\n')
