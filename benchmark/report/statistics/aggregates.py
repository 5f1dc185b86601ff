"""Many tasks as one number: weights of task families, interquartile mean, ranks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import cast

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def family_weights(families: Sequence[str]) -> Array:
    """Return the weight of each task, shape (tasks,), sum 1, from the family of each task.

    Families weigh the same and their tasks share that weight, so that ten tasks of one
    family count no more than one of another.
    """
    sizes = Counter(families)
    return np.array([1 / (len(sizes) * sizes[family]) for family in families])


def interquartile_mean(values: Array, weights: Array | None = None) -> Array:
    """Return the mean of the middle half of ``values`` along the last axis.

    A quarter of the weight is cut off at each end; a value across a cut counts with the part
    inside. ``weights`` (default: equal) broadcast with ``values`` and need not sum to 1.
    """
    weights = np.ones(values.shape[-1]) if weights is None else weights
    values, weights = np.broadcast_arrays(values, weights)
    order = np.argsort(values, axis=-1, kind='stable')
    return middle_mean(
        np.take_along_axis(values, order, axis=-1), np.take_along_axis(weights, order, axis=-1)
    )


def middle_mean(values: Array, weights: Array) -> Array:
    """Return the interquartile mean of ``values`` that ascend along the last axis."""
    upper = np.cumsum(weights, axis=-1)
    upper /= upper[..., -1:]
    np.clip(upper, 0.25, 0.75, out=upper)
    inside = upper - 0.25
    np.subtract(upper[..., 1:], upper[..., :-1], out=inside[..., 1:])
    inside = inside * values
    return cast('Array', inside.sum(axis=-1) / 0.5)


def rank_columns(values: Array) -> Array:
    """Return ranks along the second to last axis, 1 for the highest; equal values share theirs.

    ``values`` has the shape (..., backbones, tasks).
    """
    from scipy.stats import rankdata

    lines = np.ascontiguousarray(-values.swapaxes(-1, -2))
    order = np.argsort(lines, axis=-1)
    ascending = np.take_along_axis(lines, order, axis=-1)
    if not (ascending[..., 1:] > ascending[..., :-1]).all():
        return cast('Array', rankdata(-values, axis=-2))
    # without ties the place in the order is the rank
    ranks = np.empty_like(lines)
    np.put_along_axis(ranks, order, np.arange(1.0, lines.shape[-1] + 1), axis=-1)
    return np.ascontiguousarray(ranks.swapaxes(-1, -2))


def mean_ranks(values: Array, weights: Array) -> Array:
    """Return the mean rank over tasks, shape (..., backbones); ``weights`` are (..., tasks)."""
    summed = np.einsum('...bt,...t->...b', rank_columns(values), weights)
    # equal mean ranks must not differ by the rounding of their sums
    return cast('Array', np.round(summed, 9))


def places(mean_ranks: Array) -> Array:
    """Return the place of each mean rank along the last axis; equal ones share the better."""
    from scipy.stats import rankdata

    return cast('Array', rankdata(mean_ranks, method='min', axis=-1))
