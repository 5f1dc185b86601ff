"""A file of earlier nights (``tbench nightly`` writes it) as the page draws it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmark.errors import UNFIT, RecordError
from benchmark.report.data.units import decimals
from benchmark.results.forms import parse_json
from benchmark.specs import Unit

SCHEMA = 1


def read_nights(path: Path) -> dict[str, Any]:
    """Return the nights and cells of the history in ``path``, cells as lists along the nights.

    Raises:
        RecordError: the file cannot be read or is not a history of this schema.
    """
    try:
        content = parse_json(path.read_text(encoding='utf-8'))
        if not isinstance(content, dict):
            raise ValueError(f'must be an object, found a {type(content).__name__}')
        if content['schema'] != SCHEMA:
            raise ValueError(f'schema is {content["schema"]!r}, this version reads {SCHEMA}')
        nights = sorted(map(str, content['nights']))
        return {'nights': nights, 'cells': [_cell(cell, nights) for cell in content['cells']]}
    except KeyError as error:
        raise RecordError(f'{path}: no history of nights (the key {error} is missing)') from None
    except (OSError, *UNFIT) as error:
        raise RecordError(f'{path}: no history of nights ({error})') from None


def _cell(cell: Mapping[str, Any], nights: Sequence[str]) -> dict[str, Any]:
    metric = cell['metric']
    return {
        **{key: str(cell[key]) for key in ('task', 'backbone', 'protocol')},
        'metric': str(metric['title'] or metric['key']),
        'higher': bool(metric['higher_is_better']),
        'decimals': decimals(Unit(metric['unit'])),
        'baseline': _numbers(cell['baseline']),
        'scores': [_numbers(cell['scores'].get(night, ())) for night in nights],
        'verdicts': [str(cell['verdicts'].get(night, '')) for night in nights],
    }


def _numbers(values: Sequence[Any]) -> list[float]:
    numbers = [float(value) for value in values]
    if not all(map(math.isfinite, numbers)):
        raise ValueError(f'scores must be finite, found {numbers}')
    return numbers
