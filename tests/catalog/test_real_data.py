"""What only tasks on data from elsewhere declare: trees, slices, numbers for names."""

from __future__ import annotations

import pytest

from benchmark.catalog import read_task, shipped_tasks
from benchmark.errors import DeclarationError
from benchmark.kinds.base import dataset
from benchmark.specs import Role
from tests.support.declarations import ABSENT, Declarations


def test_names_may_be_left_to_the_data_set(declare: Declarations) -> None:
    task = read_task(declare.task(classes=150))
    assert len(task.classes) == 150
    assert 'metainfo' not in task.datasets[Role.TRAIN]


@pytest.mark.parametrize('classes', [0, -3])
def test_no_classes_are_refused(declare: Declarations, classes: int) -> None:
    with pytest.raises(DeclarationError, match=r"task\['classes'\] is .*the number of names"):
        read_task(declare.task(classes=classes))


def test_a_tree_counts_files(declare: Declarations) -> None:
    assert read_task(declare.task({'tree': {'a/*.jpg': 5}})).tree == {'a/*.jpg': 5}
    with pytest.raises(
        DeclarationError, match=r"data tree\['a/\*\.jpg'\] is 0: must be the number"
    ):
        read_task(declare.task({'tree': {'a/*.jpg': 0}}))
    with pytest.raises(DeclarationError, match='must be int'):
        read_task(declare.task({'tree': {'a/*.jpg': 'many'}}))


def test_a_slice_of_the_training_split_selects(declare: Declarations) -> None:
    task = read_task(declare.task({'val': {'held_out': 4}}))
    train, val = task.datasets[Role.TRAIN], task.datasets[Role.VAL]
    assert val == {'type': 'benchmark.HeldOut', 'of': train, 'every': 4}


@pytest.mark.parametrize('every', [1, 'many', True])
def test_a_slice_of_everything_is_refused(declare: Declarations, every: object) -> None:
    with pytest.raises(DeclarationError, match=r"data\['val'\]\['held_out'\] is .*from 2"):
        read_task(declare.task({'val': {'held_out': every}}))


def test_training_files_can_be_chosen_and_no_others(declare: Declarations) -> None:
    task = read_task(declare.task({'train': {'chosen': 5}, 'val': {'held_out': 2}}))
    train = task.datasets[Role.TRAIN]
    assert train['type'] == 'benchmark.Chosen'
    assert train['count'] == 5
    assert 'chosen' not in train['of']
    assert task.datasets[Role.VAL]['of'] == train
    with pytest.raises(DeclarationError, match=r"\['chosen'\] is 0: must be the number of files"):
        read_task(declare.task({'train': {'chosen': 0}}))
    with pytest.raises(DeclarationError, match='only training pictures can be chosen'):
        read_task(declare.task({'test': {'chosen': 5}}))


def test_estimates_are_of_splits(declare: Declarations) -> None:
    assert read_task(declare.task(estimated=('train',))).estimated == (Role.TRAIN,)
    with pytest.raises(DeclarationError, match='must hold names of splits'):
        read_task(declare.task(estimated=('all',)))


def test_what_is_none_is_left_to_the_data_set(declare: Declarations) -> None:
    task = read_task(
        declare.task({'test_mode': None, 'val': ABSENT}, splits={'train': 8, 'test': 6})
    )
    assert 'test_mode' not in dataset(task, Role.TEST, [])


@pytest.mark.parametrize(
    'name', sorted(n for n, t in shipped_tasks().items() if not t.source.provider)
)
def test_every_task_on_data_from_elsewhere_says_what_there_must_be(name: str) -> None:
    task = shipped_tasks()[name]
    assert task.tree
    assert set(task.splits) == set(task.datasets)
    assert Role.VAL in task.splits or task.kind == 'mot'
    if task.datasets.get(Role.VAL, {}).get('type') == 'benchmark.HeldOut':
        every = task.datasets[Role.VAL]['every']
        parts = len(task.datasets[Role.TRAIN].get('parts', (None,)))
        assert abs(task.splits[Role.VAL] - task.splits[Role.TRAIN] / every) <= parts
