"""Short ways to write down numbers with their origin."""

from __future__ import annotations

from typing import Any

from benchmark.specs import Number

Numbers = dict[str, Number]


def stated(source: str, place: str, **values: Any) -> Numbers:
    """Return numbers that ``source`` states at ``place``, as they stand there."""
    return {key: Number(value, source, place) for key, value in values.items()}


def adapted(source: str, place: str, *, says: str, reason: str, **values: Any) -> Numbers:
    """Return numbers for which the source has another value, with the reason to differ.

    Args:
        source: key of the source.
        place: where in the source the value stands.
        says: the value there.
        reason: why another one is used here.
        values: the numbers by name, as they are used here.
    """
    return {key: Number(value, source, place, says, reason) for key, value in values.items()}


def ours(reason: str, **values: Any) -> Numbers:
    """Return numbers that no source states, with our reason for them."""
    return {key: Number(value, reason=reason) for key, value in values.items()}
