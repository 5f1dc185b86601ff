"""Annotation files that would run code when they are read."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import mmengine
import pytest

from benchmark.cli.main import main
from benchmark.errors import DataError
from benchmark.openmmlab import prepare
from tests.support.declarations import Declarations


class Evil:
    """Unpickled, it makes a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self._folder),)


@pytest.mark.parametrize(
    ('name', 'asked'),
    [('a.pkl', {}), ('a.pickle', {}), ('a.json', {'file_format': 'pkl'})],
)
def test_a_pickle_is_refused_and_nothing_of_it_runs(
    name: str, asked: dict[str, str], tmp_path: Path
) -> None:
    prepare()
    path, made = tmp_path / name, tmp_path / 'made'
    path.write_bytes(pickle.dumps(Evil(made)))
    with pytest.raises(DataError, match='a pickle, whose content could'):
        mmengine.load(str(path), **asked)
    with path.open('rb') as file, pytest.raises(DataError, match=name):
        mmengine.load(file, file_format='pickle')
    assert not made.exists()


def test_yaml_is_read_as_data(tmp_path: Path) -> None:
    prepare()
    path, made = tmp_path / 'a.yaml', tmp_path / 'made'
    path.write_text('a: [1, 2]\n')
    assert mmengine.load(str(path)) == {'a': [1, 2]}
    path.write_text(f'!!python/object/apply:os.mkdir ["{made}"]\n')
    with pytest.raises(Exception, match='could not determine a constructor'):
        mmengine.load(str(path))
    assert not made.exists()


def test_checking_the_data_of_a_task_runs_no_pickle(
    declare: Declarations, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = declare.folder / 'data' / 'small'
    folder.mkdir(parents=True)
    made = declare.folder / 'made'
    (folder / 'train.pkl').write_bytes(pickle.dumps(Evil(made)))
    roles = {role: {'ann_file': 'train.pkl'} for role in ('train', 'val', 'test')}
    data = {'type': 'mmpretrain.BaseDataset', 'data_prefix': {'img_path': 'images'}, **roles}
    task = declare.task(data, kind='classification', metric='accuracy', metrics=())
    code = main(['check', 'data', str(task), '--data-root', str(declare.folder / 'data')])
    told = capsys.readouterr()
    assert code in (1, 2)
    assert 'pickle' in told.out + told.err
    assert 'Traceback' not in told.err
    assert not made.exists()
