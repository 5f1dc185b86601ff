"""Forms of JSON content: read without surprises, and checked where it is read."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any


def parse_json(text: str | bytes, *, parse_constant: Callable[[str], Any] | None = None) -> Any:
    """Return what JSON ``text`` says; halves of letters in it become question marks.

    Raises:
        ValueError: it is no JSON, nested too deep, or has a whole number that nothing writes again.
    """
    try:
        content = json.loads(text, parse_constant=parse_constant, parse_int=_whole_number)
        # the escape of half a letter is JSON, but no file or terminal takes what it stands for
        lone = '\\ud' in (text.decode() if isinstance(text, bytes) else text).lower()
        if lone:
            whole = json.dumps(content, ensure_ascii=False).encode(errors='replace')
            content = json.loads(whole)
    except RecursionError:
        raise ValueError('nested too deep') from None
    return content


def _whole_number(digits: str) -> int:
    if len(digits) > 20 or not -(2**63) <= int(digits) < 2**64:
        raise ValueError(f'{digits:.24} is not a number of 64 bits')
    return int(digits)


Check = Callable[[Any], bool]


def is_number(value: Any) -> bool:
    """Whether a value is a number, truth values excluded."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_metric(value: Any) -> bool:
    if not isinstance(value, Mapping) or not isinstance(value.get('key'), str):
        return False
    bounds = value.get('bounds')
    return bounds is None or (
        isinstance(bounds, list)
        and len(bounds) == 2
        and all(bound is None or is_number(bound) for bound in bounds)
    )


def _all(check: Check) -> Check:
    return lambda value: isinstance(value, list | tuple) and all(map(check, value))


def _is_numbers(value: Any) -> bool:
    return isinstance(value, list) and all(map(is_number, value))


def _is_mapping(value: Any) -> bool:
    return isinstance(value, Mapping)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _by_name(check: Check) -> Check:
    return lambda value: isinstance(value, Mapping) and all(map(check, value.values()))


FACTS: Mapping[str, tuple[str, Check]] = {
    'task.metrics': ('a list of metrics, each with a key and two bounds', _all(_is_metric)),
    'task.splits': ('a dictionary', _is_mapping),
    'backbone.pretraining': ('a dictionary', _is_mapping),
    'backbone.pretraining.epochs': ('a number', is_number),
    'backbone.channels': ('a list of numbers', _all(is_number)),
    'backbone.strides': ('a list of numbers', _all(is_number)),
    'backbone.parameters': ('a number', is_number),
    'backbone.flops': ('a number', is_number),
    'proof.groups': ('a list', lambda value: isinstance(value, list | tuple)),
    'proof.features': ('texts by name', _by_name(_is_text)),
    'provenance.libraries': ('texts by name', _by_name(_is_text)),
    'provenance.numerics': ('numbers by name', _by_name(is_number)),
    'provenance.earlier': ('a dictionary', _is_mapping),
    'provenance.started': ('a text', _is_text),
    'provenance.finished': ('a text', _is_text),
    'curves': ('lists of numbers by name', _by_name(_is_numbers)),
    'trials': ('a list of dictionaries', _all(_is_mapping)),
    'pictures': ('a list of texts', _all(_is_text)),
}
"""What reports and comparisons take for granted of the facts in a record that are there."""


def check_facts(content: Mapping[str, Any]) -> None:
    """Check the inner form of a record's facts; what is absent or ``None`` passes.

    Raises:
        TypeError: names the fact, what it is and what it must be.
    """
    for place, (wanted, check) in FACTS.items():
        value: Any = content
        for step in place.split('.'):
            value = value.get(step) if isinstance(value, Mapping) else None
        if value is not None and not check(value):
            raise TypeError(f"'{place}' must be {wanted}, found {value!r:.60}")
