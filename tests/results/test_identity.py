"""The one rule for what identifies a run and what does not."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from benchmark.compiling import find_procedure
from benchmark.results.identity import (
    PROCEDURES,
    experiment_mark,
    identifying,
    shown_procedure,
)

CONFIG: dict[str, Any] = {
    'default_scope': 'mmseg',
    'custom_imports': ['benchmark.datasets.depth'],
    'model': {'type': 'X', 'backbone': {'source': 'file:{code}:Net'}},
    'train_dataloader': {
        'num_workers': 0,
        'persistent_workers': False,
        'batch_size': 4,
        'dataset': {'pipeline': [{'type': 'LoadImageFromFile', 'backend_args': None}]},
    },
    'readout': {'type': 'benchmark.probes.readouts:DepthMaps', 'near': 1.0},
    'default_hooks': {
        'timer': {'type': 'IterTimerHook'},
        'param_scheduler': {'type': 'ParamSchedulerHook'},
        'checkpoint': {'type': 'CheckpointHook', 'interval': 5, 'out_dir': '{work}'},
    },
    'custom_hooks': [
        {'type': 'benchmark.LossHistory', 'interval': 2},
        {'type': 'mine.Gallery', 'folder': '{work}'},
        {'type': 'benchmark.WeightAverage', 'decay': 0.9},
    ],
    'log_processor': {'window_size': 10},
    'randomness': {'seed': 3},
    'resume': False,
}


def changed(path: str, value: Any) -> dict[str, Any]:
    config: Any = copy.deepcopy(CONFIG)
    *steps, last = path.split('.')
    target = config
    for step in steps:
        target = target[int(step)] if isinstance(target, list) else target[step]
    if isinstance(target, list):
        target.insert(int(last), value)
    else:
        target[last] = value
    return dict(config)


@pytest.mark.parametrize(
    ('path', 'value'),
    [
        ('custom_imports', ['benchmark.kinds.depth.data']),
        ('train_dataloader.num_workers', 4),
        ('num_workers', 4),
        ('train_dataloader.persistent_workers', True),
        ('train_dataloader.pin_memory', True),
        ('train_dataloader.dataset.pipeline.0.backend_args', {'backend': 'petrel'}),
        ('train_dataloader.dataset.pipeline.0.file_client_args', {'backend': 'disk'}),
        ('readout.type', 'benchmark.kinds.depth.readout:DepthMaps'),
        ('default_hooks.timer', {'type': 'IterTimerHook', 'x': 1}),
        ('default_hooks.checkpoint.interval', 500),
        ('default_hooks.mine', {'type': 'Keeper', 'folder': '{work}'}),
        ('custom_hooks.0', {'type': 'benchmark.RandomStates'}),
        ('custom_hooks.0', {'type': 'benchmark.ParameterAudit'}),
        ('log_processor', {'window_size': 20}),
        ('resume', True),
        ('gallery', {'type': 'mine.Gallery'}),
    ],
)
def test_what_only_watches_fetches_or_continues_is_left_out(path: str, value: Any) -> None:
    config = changed(path, value)
    assert config != CONFIG
    assert identifying(config) == identifying(CONFIG)


@pytest.mark.parametrize(
    ('path', 'value'),
    [
        ('model.backbone.source', 'file:{code}:Other'),
        ('train_dataloader.batch_size', 8),
        ('train_dataloader.dataset.pipeline.0.imdecode_backend', 'pillow'),
        ('readout.type', 'benchmark.probes.readouts:OtherMaps'),
        ('readout.near', 2.0),
        ('default_hooks.param_scheduler', {'type': 'Other'}),
        ('custom_hooks.0', {'type': 'mine.ChangesWeights'}),
        ('custom_hooks.2.decay', 0.99),
        ('randomness.seed', 4),
    ],
)
def test_what_changes_numbers_counts(path: str, value: Any) -> None:
    assert identifying(changed(path, value)) != identifying(CONFIG)


def test_the_configuration_that_was_given_stays_as_it_is() -> None:
    before = copy.deepcopy(CONFIG)
    identifying(CONFIG)
    assert before == CONFIG


def test_seeds_of_one_experiment_share_a_mark_and_nothing_else_does() -> None:
    said = {'weights': 'w', 'data_manifest': 'd', 'libraries': {'torch': '1'}, 'numerics': {'a': 1}}
    task = {'version': 1}
    mark = experiment_mark(CONFIG, task, said)
    assert experiment_mark(changed('randomness.seed', 9), task, said) == mark
    assert experiment_mark(changed('resume', True), task, said) == mark
    others = [{**said, key: other} for key, other in (('weights', 'v'), ('data_manifest', 'e'))]
    others += [{**said, 'libraries': {'torch': '2'}}, {**said, 'numerics': {'a': 2}}]
    marks = {experiment_mark(CONFIG, task, other) for other in others}
    marks |= {experiment_mark(CONFIG, {'version': 2}, said)}
    assert len(marks - {mark}) == 5


@pytest.mark.parametrize(
    ('key', 'name'),
    [
        ('predictor', 'trivial'),
        ('solver', 'probe'),
        ('trials', 'search'),
        ('own_head', 'as-is'),
        ('model', 'train'),
    ],
)
def test_a_configuration_shows_its_procedure(key: str, name: str) -> None:
    assert shown_procedure({key: {}}) == name


def test_procedures_have_the_names_of_the_table() -> None:
    assert all(find_procedure(name).compile is not None for name in PROCEDURES)
