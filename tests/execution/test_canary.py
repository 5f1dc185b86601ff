"""Canaries: equal numbers for equal code, other numbers for anything that changes."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from benchmark.execution import jobs
from benchmark.execution.canary import compute
from tests.support.execution_cells import Cell, random_backbone, small_task
from tests.support.task_trials import Trial, fake_root
from tests.support.task_trials import small_task as small_task_of_films

from .test_probe import compiled


@pytest.fixture(scope='module')
def config(tiny_world: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp('canary')
    task = small_task('world-segmentation', head='linear')
    return Cell(tiny_world, folder, task, random_backbone('test_resnet')).config()


@pytest.fixture(scope='module')
def expected(config: dict[str, Any]) -> dict[str, float]:
    return compute(config, 2)


def test_the_state_of_the_random_generators_changes_nothing(
    config: dict[str, Any], expected: dict[str, float]
) -> None:
    torch.manual_seed(99)
    np.random.seed(99)
    found = jobs.answer({'job': 'canary', 'of': 'train', 'config': config, 'samples': 2})
    assert found['error'] == ''
    assert found['values'] == expected
    assert found['device'] == ('cpu' if not torch.cuda.is_available() else found['device'])


def test_they_cover_data_features_losses_and_metrics(expected: dict[str, float]) -> None:
    names = {name.split()[0] for name in expected}
    assert names == {'input', 'features', 'loss', 'metric'}
    assert len([name for name in expected if name.startswith('features')]) == 2 * 4


@pytest.mark.parametrize(
    ('path', 'value', 'moved'),
    [
        ('model.data_preprocessor.mean', [120.0, 116.28, 103.53], 'input'),
        ('model.backbone.options', {'act_layer': 'gelu'}, 'features'),
        ('model.decode_head.ignore_index', 1, 'loss'),
        ('test_evaluator.0.ignore_index', 1, 'metric'),
    ],
)
def test_a_change_moves_what_it_touches(
    config: dict[str, Any], expected: dict[str, float], path: str, value: Any, moved: str
) -> None:
    changed = copy.deepcopy(config)
    target: Any = changed
    *steps, last = path.split('.')
    for step in steps:
        target = target[int(step)] if isinstance(target, list) else target[step]
    target[last] = value
    found = compute(changed, 2)
    names = {name.split()[0] for name in expected if found.get(name) != expected[name]}
    assert moved in names
    if moved == 'metric':
        assert names == {'metric'}
    if moved == 'features':
        assert 'input' not in names


@pytest.mark.parametrize('protocol', ['knn', 'linear-fixed', 'linear', 'logistic'])
def test_probes_have_canaries(protocol: str, tiny_world: Path, tmp_path: Path) -> None:
    config = compiled(tiny_world, tmp_path, 'world-covered', 'test_vit', protocol)
    request = {'job': 'canary', 'of': 'probe', 'config': config, 'samples': 2}
    found = jobs.answer(request)
    assert found['error'] == ''
    names = {name.split()[0] for name in found['values']}
    assert names == {'input', 'features', 'trial', 'metric'}
    torch.manual_seed(99)
    assert jobs.answer(request)['values'] == found['values']
    assert not [path for path in tmp_path.iterdir() if path.name.startswith('prediction')]
    darker = copy.deepcopy(config)
    darker['preprocessor']['std'] = [4000.0, 4000.0, 4000.0]
    moved = jobs.answer({**request, 'config': darker})['values']
    assert moved['input 0 size'] != found['values']['input 0 size']
    assert moved['features 0 places'] != found['values']['features 0 places']


def test_a_search_has_the_canary_of_its_first_training(
    config: dict[str, Any], expected: dict[str, float]
) -> None:
    search = {'trials': [{'changes': {}, 'config': config}, {'changes': {}, 'config': {}}]}
    found = jobs.answer({'job': 'canary', 'of': 'search', 'config': search, 'samples': 2})
    assert found['error'] == ''
    assert found['values'] == expected


@pytest.mark.parametrize(
    ('task', 'shown', 'lost'),
    [('got10k', 'metric AO', 'loss loss_giou'), ('mot17', 'metric HOTA', 'loss loss_track')],
)
def test_films_have_canaries_too(tmp_path: Path, task: str, shown: str, lost: str) -> None:
    trial = Trial(small_task_of_films(task), fake_root(task, tmp_path), tmp_path / 'work')
    found = compute(trial.config(), 2)
    assert {shown, lost, 'input 0 size', 'features 0 places'} <= found.keys()
    assert compute(trial.config(), 2) == found
