from __future__ import annotations

import itertools
import math
import random

import numpy as np
import pytest
from scipy import stats

from benchmark.statistics import spread
from benchmark.statistics.spread import (
    best,
    clear_limits,
    judge,
    mean,
    pooled_sd,
    sample_sd,
    studentized_range,
)


def test_sample_sd_divides_by_n_minus_one() -> None:
    assert sample_sd([1.0, 2.0, 3.0]) == 1.0
    assert sample_sd([2.0, 4.0]) == pytest.approx(math.sqrt(2))


def test_one_value_has_no_spread() -> None:
    assert sample_sd([3.0]) is None
    assert pooled_sd([[3.0], [4.0]]) is None


def test_pooled_sd_weighs_groups_by_their_degrees_of_freedom() -> None:
    # variances 2 (1 degree) and 1 (2 degrees): (2 + 2) / 3; the single value counts for nothing
    assert pooled_sd([[1.0, 3.0], [10.0, 11.0, 12.0], [7.0]]) == pytest.approx(math.sqrt(4 / 3))


def test_pooled_sd_agrees_with_one_way_analysis_of_variance() -> None:
    random_ = np.random.default_rng(0)
    groups = [random_.normal(place, 1, size) for place, size in ((0, 3), (5, 4), (9, 2))]
    residuals = np.concatenate([group - group.mean() for group in groups])
    expected = math.sqrt((residuals**2).sum() / (3 + 4 + 2 - 3))
    assert pooled_sd([list(map(float, group)) for group in groups]) == pytest.approx(expected)


def test_order_of_values_changes_no_bit() -> None:
    values = [0.1, 1e8, -1e8, 0.3, 2.2, 7e-9]
    groups = [values, [v * 3 for v in values], [1.0, 1.1]]
    shuffled = [random.Random(3).sample(group, len(group)) for group in groups]
    assert mean(values) == mean(shuffled[0])
    assert pooled_sd(groups) == pooled_sd(reversed(shuffled))


# all variances are 1, so drawing them together changes nothing: of three groups of three, a pair
# has 2 * (2 + 0.4) = 4.8 degrees of freedom, and the task's mean variance
# 1 / (3 * (1 / 9) / (2 + 2)) - 2 = 10
GROUPS = {'a': [1.0, 2.0, 3.0], 'b': [3.0, 4.0, 5.0], 'c': [4.6, 5.6, 6.6]}


def named(values: np.ndarray) -> dict[str, list[float]]:
    return {f'{place}': line.tolist() for place, line in enumerate(values)}


def clear_by_hand(groups: dict[str, list[float]]) -> set[frozenset[str]]:
    """Return the clear pairs by p-values of scipy, one pair after the other."""
    own = {name: len(group) - 1 for name, group in groups.items()}
    variance = {name: float(np.var(group, ddof=1)) for name, group in groups.items()}
    share = {name: own[name] * variance[name] / sum(own.values()) for name in groups}
    common = sum(share.values())
    most = common**2 / sum(share[n] ** 2 / (own[n] + 2) for n in groups) - 2
    found = set()
    for one, other in itertools.combinations(groups, 2):
        fewest = min(own[one], own[other])
        prior = min(0.1 * fewest**2, 1.0) if len(groups) > 2 else 0.0
        squares = [
            (own[n] * variance[n] + prior * common) / (own[n] + prior) / len(groups[n])
            for n in (one, other)
        ]
        terms = sum(square**2 / (fewest + prior) for square in squares)
        freedom = max(1.0, min(sum(squares) ** 2 / terms, most, sum(own.values())))
        gap = abs(float(np.mean(groups[one]) - np.mean(groups[other])))
        size = gap / math.sqrt(sum(squares) / 2)
        if stats.studentized_range.sf(size, len(groups), freedom) < 0.05:
            found.add(frozenset((one, other)))
    return found


def clear_pairs(groups: dict[str, list[float]]) -> set[frozenset[str]]:
    result = judge(groups, higher_is_better=True)
    return {frozenset((pair.better, pair.worse)) for pair in result.clear}


