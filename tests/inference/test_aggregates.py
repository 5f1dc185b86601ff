from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from benchmark.statistics.aggregates import (
    family_weights,
    interquartile_mean,
    mean_ranks,
    places,
    ranks,
)


def test_interquartile_mean_equals_the_trimmed_mean_where_a_quarter_is_a_whole_number() -> None:
    values = np.random.default_rng(0).normal(size=(5, 24))
    expected = stats.trim_mean(values, 0.25, axis=1)
    assert interquartile_mean(values) == pytest.approx(expected)


def test_interquartile_mean_takes_the_inner_part_of_a_value_across_the_cut() -> None:
    # of five values each weighs 0.2: the cuts at 0.25 and 0.75 leave 0.15, 0.2 and 0.15
    values = np.array([1.0, 2.0, 4.0, 8.0, 100.0])
    assert interquartile_mean(values) == pytest.approx((0.15 * 2 + 0.2 * 4 + 0.15 * 8) / 0.5)


def test_a_weight_of_two_is_a_value_twice() -> None:
    values, weights = np.array([3.0, 1.0, 9.0, 4.0]), np.array([2.0, 1.0, 1.0, 2.0])
    repeated = np.array([3.0, 3.0, 1.0, 9.0, 4.0, 4.0])
    assert interquartile_mean(values, weights) == pytest.approx(interquartile_mean(repeated))


def test_interquartile_mean_of_one_or_equal_values_is_that_value() -> None:
    assert interquartile_mean(np.array([7.0])) == pytest.approx(7.0)
    assert interquartile_mean(np.full(6, 7.0)) == pytest.approx(7.0)


def test_ranks_are_from_the_top_and_shared_by_equals() -> None:
    lines = np.array([[1.0, 3.0, 3.0, 2.0], [1.0, 2.0, 3.0, 4.0]])
    assert ranks(lines).tolist() == [[4.0, 1.5, 1.5, 3.0], [4.0, 3.0, 2.0, 1.0]]
    assert ranks(lines[1]).tolist() == [4.0, 3.0, 2.0, 1.0]


def test_families_weigh_equally_whatever_their_number_of_tasks() -> None:
    weights = family_weights(['dense', 'dense', 'dense', 'pose'])
    assert weights.tolist() == pytest.approx([1 / 6, 1 / 6, 1 / 6, 1 / 2])
    # ranks of the first backbone: 1, 1, 1 in one family and 2 in the other
    means = np.array([[9.0, 9.0, 9.0, 1.0], [1.0, 1.0, 1.0, 9.0]])
    assert mean_ranks(means, weights).tolist() == [1.5, 1.5]


def test_equal_mean_ranks_share_the_better_place() -> None:
    assert places(np.array([1.5, 3.0, 1.5])).tolist() == [1.0, 3.0, 1.0]


def test_ten_sets_of_one_kind_do_not_outvote_one_of_another() -> None:
    wins_ten, wins_one = np.ones(11), np.ones(11)
    wins_ten[10], wins_one[:10] = 0.0, 0.0
    weights = family_weights([*['classification'] * 10, 'detection'])
    assert mean_ranks(np.stack([wins_ten, wins_one]), weights).tolist() == [1.5, 1.5]
