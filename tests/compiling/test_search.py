"""A recipe's grid as trainings on one split and a test on another."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from benchmark.compiling import compile_config, compile_search, grid_of
from benchmark.errors import DeclarationError
from benchmark.specs import Role
from tests.support.compiling_cells import cell

GRID = {'lr': (1e-3, 1e-2), 'layer_decay': (0.7, 0.9)}


def searched(**changes: Any) -> Any:
    one = cell('segmentation', 'plain-vit', 'finetune', {'lr': 5e-4, 'grid': GRID, **changes})
    datasets = {**one.task.datasets, Role.VAL: {'type': 'Val', 'ann_file': 'val.txt'}}
    splits = {**one.task.splits, Role.VAL: 3}
    return replace(one, task=replace(one.task, datasets=datasets, splits=splits))


def test_the_last_grid_holds() -> None:
    assert grid_of(({'lr': 1.0},)) == {}
    assert grid_of(({'grid': GRID}, {'lr': 1.0}, {'grid': {'lr': (1.0,)}})) == {'lr': (1.0,)}


def test_every_point_is_a_training_scored_on_val() -> None:
    config = compile_search(searched(), {'custom_hooks.1.interval': 9})
    points = [trial['changes'] for trial in config['trials']]
    assert points == [
        {'lr': lr, 'layer_decay': decay} for lr in GRID['lr'] for decay in GRID['layer_decay']
    ]
    for trial in config['trials']:
        wrapper = trial['config']['optim_wrapper']
        assert wrapper['optimizer']['lr'] == trial['changes']['lr']
        assert wrapper['paramwise_cfg']['layer_decay'] == trial['changes']['layer_decay']
        assert trial['config']['test_dataloader']['dataset']['type'] == 'Val'
        assert trial['config']['custom_hooks'][1]['interval'] == 9
    assert config['selection'] == {'metric': 'mIoU', 'higher_is_better': True, 'split': 'val'}


def test_the_chosen_point_is_what_a_suite_without_a_grid_would_run() -> None:
    one = searched()
    config = compile_search(one, {})
    plain = replace(one, changes=({'lr': 1e-2, 'layer_decay': 0.9},))
    assert {**config['trials'][3]['config'], **config['testing']} == compile_config(plain)


def test_a_task_without_a_split_to_choose_on_is_told() -> None:
    one = searched()
    datasets = {k: v for k, v in one.task.datasets.items() if k is not Role.VAL}
    with pytest.raises(DeclarationError, match="no split 'val'"):
        compile_search(replace(one, task=replace(one.task, datasets=datasets)), {})
