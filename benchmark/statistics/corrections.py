"""P-values corrected for how many questions are asked at once."""

from __future__ import annotations

from collections.abc import Sequence


def holm(ps: Sequence[float]) -> list[float]:
    """Return Holm's adjusted p-values, which bound the chance of any false claim."""
    count, largest = len(ps), 0.0
    adjusted = [1.0] * count
    for rank, place in enumerate(_ascending(ps)):
        largest = max(largest, min(1.0, (count - rank) * ps[place]))
        adjusted[place] = largest
    return adjusted


def benjamini_hochberg(ps: Sequence[float]) -> list[float]:
    """Return adjusted p-values that bound the expected share of false claims among all claims."""
    count, smallest = len(ps), 1.0
    adjusted = [1.0] * count
    for rank, place in reversed(list(enumerate(_ascending(ps), start=1))):
        smallest = min(smallest, ps[place] * count / rank)
        adjusted[place] = smallest
    return adjusted


def _ascending(ps: Sequence[float]) -> list[int]:
    """Return the places of ``ps``, the smallest first."""
    return sorted(range(len(ps)), key=lambda place: ps[place])
