"""Compiled probes: what they try, what they see, and what makes their features."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from benchmark.compiling import compile_probe, features_of
from benchmark.errors import DeclarationError, IncompatibleError
from benchmark.protocols import load_protocol, protocols
from tests.support.compiling_cells import FEATURES, cell, strings

KINDS = ('classification', 'segmentation', 'depth')
PROBING = [protocol.name for protocol in protocols() if protocol.probe]
CASES = [
    (kind, protocol)
    for kind in KINDS
    for protocol in PROBING
    if load_protocol(protocol).knows(kind)
]


@pytest.mark.parametrize(('kind', 'protocol'), CASES)
def test_only_placeholders_stand_for_places(kind: str, protocol: str) -> None:
    config = compile_probe(cell(kind, 'plain-vit', protocol))
    texts = strings(json.loads(json.dumps(config)))
    assert [text for text in texts if text.startswith(('/', '~')) or 'somewhere' in text] == []
    assert {'{data}', '{weights}', '{work}'} <= set(texts)
    assert config['backbone']['frozen'] is True
    assert config['backbone']['drop_path'] == 0.0


@pytest.mark.parametrize(('kind', 'protocol'), CASES)
def test_what_is_tried(kind: str, protocol: str) -> None:
    solver = compile_probe(cell(kind, 'plain-vit', protocol))['solver']
    assert solver['held_out'] == 0.1
    if protocol == 'knn':
        assert solver['neighbours'] == [1, 5, 10, 20, 100, 200]
        assert 0.07 in solver['temperatures']
    elif protocol == 'logistic':
        assert (len(solver['strengths']), solver['strengths'][0]) == (45, 1e-6)
        assert solver['strengths'][-1] == 1e5
    else:
        assert len(solver['rates']) == 13


def test_rates_belong_to_a_batch() -> None:
    def rates(**changes: Any) -> list[float]:
        found: list[float] = compile_probe(
            cell('classification', 'plain-vit', 'linear', {'learning_rates': (0.5,), **changes})
        )['solver']['rates']
        return found

    assert rates(batch_size=64) == [0.125]
    assert rates(batch_size=64, rates_batch=32) == [1.0]


@pytest.mark.parametrize('kind', KINDS)
def test_views_are_named_by_the_data_they_need(kind: str) -> None:
    online, fixed = (
        compile_probe(cell(kind, 'plain-vit', name)) for name in ('linear', 'linear-fixed')
    )
    assert 'train_dataset' not in fixed
    augmented = [step['type'] for step in online['train_dataset']['pipeline']]
    plain = [step['type'] for step in fixed['views_dataset']['pipeline']]
    assert [step for step in augmented if 'Random' in step]
    assert not [step for step in plain if 'Random' in step]
    assert online['views_dataset'] == fixed['views_dataset']
    assert fixed['views_dataset']['test_mode'] is False


@pytest.mark.parametrize('kind', ['segmentation', 'depth'])
def test_labels_are_resized_with_the_picture_for_training_only(kind: str) -> None:
    config = compile_probe(cell(kind, 'plain-vit', 'knn'))
    views = [step['type'] for step in config['views_dataset']['pipeline']]
    test = [step['type'] for step in config['test_dataloader']['dataset']['pipeline']]
    assert 'Annotation' in views[1]
    assert views[2] == 'Resize'
    assert 'Annotation' in test[2]


def test_a_training_budget_is_that_of_augmented_views() -> None:
    one = cell('classification', 'plain-vit', 'linear')
    task = replace(one.task, budget={'iterations': 7, 'batch_size': 3})
    online = compile_probe(replace(one, task=task))['solver']
    assert (online['iterations'], online['batch_size']) == (7, 3)
    fixed = compile_probe(replace(cell(task, 'plain-vit', 'linear-fixed')))['solver']
    assert (fixed['iterations'], fixed['batch_size']) == (1000, 256)


@pytest.mark.parametrize(
    ('architecture', 'reading'),
    [
        ('plain-vit', {'deepest': 16, 'stride': 16}),
        ('convnet', {'deepest': 32, 'stride': 16}),
    ],
)
def test_cells_have_the_stride_of_16_where_there_is_one(
    architecture: str, reading: dict[str, int]
) -> None:
    assert compile_probe(cell('depth', architecture, 'knn'))['reading'] == reading


def test_whole_pictures_fit_where_training_crops() -> None:
    one = cell('depth', 'plain-vit', 'knn')
    task = replace(one.task, input_size=(100, 130), options={**one.task.options, 'crop': (64, 64)})
    assert compile_probe(replace(one, task=task))['preprocessor']['size'] == (128, 160)


class TestFeatures:
    def test_solver_seed_and_pictures_do_not_make_them(self) -> None:
        linear = compile_probe(cell('depth', 'plain-vit', 'linear-fixed', {'iterations': 3}))
        knn = compile_probe(cell('depth', 'plain-vit', 'knn', seed=8))
        assert features_of(linear) == features_of(knn)

    def test_size_and_architecture_do(self) -> None:
        one = cell('depth', 'plain-vit', 'knn')
        first = features_of(compile_probe(one))
        task = replace(one.task, input_size=(320, 320))
        assert features_of(compile_probe(replace(one, task=task))) != first
        other = replace(one, features=FEATURES['convnet'])
        assert features_of(compile_probe(other)) != first


@pytest.mark.parametrize(
    ('protocol', 'changes', 'message'),
    [
        ('knn', {'held_out': 0.0}, 'held_out is 0.0'),
        ('knn', {'held_out': 0.7}, 'held_out is 0.7'),
        ('knn', {'neighbours': ()}, r'neighbours is \(\)'),
        ('knn', {'temperatures': (0.1, 0.1)}, 'temperatures is'),
        ('linear', {'learning_rates': (-1.0,)}, 'learning_rates is'),
        ('linear', {'iterations': 0}, 'at least 1'),
    ],
)
def test_numbers_out_of_range_are_told(
    protocol: str, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(DeclarationError, match=message):
        compile_probe(cell('classification', 'plain-vit', protocol, changes))


def test_a_kind_without_a_readout_is_refused() -> None:
    with pytest.raises(IncompatibleError, match="'knn' has no recipe for kind 'detection'"):
        compile_probe(cell('detection', 'plain-vit', 'knn'))
