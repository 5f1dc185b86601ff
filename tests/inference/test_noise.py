from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import polygamma

from benchmark.statistics.noise import (
    UNKNOWN,
    Spread,
    inverse_trigamma,
    moderate,
    pool,
    prior_freedom,
    within,
)


def spreads(random: np.random.Generator, sds: list[float], count: int) -> dict[int, Spread]:
    return {i: within([tuple(random.normal(0, sd, count).tolist())]) for i, sd in enumerate(sds)}


def test_a_shift_between_groups_is_no_spread() -> None:
    assert within([(1.0, 3.0), (101.0, 103.0), (7.0,), ()]) == Spread(4.0, 2)
    assert pool([Spread(1.0, 2), Spread(3.0, 4)]) == Spread(4.0, 6)


@pytest.mark.parametrize('x', [0.05, 0.5, 1.0, 3.0, 40.0])
def test_the_inverse_of_trigamma(x: float) -> None:
    assert inverse_trigamma(float(polygamma(1, x))) == pytest.approx(x, rel=1e-6)


def test_cells_that_agree_share_one_noise() -> None:
    found = {0: Spread(9.0, 9), 1: Spread(9.5, 9), 2: Spread(8.5, 9)}
    noises = moderate(found, dict.fromkeys(found, 'task'))
    assert {round(n.sd, 12) for n in noises.values()} == {1.0}
    assert {n.freedom for n in noises.values()} == {27}


def test_cells_that_differ_keep_most_of_their_own() -> None:
    sds = [0.1, 1.0, 10.0] * 4
    found = spreads(np.random.default_rng(0), sds, 30)
    noises = moderate(found, dict.fromkeys(found, 'task'))
    assert all(noises[i].sd == pytest.approx(sd, rel=1.2) for i, sd in enumerate(sds) if sd > 0.5)
    assert max(noises[i].sd for i in range(0, 12, 3)) < min(noises[i].sd for i in range(2, 12, 3))
    assert all(noise.freedom <= 29 * 12 for noise in noises.values())


def test_the_prior_is_recovered_from_many_cells() -> None:
    """Variances drawn from a scaled inverse chi-square with 8 degrees of freedom."""
    random = np.random.default_rng(1)
    sds = np.sqrt(8 / random.chisquare(8, 3000)).tolist()
    found = spreads(random, sds, 6)
    assert prior_freedom(found, dict.fromkeys(found, 0)) == pytest.approx(8, rel=0.2)
    equal = spreads(random, [2.0] * 3000, 6)
    assert prior_freedom(equal, dict.fromkeys(equal, 0)) > 30


def test_families_do_not_mix() -> None:
    found = {0: Spread(8.0, 8), 1: Spread(0.0, 0), 2: Spread(800.0, 8), 3: Spread(0.0, 0)}
    noises = moderate(found, {0: 'a', 1: 'a', 2: 'b', 3: 'b'})
    assert [round(noises[i].sd) for i in range(4)] == [1, 1, 10, 10]


def test_without_any_spread_nothing_is_known() -> None:
    found = moderate({0: Spread(0.0, 0)}, {0: 'a'})
    assert found[0] == UNKNOWN or (found[0].freedom == 0 and math.isnan(found[0].sd))
