"""The choice of a rate from a sweep, by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.tool_loading import load_tool


@pytest.fixture(scope='module')
def tool() -> Any:
    return load_tool('sweep_rates')


def trials(tool: Any, scores: dict[str, dict[float, float]], *, higher: bool = True) -> list[Any]:
    return [
        tool.Trial('task', name, 'metric', higher, rate, 0, score)
        for name, by_rate in scores.items()
        for rate, score in by_rate.items()
    ]


def test_shortfalls_are_measured_against_each_ones_own_best(tool: Any) -> None:
    scores = {'a': {1e-3: 50.0, 2e-3: 40.0}, 'b': {1e-3: 8.0, 2e-3: 10.0}}
    lost = tool.shortfalls(trials(tool, scores))
    assert lost == {
        1e-3: {'a': 0.0, 'b': pytest.approx(20)},
        2e-3: {'a': pytest.approx(20), 'b': 0},
    }


def test_the_rate_that_costs_least_on_average_is_chosen(tool: Any) -> None:
    # b's scores are small, but weigh as much as a's
    scores = {'a': {1e-3: 50.0, 2e-3: 45.0}, 'b': {1e-3: 5.0, 2e-3: 10.0}}
    assert tool.choose(tool.shortfalls(trials(tool, scores))) == 2e-3


def test_errors_are_better_when_small_and_ties_go_to_the_smaller_rate(tool: Any) -> None:
    scores = {'a': {4e-3: 0.5, 1e-3: 0.5, 2e-3: 1.0}}
    lost = tool.shortfalls(trials(tool, scores, higher=False))
    assert lost[2e-3]['a'] == pytest.approx(100)
    assert tool.choose(lost) == 1e-3


def test_every_trial_is_kept(tool: Any) -> None:
    lines = tool.to_csv(trials(tool, {'a': {1e-3: 1 / 3}})).splitlines()
    assert lines == [
        'task,backbone,metric,higher_is_better,rate,seed,score',
        f'task,a,metric,True,0.001,0,{1 / 3!r}',
    ]
