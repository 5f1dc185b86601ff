"""Constructors of recipe numbers with their origin."""

from __future__ import annotations

from typing import Any

from benchmark.specs import Number

Numbers = dict[str, Number]


def stated(source: str, place: str, **values: Any) -> Numbers:
    """Return numbers taken unchanged from ``source`` at ``place``."""
    return {key: Number(value, source, place) for key, value in values.items()}


def adapted(source: str, place: str, *, says: str, reason: str, **values: Any) -> Numbers:
    """Return numbers that differ from the source's value, with the reason.

    Args:
        source: key of the source.
        place: where in the source the value is stated.
        says: the value there.
        reason: why another one is used here.
        values: the numbers by name, as they are used here.
    """
    return {key: Number(value, source, place, says, reason) for key, value in values.items()}


def ours(reason: str, **values: Any) -> Numbers:
    """Return numbers that no source states, with our reason for them."""
    return {key: Number(value, reason=reason) for key, value in values.items()}
