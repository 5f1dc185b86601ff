from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import stats

from benchmark.statistics.aggregates import interquartile_mean
from benchmark.statistics.resampling import (
    SeedDraws,
    draw_seeds,
    draw_tasks,
    interval,
    resampled_iqm,
    resampled_means,
    widen,
)

MANY = 20_000


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def scores(*shape: int) -> np.ndarray:
    return generator(1).normal(10, 2, shape)


def stacked(seen: np.ndarray, draws: SeedDraws) -> np.ndarray:
    """Return the resampled means with the axes (resamples, backbones, tasks)."""
    return np.stack(list(resampled_means(seen, draws)), axis=-1)


def test_other_seeds_agree_with_all_possible_resamples() -> None:
    """Enumerate every resample of 3 runs on each of 2 tasks: 27 x 27 equally likely means."""
    seen = scores(1, 3, 2)
    wide = [widen(seen[:, :, task])[0] for task in range(2)]
    means = [[np.mean(pick) for pick in itertools.product(runs, repeat=3)] for runs in wide]
    every = np.array([sum(pair) / 2 for pair in itertools.product(*means)])
    found = stacked(seen, draw_seeds([3, 3], 1, MANY, generator())).mean(axis=2)[:, 0]
    assert found.mean() == pytest.approx(every.mean(), abs=0.02)
    for share in (0.05, 0.25, 0.5, 0.75, 0.95):
        assert np.mean(found <= np.quantile(every, share)) == pytest.approx(
            np.mean(every <= np.quantile(every, share)), abs=0.02
        )


def test_resampled_means_vary_by_the_squared_standard_error() -> None:
    seen = scores(1, 4, 1)
    found = stacked(seen, draw_seeds([4], 1, MANY, generator()))[:, 0, 0]
    assert found.var() == pytest.approx(seen[0, :, 0].var(ddof=1) / 4, rel=0.05)


def test_interval_agrees_with_scipy_on_the_same_widened_runs() -> None:
    seen = scores(1, 8, 1)
    found = interval(stacked(seen, draw_seeds([8], 1, MANY, generator()))[:, 0, 0])
    expected = stats.bootstrap(
        (widen(seen[:, :, 0])[0],),
        np.mean,
        n_resamples=MANY,
        method='percentile',
        rng=generator(2),
    ).confidence_interval
    assert found == pytest.approx((expected.low, expected.high), abs=0.05)


def test_two_backbones_are_resampled_independently() -> None:
    same = np.repeat(scores(1, 5, 1), 2, axis=0)
    found = stacked(same, draw_seeds([5], 2, MANY, generator()))[:, :, 0]
    assert abs(np.corrcoef(found.T)[0, 1]) < 0.03


def test_a_task_with_fewer_runs_ignores_the_padding() -> None:
    seen = scores(2, 3, 2)
    seen[:, 2, 1] = np.nan
    found = stacked(seen, draw_seeds([3, 2], 2, 50, generator()))
    assert np.isfinite(found).all()


def test_resampled_iqm_is_the_iqm_of_the_drawn_runs() -> None:
    seen, weights = scores(2, 3, 2), np.array([0.25, 0.75])
    draws = draw_seeds([3, 3], 2, 40, generator())
    found = resampled_iqm(seen, draws, weights)
    for backbone in range(2):
        values = np.concatenate([widen(seen[:, :, task])[backbone] for task in range(2)])
        for line in (0, 17, 39):
            drawn = [
                draws.shares[task][(line + draws.starts[task, backbone]) % 40] * weights[task]
                for task in range(2)
            ]
            expected = interquartile_mean(values, np.concatenate(drawn))
            assert found[line, backbone] == pytest.approx(expected)


def test_other_tasks_agree_with_all_possible_two_stage_resamples() -> None:
    """Families a (tasks 0, 1) and b (task 2): enumerate families, then tasks within each."""
    values = np.array([1.0, 5.0, 20.0])
    draws_of = {'a': list(itertools.product([1.0, 5.0], repeat=2)), 'b': [(20.0,)]}
    chances: dict[float, float] = {}
    for families in itertools.product('ab', repeat=2):
        for picks in itertools.product(*(draws_of[family] for family in families)):
            value = float(np.mean([np.mean(pick) for pick in picks]))
            chance = 0.25 / np.prod([len(draws_of[family]) for family in families])
            chances[value] = chances.get(value, 0.0) + float(chance)
    weights = draw_tasks(['a', 'a', 'b'], MANY, generator())
    assert weights.sum(axis=1) == pytest.approx(np.ones(MANY))
    found = np.round(weights @ values, 9)
    for value, chance in chances.items():
        assert np.mean(found == round(value, 9)) == pytest.approx(chance, abs=0.015)
    assert set(found) == {round(value, 9) for value in chances}


def test_an_attained_interval_ends_at_samples() -> None:
    ends = interval(np.array([1.0, 1.0, 2.0, 4.0]), attained=True)
    assert ends == (1.0, 4.0)
