"""Label-free measures against computations by other means: eigenvalues, loops, scipy, torch."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.linalg import eigh
from scipy.spatial.distance import pdist
from scipy.stats import entropy, kendalltau

from benchmark.statistics.aggregates import Array
from benchmark.statistics.health import (
    EPSILON,
    alpha_req,
    dead_units,
    health_of,
    lidar,
    mean_norm,
    norm_variation,
    rank_agreement,
    rank_me,
    spread,
    uniformity,
)


@pytest.fixture(params=[(40, 12), (12, 40), (30, 30)])
def features(request: pytest.FixtureRequest) -> Array:
    rng = np.random.default_rng(7)
    rows, columns = request.param
    mixed = rng.normal(size=(rows, columns)) @ rng.normal(size=(columns, columns))
    found: Array = mixed * np.arange(1, columns + 1) ** -0.7 + 2
    return found


def test_rank_me_is_the_exponential_of_the_entropy_of_the_gram_matrix_roots(
    features: Array,
) -> None:
    smaller = features if features.shape[0] < features.shape[1] else features.T
    values = np.sqrt(np.clip(np.linalg.eigvalsh(smaller @ smaller.T), 0, None))
    shares = values / values.sum()
    # the paper's epsilon is added to each share, which scipy would normalise away
    expected = math.exp(-sum((p + EPSILON) * math.log(p + EPSILON) for p in shares))
    assert rank_me(features) == pytest.approx(expected, abs=1e-6)
    assert rank_me(features) == pytest.approx(math.exp(entropy(shares)), rel=1e-3)


def test_rank_me_counts_directions() -> None:
    assert rank_me(np.eye(6)) == pytest.approx(6, abs=1e-4)
    assert rank_me(np.outer(np.arange(1.0, 9), [3.0, 1, 2])) == pytest.approx(1, abs=1e-3)
    assert rank_me(np.zeros((4, 3))) == 1


def test_lidar_is_the_entropy_of_the_generalised_eigenvalues_between_and_within() -> None:
    """By loops and scipy's eigenvalues of the pencil, which never takes a root of a matrix."""
    rng = np.random.default_rng(3)
    pictures, views, channels = 9, 5, 6
    features = rng.normal(size=(pictures, 1, channels)) * [3, 2, 1, 1, 0.5, 0.1]
    features = features + 0.3 * rng.normal(size=(pictures, views, channels))
    middle = features.mean(axis=(0, 1))
    between, within = np.zeros((2, channels, channels))
    for picture in features:
        mean = picture.mean(axis=0)
        between += np.outer(mean - middle, mean - middle) / pictures
        for view in picture:
            within += np.outer(view - mean, view - mean) / (pictures * views)
    values = eigh(between, within + 1e-4 * np.eye(channels), eigvals_only=True)
    shares = values / values.sum()
    expected = math.exp(-sum((p + EPSILON) * math.log(p + EPSILON) for p in shares))
    assert lidar(features) == pytest.approx(expected, abs=1e-6)


def test_lidar_counts_directions_that_views_do_not_blur() -> None:
    """Of four directions of equal spread one does not count, in which views differ far more."""
    centres = np.concatenate([np.eye(4), -np.eye(4)])[:, None]
    steady = np.repeat(centres, 2, axis=1)
    assert lidar(steady) == pytest.approx(4, abs=1e-4)
    blur = np.array([[0, 0, 50, 50], [0, 0, -50, -50]])
    assert lidar(steady + blur) == pytest.approx(3, abs=1e-3)
    assert lidar(np.ones((3, 2, 4))) == 1
    with pytest.raises(ValueError, match='must be'):
        lidar(np.ones((3, 1, 4)))


def test_alpha_is_the_slope_through_the_eigenvalues_of_the_covariance(features: Array) -> None:
    values = np.linalg.eigvalsh(np.cov(features, rowvar=False))[::-1]
    values = values[values > 1e-10 * values[0]]
    slope = np.polyfit(np.log(np.arange(1, len(values) + 1)), np.log(values), 1)[0]
    assert alpha_req(features) == pytest.approx(-slope, abs=1e-6)


def test_alpha_recovers_the_exponent_of_a_spectrum() -> None:
    rng = np.random.default_rng(0)
    centred = rng.normal(size=(60, 10))
    basis, _ = np.linalg.qr(centred - centred.mean(axis=0))
    assert alpha_req(basis * np.arange(1, 11) ** -0.65) == pytest.approx(1.3, abs=1e-6)
    assert math.isnan(alpha_req(np.ones((5, 3))))


def test_spread_is_the_mean_deviation_of_normalised_features(features: Array) -> None:
    unit = torch.nn.functional.normalize(torch.from_numpy(features), dim=1)
    expected = unit.std(dim=0, correction=0).mean() * math.sqrt(features.shape[1])
    assert spread(features) == pytest.approx(float(expected), abs=1e-6)
    assert spread(np.ones((7, 4))) == pytest.approx(0, abs=1e-9)
    isotropic = np.random.default_rng(0).normal(size=(4000, 50))
    assert spread(isotropic) == pytest.approx(1, abs=0.02)


def test_uniformity_is_that_of_its_authors_code(features: Array) -> None:
    unit = torch.nn.functional.normalize(torch.from_numpy(features), dim=1)
    expected = torch.pdist(unit, p=2).pow(2).mul(-2).exp().mean().log()
    assert uniformity(features) == pytest.approx(float(expected), abs=1e-6)
    squares = pdist(unit.numpy(), 'sqeuclidean')
    assert uniformity(features) == pytest.approx(math.log(np.exp(-2 * squares).mean()), abs=1e-6)
    assert uniformity(np.ones((5, 3))) == pytest.approx(0, abs=1e-9)


def test_norms_are_those_of_the_rows(features: Array) -> None:
    norms = [math.sqrt(sum(value**2 for value in row)) for row in features]
    assert mean_norm(features) == pytest.approx(sum(norms) / len(norms), abs=1e-6)
    assert norm_variation(features) == pytest.approx(np.std(norms) / np.mean(norms), abs=1e-6)


def test_dead_units_do_not_change_from_picture_to_picture(features: Array) -> None:
    assert dead_units(features) == 0
    still = features.copy()
    still[:, :3] = 5.0
    assert dead_units(still) == pytest.approx(3 / features.shape[1])
    assert dead_units(np.full((4, 3), 2.5)) == 1


def test_the_agreement_is_kendalls_over_what_is_known() -> None:
    rng = np.random.default_rng(3)
    first, second = rng.integers(0, 6, 20).astype(float), rng.integers(0, 6, 20).astype(float)
    expected = kendalltau(first[1:], second[1:]).statistic
    first[0] = np.nan
    assert rank_agreement(first, second) == pytest.approx(expected, abs=1e-6)
    assert math.isnan(rank_agreement(first[:3], second[:3]))
    assert math.isnan(rank_agreement(np.ones(5), second[:5]))


def test_features_of_one_picture_have_no_pair() -> None:
    found = health_of(np.array([[1.0, 2.0]]))
    assert math.isnan(found['uniformity'])
    assert found['spread'] == 0
    with pytest.raises(ValueError, match='must be'):
        health_of(np.zeros((0, 3)))
