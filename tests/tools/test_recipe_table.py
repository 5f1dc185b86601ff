"""Scores of protocols side by side, with what a person would say of them by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.results.gathered import records_of
from benchmark.results.store import ResultStore
from tests.support.tool_loading import load_tool

RESULTS = Path(__file__).parents[2] / 'results'


@pytest.fixture(scope='module')
def tool() -> Any:
    return load_tool('recipe_table')


@pytest.mark.parametrize(
    ('value', 'error', 'higher_is_better', 'is_behind'),
    [
        (60.0, 3.0, True, True),  # 11 behind, twice the error of the difference is 10
        (62.0, 3.0, True, False),
        (82.0, 3.0, True, False),
        (82.0, 3.0, False, True),
        (60.0, None, True, False),
    ],
)
def test_a_score_is_behind_by_more_than_twice_the_error_of_the_difference(
    tool: Any, value: float, error: float | None, higher_is_better: bool, is_behind: bool
) -> None:
    other = tool.Scored(71.0, 4.0, higher_is_better)
    assert tool.Scored(value, error, higher_is_better).is_behind(other) is is_behind


def test_the_error_of_an_accuracy_is_that_of_a_share(tool: Any) -> None:
    store = ResultStore(RESULTS, RESULTS)
    record = next(
        record
        for record in records_of(store, 'quick')
        if record.spec.task == 'world-fine' and record.spec.protocol == 'finetune'
    )
    found = tool.score(record, store)
    share, count = found.value / 100, record.task['splits']['test']
    # of creatures, of which several pictures may show one, or of pictures
    assert found.error >= 100 * np.sqrt(share * (1 - share) / count) * 0.99


def test_a_row_has_the_best_in_bold_and_what_is_behind_marked(tool: Any) -> None:
    rows = {
        ('flowers', 'net'): {
            'linear-fixed': tool.Scored(66.0, 2.0, True),
            'frozen': tool.Scored(50.0, 2.0, True),
            'finetune': tool.Scored(51.0, None, True),
        }
    }
    *_, row = tool.table(rows)
    assert row == '| flowers | net |  | **66.0** (2) | 50.0 (2) behind | 51.0 |'


def test_scores_are_written_a_row_each(tool: Any, tmp_path: Path) -> None:
    rows = {('t', 'net'): {'finetune': tool.Scored(51.0, None, True),
                           'frozen': tool.Scored(1.25, 0.5, False)}}  # fmt: skip
    tool.write_csv(tmp_path / 'scores.csv', rows)
    assert (tmp_path / 'scores.csv').read_text().splitlines()[1:] == [
        't,net,frozen,1.25,0.5,False',
        't,net,finetune,51,,True',
    ]
