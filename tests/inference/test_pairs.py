from __future__ import annotations

import itertools

import baycomp
import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from benchmark.statistics.agreement import kendall, kendall_weighted, weighted_mean
from benchmark.statistics.corrections import holm
from benchmark.statistics.diagrams import cliques, friedman
from benchmark.statistics.pairs import (
    improvement,
    signed_rank_draws,
    signed_rank_posteriors,
    smallest_p,
    wilcoxon,
)


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0.3, 1, shape)


@pytest.mark.parametrize('tasks', [1, 5, 12, 30])
def test_wilcoxon_agrees_with_scipy(tasks: int) -> None:
    gaps = normal(tasks)
    assert wilcoxon(gaps) == pytest.approx(stats.wilcoxon(gaps, method='exact').pvalue)


def test_wilcoxon_with_ties_and_zeros_agrees_with_all_signs() -> None:
    gaps = np.array([1.0, -1.0, 2.0, 2.0, 0.0, 3.0, -2.0])
    moved = gaps[gaps != 0]
    ranks = stats.rankdata(np.abs(moved))
    middle = ranks.sum() / 2
    seen = abs(ranks[moved > 0].sum() - middle)
    sums = [
        ranks[np.array(signs)].sum()
        for signs in itertools.product([True, False], repeat=len(moved))
    ]
    expected = np.mean([abs(total - middle) >= seen for total in sums])
    assert wilcoxon(gaps) == pytest.approx(expected)


def test_wilcoxon_without_a_difference_is_one() -> None:
    assert wilcoxon(np.zeros(4)) == 1.0
    assert wilcoxon(np.zeros(0)) == 1.0


@pytest.mark.parametrize('tasks', [1, 4, 7])
def test_the_smallest_p_is_that_of_winning_every_task(tasks: int) -> None:
    assert smallest_p(tasks) == pytest.approx(wilcoxon(np.arange(1.0, tasks + 1)))


def test_the_smallest_p_after_holm_counts_the_comparisons() -> None:
    assert smallest_p(7, 3) == pytest.approx(3 / 64)
    assert smallest_p(2, 10) == 1.0
    assert smallest_p(0) == 1.0


def test_holm_agrees_with_statsmodels() -> None:
    p_values = [0.04, 0.001, 0.3, 0.012, 0.04, 0.9]
    assert holm(p_values) == pytest.approx(multipletests(p_values, method='holm')[1])


def test_improvement_is_mann_whitney_over_all_pairs_of_runs() -> None:
    scores = np.round(normal(3, 4, 2), 1)
    scores[:, 3, 1] = np.nan
    found = improvement(scores, [4, 3], np.array([0.25, 0.75]))
    for i, j in itertools.permutations(range(3), 2):
        expected = sum(
            weight * stats.mannwhitneyu(scores[i, :n, t], scores[j, :n, t]).statistic / n**2
            for t, (n, weight) in enumerate(((4, 0.25), (3, 0.75)))
        )
        assert found[i, j] == pytest.approx(expected)
    assert np.diag(found) == pytest.approx(np.full(3, 0.5))


@pytest.mark.parametrize('shift', [0.0, 0.6, -1.0])
def test_the_posterior_agrees_with_baycomp(shift: float) -> None:
    gaps = normal(9) + shift
    draws = signed_rank_draws(9, 10_000, np.random.default_rng(0))
    _, found = signed_rank_posteriors(np.stack([-gaps, gaps]), 0.5, draws)
    expected = baycomp.SignedRankTest.probs(
        np.zeros(9), gaps, rope=0.5, nsamples=5000, random_state=0
    )
    assert tuple(found) == pytest.approx(expected, abs=0.03)


def test_kendall_agrees_with_scipy_with_and_without_ties() -> None:
    first, second = np.round(normal(9, 3), 1), np.round(normal(9, 3, seed=1), 0)
    expected = [stats.kendalltau(first[:, t], second[:, t]).statistic for t in range(3)]
    assert kendall(first, second) == pytest.approx(expected)


def test_an_order_of_nothing_is_no_agreement() -> None:
    assert np.isnan(kendall(np.ones((4, 1)), normal(4, 1))).all()


def test_weighted_kendall_leaves_copies_of_a_backbone_out() -> None:
    first, second = normal(5, 2), normal(5, 2, seed=1)
    every = kendall_weighted(first, second, np.ones((1, 5)))
    assert every[0] == pytest.approx(kendall(first, second))
    some = kendall_weighted(first, second, np.array([[1.0, 0.0, 1.0, 0.0, 1.0]]))
    assert some[0] == pytest.approx(kendall(first[::2], second[::2]))
    # backbone 0 twice: its two pairs count twice, the pair with its own copy not at all
    signs = np.sign(first[:3, None] - first[None, :3]) * np.sign(
        second[:3, None] - second[None, :3]
    )
    expected = (2 * signs[0, 1] + 2 * signs[0, 2] + signs[1, 2]) / 5
    twice = kendall_weighted(first, second, np.array([[2.0, 1.0, 1.0, 0.0, 0.0]]))
    assert twice[0] == pytest.approx(expected)


def test_weighted_mean_passes_over_what_is_unknown() -> None:
    values = np.array([[1.0, np.nan, 3.0], [np.nan] * 3])
    found = weighted_mean(values, np.array([0.5, 0.25, 0.25]))
    assert found[0] == pytest.approx((0.5 * 1 + 0.25 * 3) / 0.75)
    assert np.isnan(found[1])


def test_friedman_agrees_with_scipy_and_the_critical_difference_with_demsar() -> None:
    means = normal(4, 14)
    found = friedman(means)
    assert found.p == pytest.approx(stats.friedmanchisquare(*means).pvalue)
    # Demsar (JMLR 2006), section 3.2.2: four classifiers on fourteen data sets
    assert found.critical == pytest.approx(1.25, abs=0.005)
    assert sum(found.mean_ranks) == pytest.approx(10.0)


@pytest.mark.parametrize(
    ('backbones', 'quantile'), [(3, 2.343), (4, 2.569), (5, 2.728), (7, 2.949), (10, 3.164)]
)
def test_the_critical_difference_follows_nemenyis_table(backbones: int, quantile: float) -> None:
    # Demsar (JMLR 2006), table 5
    expected = quantile * np.sqrt(backbones * (backbones + 1) / (6 * 8))
    assert friedman(normal(backbones, 8)).critical == pytest.approx(expected, rel=5e-4)


def test_cliques_are_the_largest_groups_within_the_critical_difference() -> None:
    ranks = np.array([3.6, 1.0, 1.8, 2.9])
    assert cliques(ranks, 1.2) == [(1, 2), (2, 3), (3, 0)]
    assert cliques(ranks, 0.5) == []
    assert cliques(ranks, 9.0) == [(1, 2, 3, 0)]


def test_a_difference_of_exactly_the_critical_one_is_told_apart() -> None:
    assert cliques(np.array([1.0, 2.0]), 1.0) == []
