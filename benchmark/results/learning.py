"""Whether a training's loss fell, read off its curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

_END = 10
"""Number of parts of a training, the first and the last of which are compared."""

_FALL = 0.02
"""The share of the first loss by which it must have fallen at least."""

_TOTAL = 'loss'
_AXIS = 'iteration'


def loss_fell(curves: Mapping[str, Sequence[float]]) -> bool | None:
    """Return whether the loss at the end of a training is clearly below that at its start.

    The means over the first and the last tenth of the curve's points are compared; the total loss
    counts, or the sum of its terms where there is no total. ``None`` where fewer than two points
    are known.

    >>> loss_fell({'iteration': [1, 2, 3], 'loss': [1.58, 1.6, 1.59]})
    False
    >>> loss_fell({'iteration': [1, 2, 3], 'loss': [1.58, 1.2, 0.9]})
    True
    """
    points = _total(curves)
    if len(points) < 2:
        return None
    count = max(1, len(points) // _END)
    first, last = (sum(part) / count for part in (points[:count], points[-count:]))
    return last < first - _FALL * abs(first)


def _total(curves: Mapping[str, Sequence[float]]) -> list[float]:
    if curves.get(_TOTAL):
        return list(curves[_TOTAL])
    terms = [values for name, values in curves.items() if name != _AXIS and values]
    if len({len(values) for values in terms}) != 1:
        return []
    return [sum(values) for values in zip(*terms, strict=True)]
