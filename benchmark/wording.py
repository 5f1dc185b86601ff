"""Words that every floor says alike."""

from __future__ import annotations


def count_noun(count: int, noun: str, plural: str = '') -> str:
    """Return a number with its noun: ``'1 seed'``, ``'2 seeds'``, ``'3 canaries'``.

    Args:
        count: how many.
        noun: what one is called.
        plural: what several are called, where that is not the noun with an ``s``.
    """
    return f'{count} {noun}' if count == 1 else f'{count} {plural or f"{noun}s"}'
