from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmark.errors import RecordError
from benchmark.report.data.nights import read_nights
from tests.support.report_fakes import history


def written(folder: Path, content: Any) -> Path:
    path = folder / 'history.json'
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding='utf-8')
    return path


def test_cells_run_along_the_nights_with_gaps_where_nothing_ran(tmp_path: Path) -> None:
    content = history(3)
    del content['cells'][0]['scores']['2031-05-02'], content['cells'][0]['verdicts']['2031-05-02']
    found = read_nights(written(tmp_path, content))
    assert found['nights'] == ['2031-05-01', '2031-05-02', '2031-05-03']
    steady, dropped = found['cells']
    assert [len(scores) for scores in steady['scores']] == [2, 0, 2]
    assert steady['verdicts'] == ['fine', '', 'fine']
    assert (steady['metric'], steady['decimals'], steady['higher']) == ('mIoU', 1, True)
    assert dropped['verdicts'][-1] == 'regression'
    assert dropped['scores'][-1] == content['cells'][1]['scores']['2031-05-03']


@pytest.mark.parametrize(
    ('content', 'reason'),
    [
        ('{', 'no history of nights'),
        ([], 'no history of nights (must be an object, found a list)'),
        ({**history(2), 'schema': 7}, 'schema is 7, this version reads 1'),
        ({'schema': 1, 'nights': [], 'cells': [{}]}, "the key 'metric' is missing"),
    ],
)
def test_another_file_is_one_clear_line(tmp_path: Path, content: Any, reason: str) -> None:
    path = written(tmp_path, content)
    with pytest.raises(RecordError) as caught:
        read_nights(path)
    assert str(caught.value).startswith(f'{path}: ')
    assert reason in str(caught.value)
    assert '\n' not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r'gone\.json: no history of nights'):
        read_nights(tmp_path / 'gone.json')
