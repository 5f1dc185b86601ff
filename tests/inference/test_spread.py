from __future__ import annotations

import itertools
import math
import random

import numpy as np
import pytest
from scipy import stats

from benchmark.statistics.spread import best, judge, mean, pooled_sd, sample_sd


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


# each group has variance 1, so the pooled sd is 1; Tukey's limit for three groups of three is
# 4.339 (table of the studentized range, 3 groups, 6 degrees of freedom) / sqrt(3) = 2.505
GROUPS = {'a': [1.0, 2.0, 3.0], 'b': [3.0, 4.0, 5.0], 'c': [3.6, 4.6, 5.6]}


def named(values: np.ndarray) -> dict[str, list[float]]:
    return {f'{place}': line.tolist() for place, line in enumerate(values)}


class TestJudge:
    def test_only_what_lies_beyond_the_limit_is_clear(self) -> None:
        result = judge(GROUPS, higher_is_better=True)
        assert result.spread == pytest.approx(1.0)
        assert result.threshold == pytest.approx(4.339 / math.sqrt(3), abs=1e-3)
        assert [(p.better, p.worse) for p in result.clear] == [('c', 'a')]
        assert {(p.better, p.worse) for p in result.unclear} == {('b', 'a'), ('c', 'b')}

    @pytest.mark.parametrize(('groups', 'seeds'), [(2, 2), (3, 4), (6, 2), (9, 5)])
    def test_it_agrees_with_tukeys_test_in_scipy(self, groups: int, seeds: int) -> None:
        random = np.random.default_rng(groups)
        values = random.normal(random.normal(0, 3, groups)[:, None], 1, (groups, seeds))
        result = judge(named(values), higher_is_better=True)
        expected = stats.tukey_hsd(*values).pvalue < 0.05
        clear = {frozenset((int(p.better), int(p.worse))) for p in result.clear}
        pairs = itertools.combinations(range(groups), 2)
        assert clear == {frozenset((i, j)) for i, j in pairs if expected[i, j]}

    def test_where_seeds_differ_in_number_the_smallest_group_decides(self) -> None:
        fewer = judge({**GROUPS, 'b': [3.5, 4.5]}, higher_is_better=True)
        every = judge(GROUPS, higher_is_better=True)
        assert fewer.threshold is not None
        assert every.threshold is not None
        assert fewer.threshold > every.threshold * math.sqrt(3 / 2)

    def test_alike_backbones_are_rarely_told_apart(self) -> None:
        random = np.random.default_rng(0)
        draws = random.normal(0, 1, (400, 6, 2))
        wrong = sum(bool(judge(named(draw), higher_is_better=True).clear) for draw in draws)
        # 5 % are expected; 35 of 400 would be six hundredths too many by three standard errors
        assert wrong <= 35

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
            ({'a': [1.0, 1.0], 'b': [9.0, 9.0]}, 'change no score'),
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
