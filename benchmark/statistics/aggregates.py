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
    lines = (np.moveaxis(np.take_along_axis(x, order, axis=-1), -1, 0) for x in (values, weights))
    values, weights = lines
    return middle_mean(values, weights[..., None])[..., 0]


def middle_mean(values: Array, weights: Array) -> Array:
    """Return the interquartile mean of ``values`` that ascend along the first axis.

    ``values`` of shape (n, ...) have many weightings each: ``weights`` are (n, ..., weightings),
    and so is what comes back, without the first axis.
    """
    upper = np.empty(weights.shape)
    upper[0] = weights[0]
    # line by line, since numpy's own cumulative sum walks down one column after the other
    for place in range(1, len(weights)):
        np.add(upper[place - 1], weights[place], out=upper[place])
    upper /= upper[-1]
    np.clip(upper, 0.25, 0.75, out=upper)
    # the sum of each value times its part inside, by the steps from value to value
    inner = np.einsum('n...,n...w->...w', np.diff(values, axis=0), upper[:-1])
    ends = 0.75 * values[-1] - 0.25 * values[0]
    return cast('Array', (ends[..., None] - inner) / 0.5)


def ranks(values: Array) -> Array:
    """Return ranks along the last axis, 1 for the highest; equal values share theirs."""
    from scipy.stats import rankdata

    order = np.argsort(-values, axis=-1)
    falling = np.take_along_axis(values, order, axis=-1)
    if not (falling[..., 1:] < falling[..., :-1]).all():
        return cast('Array', rankdata(-values, axis=-1))
    # without ties the place in the order is the rank
    found = np.empty(values.shape)
    np.put_along_axis(found, order, np.arange(1.0, values.shape[-1] + 1), axis=-1)
    return found


def mean_ranks(values: Array, weights: Array) -> Array:
    """Return the mean rank over tasks, shape (..., backbones).

    ``values`` are (backbones, tasks), ``weights`` (..., tasks).
    """
    return round_off_noise(weights @ ranks(values.T))


def round_off_noise(mean_ranks: Array) -> Array:
    """Round away floating-point noise so that equal mean ranks are exactly equal."""
    return np.asarray(np.round(mean_ranks, 9))


def places(mean_ranks: Array) -> Array:
    """Return the place of each mean rank along the last axis; equal ones share the better."""
    from scipy.stats import rankdata

    return cast('Array', rankdata(mean_ranks, method='min', axis=-1))
