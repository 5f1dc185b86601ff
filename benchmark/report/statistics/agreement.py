"""Do two protocols rank backbones the same way? Kendall's tau over several tasks."""

from __future__ import annotations

import math

import numpy as np

from benchmark.report.statistics.aggregates import Array


def kendall(first: Array, second: Array) -> Array:
    """Return Kendall's tau-b per task between two arrays of shape (backbones, tasks).

    Tasks on which either gives all backbones the same score have no order: ``nan``.
    """
    return np.array([_tau(a, b) for a, b in zip(first.T, second.T, strict=True)])


def _tau(first: Array, second: Array) -> float:
    above, over = first[:, None] > first[None, :], second[:, None] > second[None, :]
    alike, unlike = np.count_nonzero(above & over), np.count_nonzero(above & over.T)
    size = math.sqrt(np.count_nonzero(above) * np.count_nonzero(over))
    return (alike - unlike) / size if size else math.nan


def kendall_weighted(first: Array, second: Array, counts: Array) -> Array:
    """Return tau-b per task where backbone i counts ``counts[..., i]`` times.

    ``first`` and ``second`` have the shape (backbones, tasks), ``counts`` (resamples, backbones);
    the result is (resamples, tasks). Copies of one backbone make no pair.
    """
    left, right = _signs(first), _signs(second)
    agreed = _pairs(counts, left * right)
    size = np.sqrt(_pairs(counts, left**2) * _pairs(counts, right**2))
    return _ratio(agreed, size)


def _pairs(counts: Array, matrix: Array) -> Array:
    """Return the sum over i, j of c_i c_j M_ijt, shape (resamples, tasks)."""
    return np.asarray(np.einsum('ri,ijt,rj->rt', counts, matrix, counts, optimize=True))


def _signs(values: Array) -> Array:
    """Return which of two backbones is better, shape (..., backbones, backbones, tasks)."""
    return np.asarray(np.sign(values[..., :, None, :] - values[..., None, :, :]))


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