class TestLimits:
    def test_more_than_a_hundred_groups_have_a_range(self) -> None:
        found = studentized_range(133, np.array([1.0, 3.0, 30.0]))
        expected = [stats.studentized_range.ppf(0.95, 133, freedom) for freedom in (1.0, 3.0, 30.0)]
        assert found == pytest.approx(expected, rel=5e-4)

    @pytest.mark.parametrize('groups', [2, 3, 6, 20])
    def test_the_studentized_range_equals_scipys(self, groups: int) -> None:
        freedoms = [1.0, 1.3, 2.0, 3.7, 12.0, 60.0, math.inf]
        expected = [stats.studentized_range.ppf(0.95, groups, freedom) for freedom in freedoms]
        found = studentized_range(groups, np.array(freedoms))
        assert found == pytest.approx(expected, rel=1e-3)

    @pytest.mark.parametrize('seeds', [2, 3, 8])
    def test_of_two_groups_they_are_welchs(self, seeds: int) -> None:
        random = np.random.default_rng(seeds)
        values = random.normal(0, [[1.0], [4.0]], (2, seeds))
        expected = stats.ttest_ind(*values, equal_var=False).confidence_interval(0.95)
        limits = clear_limits(values.var(axis=1, ddof=1), np.full(2, seeds))
        assert limits[0, 1] == pytest.approx((expected.high - expected.low) / 2)

    def test_unmoderated_they_are_those_of_games_and_howell(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(spread, 'prior_freedom', lambda own, _: 0 * own)
        monkeypatch.setattr(spread, '_unbiased_freedom', lambda *_: np.array(np.inf))
        values = np.random.default_rng(4).normal(0, [[1.0], [2.0], [5.0], [0.5]], (4, 6))
        limits = clear_limits(values.var(axis=1, ddof=1), np.full(4, 6))
        interval = stats.tukey_hsd(*values, equal_var=False).confidence_interval(0.95)
        halves = (interval.high - interval.low) / 2
        pairs = np.triu_indices(4, 1)
        assert limits[pairs] == pytest.approx(halves[pairs], rel=1e-3)

    def test_a_batch_of_tasks_gives_what_each_gives_alone(self) -> None:
        variances = np.random.default_rng(5).chisquare(2, (3, 5))
        runs = np.array([3, 3, 2, 4, 3])
        together = clear_limits(variances, runs)
        for one, limits in zip(variances, together, strict=True):
            np.testing.assert_allclose(clear_limits(one, runs), limits)
            np.testing.assert_array_equal(limits, limits.T)

    @pytest.mark.parametrize('seeds', [2, 3])
    @pytest.mark.parametrize('wide', [1.0, 5.0])
    def test_false_alarms_of_a_task_keep_the_level(self, seeds: int, wide: float) -> None:
        random = np.random.default_rng(6)
        draws = random.normal(0, 1, (20_000, 6, seeds)) * np.array([wide, 1, 1, 1, 1, 1])[:, None]
        means, variances = draws.mean(axis=2), draws.var(axis=2, ddof=1)
        gaps = np.abs(means[:, :, None] - means[:, None, :])
        alarms = (gaps > clear_limits(variances, np.full(6, seeds))).any(axis=(1, 2))
        # a standard error is 0.0015
        assert 0.025 < alarms.mean() < 0.065


class TestJudge:
    def test_only_what_lies_beyond_the_limit_is_clear(self) -> None:
        result = judge(GROUPS, higher_is_better=True)
        limit = stats.studentized_range.ppf(0.95, 3, 4.8) / math.sqrt(3)
        assert result.spread == pytest.approx(1.0)
        assert result.ends == pytest.approx((limit, limit), rel=1e-3)
        assert [(p.better, p.worse) for p in result.clear] == [('c', 'a')]
        assert {(p.better, p.worse) for p in result.unclear} == {('b', 'a'), ('c', 'b')}

    @pytest.mark.parametrize(('groups', 'seeds'), [(2, 2), (3, 4), (6, 2), (9, 5)])
    def test_it_agrees_with_pairs_taken_one_by_one(self, groups: int, seeds: int) -> None:
        random = np.random.default_rng(groups)
        values = random.normal(random.normal(0, 30, groups)[:, None], 1, (groups, seeds))
        assert clear_pairs(named(values)) == clear_by_hand(named(values))

    def test_where_seeds_differ_in_number_the_smaller_one_of_a_pair_decides(self) -> None:
        fewer = {**GROUPS, 'b': [3.5, 4.5], 'd': [9.0, 9.5, 8.0]}
        assert clear_pairs(fewer) == clear_by_hand(fewer)
        limits = clear_limits(np.ones(4), np.array([2, 3, 3, 3]))
        assert limits[0, 1:].min() > 1.5 * limits[1, 2]

    def test_a_backbone_of_wide_spread_is_told_apart_less_easily(self) -> None:
        values = {'a': [0.0, 0.1, 0.2], 'b': [30.0, 30.1, 30.2], 'c': [3.0, 15.0, 27.0]}
        assert clear_pairs(values) == {frozenset('ab')}

    def test_lower_is_better_turns_every_pair_round(self) -> None:
        higher = judge(GROUPS, higher_is_better=True)
        lower = judge(GROUPS, higher_is_better=False)
        assert {(p.worse, p.better) for p in higher.clear} == {
            (p.better, p.worse) for p in lower.clear
        }
        assert higher.order == ('c', 'b', 'a')
        assert lower.order == ('a', 'b', 'c')

    def test_order_of_groups_changes_nothing(self) -> None:
        turned = dict(reversed(GROUPS.items()))
        assert judge(GROUPS, higher_is_better=True) == judge(turned, higher_is_better=True)

    def test_a_single_seed_is_in_no_pair(self) -> None:
        result = judge({**GROUPS, 'd': [99.0]}, higher_is_better=True)
        assert result.unjudged == ('d',)
        assert 'd' not in result.order

    @pytest.mark.parametrize(
        ('groups', 'reason'),
        [
            ({'a': [1.0], 'b': [9.0]}, 'one seed per backbone'),
            ({'a': [1.0, 2.0], 'b': [9.0]}, 'fewer than two backbones have two'),
            ({'a': [1.0, 2.0]}, 'fewer than two backbones have a score'),
            ({'a': [1.0, 1.0], 'b': [9.0, 9.0]}, 'the method is deterministic'),
            (
                {'a': [1.0, 1.0], 'b': [9.0, 9.0], 'c': [3.0]},
                'every seed of a backbone gives the same score',
            ),
            ({}, 'fewer than two'),
        ],
    )
    def test_what_cannot_be_judged_says_why(
        self, groups: dict[str, list[float]], reason: str
    ) -> None:
        result = judge(groups, higher_is_better=True)
        assert result.spread is None
        assert not result.clear
        assert not result.unclear
        assert set(result.unjudged) == set(groups)
        assert reason in result.reason


def test_best_follows_the_direction_and_keeps_ties() -> None:
    means = {'a': 1.0, 'b': 3.0, 'c': 3.0}
    assert best(means, higher_is_better=True) == {'b', 'c'}
    assert best(means, higher_is_better=False) == {'a'}
    assert best({}, higher_is_better=True) == frozenset()


def test_counting_clear_pairs_agrees_with_going_through_them() -> None:
    values = {f'b{i}': [place, place + 1.0] for i, place in enumerate((0, 0.2, 1.5, 1.6, 9, 3))}
    result = judge(values, higher_is_better=False)
    assert result.clear_count == len(result.clear)
    assert result.pair_count == len(result.clear) + len(result.unclear) == 15


def test_unclear_from_names_the_neighbours_of_a_backbone() -> None:
    result = judge(GROUPS, higher_is_better=True)
    assert result.unclear_from(frozenset({'c'})) == {'c', 'b'}
    assert result.unclear_from(frozenset()) == frozenset()
