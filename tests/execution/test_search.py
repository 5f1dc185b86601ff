"""The choice among trainings, with trainings that only pretend."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmark.errors import BenchmarkError
from benchmark.execution.outcome import Outcome
from benchmark.execution.search import execute_search

SCORES = {1: 50.0, 2: 70.0, 3: 70.0, 4: None}


class Trainings:
    """Stand in for trainings: the score on val is that of the rate, on test one point less."""

    def __init__(self) -> None:
        self.ran: list[tuple[int, str, str]] = []

    def __call__(self, config: dict[str, Any], folder: Path) -> Outcome:
        self.ran.append((config['rate'], config['split'], folder.name))
        assert config['out_dir'] == str(folder)
        score = SCORES[config['rate']]
        if score is None:
            raise BenchmarkError('loss became nan: lower lr')
        raw = {'mIoU': score - (config['split'] == 'test')}
        return Outcome(raw=raw, proof={'p': 1}, cost={'c': 2}, curves={}, pictures=[])


def config(folder: Path, *rates: int, higher_is_better: bool = True) -> dict[str, Any]:
    return {
        'trials': [
            {
                'changes': {'lr': rate},
                'config': {'rate': rate, 'split': 'val', 'out_dir': str(folder)},
            }
            for rate in rates
        ],
        'testing': {'split': 'test'},
        'selection': {'metric': 'mIoU', 'higher_is_better': higher_is_better, 'split': 'val'},
    }


def test_the_first_of_the_best_is_trained_again_and_tested(tmp_path: Path) -> None:
    run = Trainings()
    folder = tmp_path / 'cell'
    outcome = execute_search(config(folder, 1, 4, 2, 3), folder, run)
    assert outcome.raw == {'mIoU': 69.0}
    assert outcome.trials == [
        {'lr': 1, 'score': 50.0},
        {'lr': 4, 'score': None},
        {'lr': 2, 'score': 70.0},
        {'lr': 3, 'score': 70.0},
    ]
    assert outcome.proof['p'] == 1
    selection = {k: outcome.proof['selection'][k] for k in ('lr', 'score', 'split', 'trials')}
    assert selection == {'lr': 2, 'score': 70.0, 'split': 'val', 'trials': 4}
    assert run.ran[-1] == (2, 'test', 'cell')
    assert [split for _, split, _ in run.ran] == ['val'] * 4 + ['test']
    assert len({name for *_, name in run.ran}) == 5


def test_lower_may_be_better(tmp_path: Path) -> None:
    outcome = execute_search(config(tmp_path, 2, 1, higher_is_better=False), tmp_path, Trainings())
    assert outcome.proof['selection']['lr'] == 1


def test_an_interrupted_search_continues(tmp_path: Path) -> None:
    execute_search(config(tmp_path, 1, 4), tmp_path, Trainings())
    again = Trainings()
    outcome = execute_search(config(tmp_path, 1, 4, 2), tmp_path, again)
    # what failed may succeed now; what has a score is not run again
    assert again.ran == [
        (4, 'val', 'trial_1'),
        (2, 'val', 'trial_2'),
        (2, 'test', tmp_path.name),
    ]
    assert [trial['score'] for trial in outcome.trials] == [50.0, None, 70.0]


def test_a_grid_of_failures_is_told(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match='no point of the recipe'):
        execute_search(config(tmp_path, 4), tmp_path, Trainings())
