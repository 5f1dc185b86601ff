"""Do two protocols rank backbones the same way? Kendall's tau over several tasks."""

from __future__ import annotations

import math

import numpy as np

from benchmark.statistics.aggregates import Array


def kendall(first: Array, second: Array) -> Array:
    """Return Kendall's tau-b per task between two arrays of shape (backbones, tasks).

    Tasks on which either gives all backbones the same score have no order: ``nan``.
    """
    lines = np.ascontiguousarray(first.T), np.ascontiguousarray(second.T)
    return np.array([_tau(a, b) for a, b in zip(*lines, strict=True)])


def _tau(first: Array, second: Array) -> float:
    above, over = first[:, None] > first[None, :], second[:, None] > second[None, :]
    ordered, others = np.count_nonzero(above), np.count_nonzero(over)
    alike = np.count_nonzero(above & over)
    if others == math.comb(len(second), 2):  # without ties what is not alike is unlike
        unlike = ordered - alike
    else:
        unlike = np.count_nonzero(above & (second[:, None] < second[None, :]))
    size = math.sqrt(ordered * others)
    return (alike - unlike) / size if size else math.nan


def kendall_weighted(first: Array, second: Array, counts: Array) -> Array:
    """Return tau-b per task where backbone i counts ``counts[..., i]`` times.

    ``first`` and ``second`` have the shape (backbones, tasks), ``counts`` (resamples, backbones);
    the result is (resamples, tasks). Copies of one backbone make no pair.
    """
    sums = [
        _weighted_pairs(_signs(one), _signs(other), counts)
        for one, other in zip(first.T, second.T, strict=True)
    ]
    agreed, ordered, others = np.stack(sums, axis=-1)
    return _ratio(agreed, np.sqrt(ordered * others))


def _weighted_pairs(left: Array, right: Array, counts: Array) -> Array:
    """Return the sums over pairs of what both signs, and each of them twice, make: (3, resamples).

    The pair of backbones i and j counts ``counts[..., i] * counts[..., j]`` times.
    """
    products = left * right, left * left, right * right
    return np.stack([((counts @ product) * counts).sum(axis=-1) for product in products])


def _signs(values: Array) -> Array:
    """Return which of two backbones is better, shape (backbones, backbones)."""
    return np.asarray(np.sign(values[:, None] - values[None, :]))


def _ratio(part: Array, whole: Array) -> Array:
    """Return ``part / whole``, ``nan`` where ``whole`` is nothing."""
    return np.asarray(np.divide(part, whole, out=np.full(np.shape(whole), np.nan), where=whole > 0))


def weighted_mean(values: Array, weights: Array) -> Array:
    """Return the mean along the last axis by ``weights``, without places that are ``nan``."""
    known = ~np.isnan(values)
    mass = np.where(known, weights, 0.0)
    total = mass.sum(axis=-1)
    summed = (np.where(known, values, 0.0) * mass).sum(axis=-1)
    return _ratio(summed, total)
