from __future__ import annotations

import pytest

from benchmark.catalog import read_task
from benchmark.errors import DataError
from benchmark.planning.data import expected_folder, locate
from tests.support.declarations import ABSENT, Declarations


def test_data_lie_below_the_data_root(declare: Declarations) -> None:
    task = read_task(declare.task())
    (declare.folder / 'data' / 'small').mkdir(parents=True)
    assert locate(task, declare.folder / 'data') == declare.folder / 'data' / 'small'


def test_missing_data_tell_where_to_get_them(declare: Declarations) -> None:
    task = read_task(declare.task())
    with pytest.raises(DataError, match=r"task 'small': no folder .*get it: https://example\.org"):
        locate(task, declare.folder)


def test_built_in_data_are_made_by_a_run(declare: Declarations) -> None:
    task = read_task(declare.task({'provider': 'world'}))
    with pytest.raises(DataError, match='`tbench run` generates it'):
        locate(task, declare.folder)


def test_a_variable_names_the_folder(
    declare: Declarations, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = read_task(declare.task({'variable': 'MY_DATA', 'provider': ABSENT}))
    monkeypatch.delenv('MY_DATA', raising=False)
    with pytest.raises(DataError, match=r'variable MY_DATA is not set; it names the folder'):
        expected_folder(task, declare.folder)
    monkeypatch.setenv('MY_DATA', str(declare.folder / 'mine'))
    assert expected_folder(task, declare.folder) == declare.folder / 'mine' / 'small'
