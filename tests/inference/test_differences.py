"""Differences of two backbones against scipy, statsmodels and cases computed by hand."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar

from benchmark.statistics.differences import (
    Arm,
    difference,
    examples_needed,
    interaction,
    needs_both,
    paired_shares,
    runs_needed,
    seed_noises,
    weighted,
)
from benchmark.statistics.noise import Noise
from benchmark.statistics.outcomes import Ratios

EXACT = Noise(0.0, math.inf)


def arm(right: np.ndarray, noise: Noise = EXACT) -> Arm:
    """Return the runs (runs, examples) of an accuracy in percent."""
    forms = [Ratios(line, scale=100.0) for line in right]
    groups = np.arange(right.shape[1])
    pulls = np.stack([form.influence(groups) for form in forms])
    return Arm(tuple(form.value() for form in forms), pulls, noise)


def test_over_examples_alone_it_is_the_paired_t_test() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.random((2, 1, 200)) < 0.6
    found = difference(arm(a), arm(b))
    wanted = stats.ttest_rel(a[0].astype(float), b[0].astype(float))
    low, high = wanted.confidence_interval()
    assert found.p == pytest.approx(wanted.pvalue, rel=1e-6)
    assert (found.low, found.high) == pytest.approx((100 * low, 100 * high))
    assert found.seeds is not None
    assert found.seeds.variance == 0


def test_over_seeds_alone_equal_spreads_give_students_t_test() -> None:
    scores = {'a': (60.0, 61.0, 62.0), 'b': (57.0, 58.0, 59.0)}
    noises = seed_noises(scores)
    found = difference(*(Arm(scores[name], noise=noises[name]) for name in 'ab'))
    wanted = stats.ttest_ind(scores['a'], scores['b'])
    assert found.p == pytest.approx(wanted.pvalue, rel=1e-6)
    assert found.low == pytest.approx(wanted.confidence_interval().low)
    assert found.examples is None


def test_over_seeds_alone_unequal_spreads_give_welchs_test() -> None:
    scores = {'a': (50.0, 60.0, 59.0), 'b': (57.0, 57.2)}
    noises = seed_noises(scores)
    found = difference(*(Arm(scores[name], noise=noises[name]) for name in 'ab'))
    wanted = stats.ttest_ind(scores['a'], scores['b'], equal_var=False)
    assert found.p == pytest.approx(wanted.pvalue, rel=1e-6)
    assert found.low == pytest.approx(wanted.confidence_interval().low)


def test_a_single_run_takes_the_spread_that_others_have_in_common() -> None:
    noises = seed_noises({'a': (50.0,), 'b': (1.0, 3.0), 'c': (5.0, 5.0)})
    assert noises['a'] == Noise(1.0, 2.0)
    assert noises['b'] == Noise(math.sqrt(2), 1.0)
    assert seed_noises({'a': (50.0,)})['a'].freedom == 0


def test_what_seeds_and_examples_do_together_counts_once() -> None:
    # every run answers at random: one variance, that of runs times examples
    rng = np.random.default_rng(1)
    widths = []
    for _ in range(200):
        a, b = rng.random((2, 5, 100)) < 0.5
        noises = seed_noises({'a': 100 * a.mean(axis=1), 'b': 100 * b.mean(axis=1)})
        found = difference(arm(a, noises['a']), arm(b, noises['b']))
        widths.append(found.error**2)
    truth = 2 * 2500 / (5 * 100)
    assert truth < np.mean(widths) < 1.4 * truth


def test_a_single_run_takes_what_others_do_on_single_examples() -> None:
    # every run answers at random: the noise that others lend is that of runs times examples
    rng = np.random.default_rng(4)
    widths = []
    for _ in range(200):
        a, b, *others = rng.random((6, 3, 100)) < 0.5
        pulls = [arm(other).influence for other in others]
        lent = interaction(pull for pull in pulls if pull is not None)
        noises = seed_noises(
            {'a': (0.0,), 'b': (0.0,)} | {n: 100 * o.mean(axis=1) for n, o in enumerate(others)}
        )
        arms = [arm(right[:1], noises['a'])._replace(lent=lent) for right in (a, b)]
        widths.append(difference(*arms).error ** 2)
    truth = 2 * 2500 / 100
    assert truth == pytest.approx(np.mean(widths), rel=0.1)


def test_the_limit_lies_a_third_of_the_way_from_satterthwaites_to_cochrans() -> None:
    rng = np.random.default_rng(7)
    influence = rng.standard_normal((1, 51))
    influence -= influence.mean()
    a = Arm((3.0,), influence, Noise(0.4, 2.0))
    b = Arm((1.0,), np.zeros((1, 51)), EXACT)
    found = difference(a, b)
    parts = [(0.16, 2.0), (float(influence.var(ddof=1)) / 51, 50.0)]
    total = sum(variance for variance, _ in parts)
    cochran = sum(v / total * stats.t.ppf(0.975, f) for v, f in parts)
    freedom = total**2 / sum(v**2 / f for v, f in parts)
    satterthwaite = stats.t.ppf(0.975, freedom)
    limit = satterthwaite + (cochran - satterthwaite) / 3
    assert found.high == pytest.approx(2 + limit * math.sqrt(total))
    assert satterthwaite < limit < cochran


def test_more_runs_and_more_examples_make_it_narrower() -> None:
    rng = np.random.default_rng(2)
    right = rng.random((2, 8, 900)) < 0.5 + 0.1 * rng.standard_normal((2, 8, 1))

    def width(runs: int, examples: int) -> float:
        parts = right[:, :runs, :examples]
        noise = Noise(5.0, 20.0)
        return difference(arm(parts[0], noise), arm(parts[1], noise)).error

    assert all(b < a for a, b in pairwise([width(2, 100), width(4, 300), width(8, 900)]))


def test_two_random_classifiers_differ_beyond_chance_in_one_of_twenty() -> None:
    rng = np.random.default_rng(304)
    clear = 0
    for _ in range(400):
        first, second = rng.random((2, 2, 304)) < 0.25
        scores = {'a': 100 * first.mean(axis=1), 'b': 100 * second.mean(axis=1)}
        noises = seed_noises(scores)
        clear += difference(arm(first, noises['a']), arm(second, noises['b'])).p < 0.05
    assert clear <= 30


def test_mcnemars_exact_test_is_that_of_statsmodels() -> None:
    rng = np.random.default_rng(3)
    a, b = (rng.random((2, 150)) < [[0.6], [0.5]]).astype(float)
    table = [[((a == x) & (b == y)).sum() for y in (1, 0)] for x in (1, 0)]
    found = paired_shares(a, b)
    assert found.p == pytest.approx(mcnemar(table, exact=True).pvalue)
    only_a, only_b = table[0][1], table[1][0]
    assert found.value == pytest.approx((only_a - only_b) / 150)
    ahead, behind = (only_a + 1) / 152, (only_b + 1) / 152
    half = 1.959964 * math.sqrt((ahead + behind - (ahead - behind) ** 2) / 152)
    assert (found.low, found.high) == pytest.approx((ahead - behind - half, ahead - behind + half))
    same = paired_shares(a, a)
    assert (same.value, same.p) == (0.0, 1.0)


def test_needed_runs_settle_a_gap_of_the_same_size() -> None:
    rng = np.random.default_rng(5)
    a, b = rng.random((2, 2, 20_000)) < [[[0.52]], [[0.5]]]
    noise = Noise(3.0, 50.0)
    found = difference(arm(a, noise), arm(b, noise))
    assert found.p > 0.05
    runs = runs_needed(found)
    assert runs is not None
    assert runs > 2
    settled = difference(
        *(arm(np.repeat(part, runs, axis=0)[: 2 * runs], noise) for part in (a, b))
    )
    assert settled.p < 0.05


def test_where_examples_leave_it_open_seeds_would_not_do() -> None:
    rng = np.random.default_rng(6)
    a, b = rng.random((2, 3, 100)) < [[[0.52]], [[0.5]]]
    found = difference(arm(a, Noise(0.5, 4.0)), arm(b, Noise(0.5, 4.0)))
    assert runs_needed(found) is None
    wanted = examples_needed(found)
    assert wanted is not None
    assert wanted > 100


def test_few_runs_are_not_taken_to_know_their_spread() -> None:
    # two runs of each, 1.5 apart on average, with a standard deviation of 1
    root = math.sqrt(0.5)
    scores = {'a': (1.5 - root, 1.5 + root), 'b': (-root, root)}
    noises = seed_noises(scores)
    found = difference(*(Arm(scores[name], noise=noises[name]) for name in 'ab'))
    assert found.seeds == pytest.approx((1.0, 2.0))
    runs = runs_needed(found)
    # the smallest number at which Student's t of 2 (n - 1) degrees of freedom is exceeded
    exceeded = [n for n in range(2, 30) if stats.t.sf(1.5 / math.sqrt(2 / n), 2 * n - 2) < 0.025]
    assert runs == exceeded[0] == 5


def test_where_seeds_and_examples_both_leave_it_open_it_is_said() -> None:
    rng = np.random.default_rng(6)
    a, b = rng.random((2, 3, 100)) < [[[0.52]], [[0.5]]]
    few = difference(arm(a, Noise(0.5, 4.0)), arm(b, Noise(0.5, 4.0)))
    noisy = difference(arm(a, Noise(9.0, 4.0)), arm(b, Noise(9.0, 4.0)))
    assert runs_needed(few) is runs_needed(noisy) is None
    assert not needs_both(few)
    assert needs_both(noisy)


def test_a_weighted_sum_of_tasks_adds_their_variances() -> None:
    rng = np.random.default_rng(8)
    found = [difference(*(arm(part) for part in rng.random((2, 1, 400)) < 0.5)) for _ in range(2)]
    total = weighted(found, (0.5, 0.5))
    assert total is not None
    assert total.value == pytest.approx(sum(one.value for one in found) / 2)
    assert total.error == pytest.approx(math.hypot(*(one.error for one in found)) / 2)
    blind = difference(Arm((1.0,)), Arm((2.0,)))
    assert not blind.is_known
    assert weighted([blind], (1.0,)) is None
