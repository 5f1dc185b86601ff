from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from benchmark.statistics.linear import (
    Precision,
    half_widths,
    intervals_around,
    over_kinds,
    satterthwaite,
    welch,
)


def test_one_task_of_one_backbone_is_students_interval() -> None:
    scores = np.random.default_rng(0).normal(50, 3, (1, 4, 1))
    value = float(scores.mean())
    expected = stats.t.interval(0.95, 3, value, stats.sem(scores[0, :, 0]))
    assert welch(value, scores, [4], np.ones((1, 1))) == pytest.approx(expected)


def test_two_backbones_on_one_task_are_welchs_interval() -> None:
    scores = np.random.default_rng(1).normal([[[50.0]], [[40.0]]], [[[1.0]], [[6.0]]], (2, 3, 1))
    value = float(scores[0].mean() - scores[1].mean())
    test = stats.ttest_ind(scores[0, :, 0], scores[1, :, 0], equal_var=False)
    expected = test.confidence_interval(0.95)
    found = welch(value, scores, [3], np.array([[1.0], [-1.0]]))
    assert found == pytest.approx((expected.low, expected.high))


def test_equal_terms_add_their_degrees_of_freedom() -> None:
    found = satterthwaite(np.full(5, 0.2), np.full(5, 2.0))
    assert (float(found.squares), float(found.freedom)) == pytest.approx((1.0, 10.0))


def test_nothing_uncertain_has_no_width() -> None:
    found = satterthwaite(np.zeros((2, 3)), np.ones(3))
    assert half_widths(found).tolist() == [0.0, 0.0]


def test_kinds_are_the_repetitions_of_an_interval_over_tasks() -> None:
    values = np.array([[1.0, 3.0, 5.0, 9.0, 4.0]])
    (found,) = over_kinds(values, ['a', 'a', 'b', 'c', 'd']) or []
    kinds = [2.0, 5.0, 9.0, 4.0]
    expected = stats.t.interval(0.95, 3, np.mean(kinds), stats.sem(kinds))
    assert found == pytest.approx(expected)


def test_of_a_single_kind_its_tasks_are() -> None:
    values = [1.0, 3.0, 8.0]
    (found,) = over_kinds(np.array([values]), ['a', 'a', 'a']) or []
    assert found == pytest.approx(stats.t.interval(0.95, 2, 4.0, stats.sem(values)))


@pytest.mark.parametrize('families', [['a'], ['a', 'b'], ['a', 'a'], ['a', 'a', 'a', 'b']])
def test_too_few_kinds_have_no_interval(families: list[str]) -> None:
    assert over_kinds(np.zeros((1, len(families))), families) is None


def test_ends_do_not_leave_what_is_possible() -> None:
    halves = half_widths(Precision(np.array([1.0]), np.array([math.inf])))
    assert halves == pytest.approx([1.95996], abs=1e-5)
    assert intervals_around(np.array([1.5]), halves, 1, 6) == [
        pytest.approx((1.0, 3.45996), abs=1e-5)
    ]


@pytest.mark.parametrize(('tasks', 'seeds'), [(1, 3), (3, 2), (7, 2), (7, 3)])
def test_intervals_over_seeds_hold_the_truth_as_often_as_they_say(tasks: int, seeds: int) -> None:
    draws = np.random.default_rng(2).normal(0, 1, (4000, seeds, tasks))
    squares = draws.var(axis=1, ddof=1) / seeds / tasks**2
    halves = half_widths(satterthwaite(squares, np.full(tasks, seeds - 1.0)))
    covered = (np.abs(draws.mean(axis=(1, 2))) <= halves).mean()
    assert 0.94 < covered < 0.99
