"""Numbers that describe features without any label: how many directions they use, and how evenly.

Features are matrices (pictures, channels), except for LiDAR's. Every function is that of its
source, without changes; what a source leaves open is said in the function.
"""

from __future__ import annotations

import math

import numpy as np

from benchmark.statistics.aggregates import Array
from benchmark.statistics.agreement import kendall

EPSILON = 1e-7
"""What RankMe adds to each share of the spectrum."""

_DEAD = 1e-4
_NORMAL = 1e-12


def rank_me(features: Array) -> float:
    """Return RankMe, the smooth rank of ``features``: from 1 to the number of channels.

    It is the exponential of the entropy of the singular values' shares, of the matrix as it is
    (Garrido et al. 2023, arXiv 2210.02885, equations 1 and 2).
    """
    values = np.linalg.svd(_checked(features), compute_uv=False)
    total = values.sum()
    if total <= 0:
        return 1.0
    shares = values / total + EPSILON
    return float(np.exp(-(shares * np.log(shares)).sum()))


def alpha_req(features: Array) -> float:
    """Return alpha-ReQ: the exponent by which the eigenvalues of the covariance decay.

    The covariance's eigenvalues are modelled as ``lambda_j ~ j ** -alpha``; alpha is minus the
    slope of the least-squares line through their logarithms over those of their places (Agrawal et
    al. 2022, "alpha-ReQ: assessing representation quality in self-supervised learning by measuring
    eigenspectrum decay"). Eigenvalues below 1e-10 of the largest one are rounding and left out;
    ``nan`` where fewer than two remain.
    """
    centred = _checked(features) - np.mean(features, axis=0)
    values = np.linalg.svd(centred, compute_uv=False) ** 2 / max(len(centred) - 1, 1)
    kept = values[values > 1e-10 * values.max(initial=0.0)]
    if len(kept) < 2:
        return math.nan
    places, heights = np.log(np.arange(1, len(kept) + 1)), np.log(kept)
    places = places - places.mean()
    return float(-(places @ (heights - heights.mean())) / (places @ places))


def lidar(features: Array, *, delta: float = 1e-4) -> float:
    """Return LiDAR: the smooth rank of what differs between pictures, not between their views.

    With ``Sb`` the covariance of the pictures' means over their views, and ``Sw`` that of views
    around the mean of their picture plus ``delta`` times the identity, it is the exponential of the
    entropy of the shares of the eigenvalues of ``Sw^-1/2 Sb Sw^-1/2`` (Thilak et al. 2023, arXiv
    2312.04000, section 3). To each share :data:`EPSILON` is added, as in RankMe. At most the number
    of pictures less one.

    Args:
        features: (pictures, views, channels); two views or more.
        delta: what is added to the within-class covariance; the paper's is 1e-4.
    """
    views = np.asarray(features, dtype=np.float64)
    if views.ndim != 3 or not views.size or views.shape[1] < 2:
        raise ValueError(f'features of shape {views.shape}, must be (pictures, views, channels)')
    count, each, channels = views.shape
    means = views.mean(axis=1)
    inside = (views - means[:, None]).reshape(-1, channels)
    values, vectors = np.linalg.eigh(inside.T @ inside / (count * each))
    whiten = vectors / np.sqrt(np.clip(values, 0, None) + delta)
    between = (means - means.mean(axis=0)) @ whiten / math.sqrt(count)
    spectrum = np.linalg.svd(between, compute_uv=False) ** 2
    total = spectrum.sum()
    if total <= 0:
        return 1.0
    shares = spectrum / total + EPSILON
    return float(np.exp(-(shares * np.log(shares)).sum()))


def spread(features: Array) -> float:
    """Return the spread of normalised features: 0 for collapsed ones, about 1 for isotropic ones.

    The standard deviation of each channel over pictures, once each picture's features have length
    1, averaged over channels and multiplied by the root of their number (Chen and He 2021, arXiv
    2011.10566, section 4.1: ``1 / sqrt(d)`` is that of an isotropic Gaussian).
    """
    unit = _normalised(features)
    return float(unit.std(axis=0).mean() * math.sqrt(unit.shape[1]))


def uniformity(features: Array, t: float = 2.0) -> float:
    """Return the uniformity of normalised features: 0 where all are one point, lower is better.

    The logarithm of the mean of ``exp(-t |x - y|^2)`` over pairs of different pictures (Wang and
    Isola 2020, arXiv 2005.10242, section 4.1.2). ``nan`` for fewer than two pictures.
    """
    unit = _normalised(features)
    if len(unit) < 2:
        return math.nan
    rows, columns = np.triu_indices(len(unit), 1)
    squares = np.clip(2 - 2 * (unit @ unit.T)[rows, columns], 0, None)
    return float(np.log(np.mean(np.exp(-t * squares))))


def mean_norm(features: Array) -> float:
    """Return the mean length of the pictures' features."""
    return float(np.linalg.norm(_checked(features), axis=1).mean())


def norm_variation(features: Array) -> float:
    """Return the standard deviation of the features' lengths over their mean; 0 where all are 0."""
    norms = np.linalg.norm(_checked(features), axis=1)
    mean = norms.mean()
    return float(norms.std() / mean) if mean > 0 else 0.0


def dead_units(features: Array) -> float:
    """Return the share of channels that do not change from picture to picture.

    These are channels whose standard deviation is at most 1e-4 of the root mean square of all
    channels' deviations; all of them where nothing changes. The threshold is ours.
    """
    deviations = _checked(features).std(axis=0)
    size = math.sqrt(float((deviations**2).mean()))
    if size <= _NORMAL * max(1.0, float(np.abs(features).max())):
        return 1.0
    return float((deviations <= _DEAD * size).mean())


MEASURES = {
    'rank_me': rank_me,
    'alpha_req': alpha_req,
    'spread': spread,
    'uniformity': uniformity,
    'mean_norm': mean_norm,
    'norm_variation': norm_variation,
    'dead_units': dead_units,
}
"""All measures of a matrix of features, by the name that tables show; :func:`lidar` needs views."""


def health_of(features: Array) -> dict[str, float]:
    """Return every measure of a matrix of features (pictures, channels)."""
    return {name: measure(features) for name, measure in MEASURES.items()}


def rank_agreement(first: Array, second: Array) -> float:
    """Return Kendall's tau-b of two rows of numbers, over the places where both are known.

    ``nan`` with fewer than three of them, or where either is constant.
    """
    known = np.isfinite(first) & np.isfinite(second)
    if known.sum() < 3:
        return math.nan
    return float(kendall(first[known, None], second[known, None])[0])


def _checked(features: Array) -> Array:
    matrix = np.asarray(features, dtype=np.float64)
    if matrix.ndim != 2 or not matrix.size:
        raise ValueError(f'features of shape {matrix.shape}, must be (pictures, channels)')
    return matrix


def _normalised(features: Array) -> Array:
    matrix = _checked(features)
    norms = np.linalg.norm(matrix, axis=1, keepdims=True)
    return np.asarray(matrix / np.clip(norms, _NORMAL, None))
