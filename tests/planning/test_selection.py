"""Choosing recipes never sees the test split."""

from __future__ import annotations

import pytest

from benchmark.errors import DeclarationError
from benchmark.planning import Request, recipe_changes
from benchmark.planning.selection import trial
from benchmark.specs import Role, RunSpec
from tests.support.declarations import ABSENT, Declarations


def read(declare: Declarations, **data: object) -> Request:
    declare.task(dict(data))
    return Request.read(str(declare.suite(recipes={'small/finetune': {'lr': 1.0, 'warmup': 0.2}})))


def test_a_trial_is_scored_on_the_validation_split(declare: Declarations) -> None:
    request = trial(read(declare), 'tiny-lr0.5', {'lr': 0.5})
    (task,) = request.tasks
    assert task.datasets[Role.TEST]['ann_file'] == 'val.txt'
    assert task.datasets[Role.TRAIN]['ann_file'] == 'train.txt'
    assert task.splits[Role.TEST] == task.splits[Role.VAL] == 4
    assert request.suite.name == 'tiny-lr0.5'


def test_changes_win_over_the_suite_and_leave_the_rest(declare: Declarations) -> None:
    request = trial(read(declare), 'tiny-lr0.5', {'lr': 0.5})
    spec = RunSpec('small', 'timm:test_vit+random', 'finetune', 0)
    merged: dict[str, object] = {}
    for change in recipe_changes(request.suite, spec):
        merged |= change
    assert merged == {'lr': 0.5, 'warmup': 0.2}


def test_a_task_without_validation_split_is_refused(declare: Declarations) -> None:
    with pytest.raises(DeclarationError, match=r"small\.py: data declares no split 'val'"):
        trial(read(declare, val=ABSENT), 'tiny-lr0.5', {'lr': 0.5})
