"""The configuration of trivial predictors: what a cell is scored on and by, without its model."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmark.catalog import read_task
from benchmark.compiling import applicable, compile_config, compile_trivial, trivial_facts
from benchmark.hashing import canonical_json
from benchmark.kinds import kind_names
from tests.support.compiling_cells import FEATURES, SAMPLES, cell, strings


@pytest.mark.parametrize('kind', kind_names())
class TestEveryKind:
    @pytest.mark.parametrize('architecture', FEATURES)
    def test_it_is_scored_as_any_backbone(self, kind: str, architecture: str) -> None:
        trivial = compile_trivial(read_task(SAMPLES[kind]))
        learned = compile_config(cell(kind, architecture))
        for key in ('default_scope', 'custom_imports', 'test_dataloader', 'test_evaluator'):
            assert trivial[key] == learned[key], key

    def test_it_learns_from_the_training_split_without_its_pictures(self, kind: str) -> None:
        train = compile_trivial(read_task(SAMPLES[kind]))['train_dataset']
        learned = compile_config(cell(kind))['train_dataloader']['dataset']
        assert {**train, 'pipeline': []} == {**learned, 'pipeline': []}
        assert all('Image' not in step['type'] for step in train['pipeline'])

    def test_it_is_plain_data_without_places(self, kind: str) -> None:
        config = compile_trivial(read_task(SAMPLES[kind]))
        assert canonical_json(config)
        texts = strings(config)
        assert {text for text in texts if text.startswith('{')} >= {'{data}'}
        assert not [text for text in texts if text.startswith(('/', '~', '{w'))]


def test_a_record_says_what_predicted() -> None:
    facts = trivial_facts(read_task(SAMPLES['depth']))
    assert facts['backbone']['title'] == 'mean depth map'
    assert facts['backbone']['pretraining']['family'] is None
    assert facts['protocol'] == {'title': 'trivial predictor', 'trains_backbone': False}
    assert facts['task']['kind'] == 'depth'


def test_what_changes_the_score_changes_the_configuration() -> None:
    task = read_task(SAMPLES['depth'])
    nearer = replace(task, options={**task.options, 'max_depth': 5})
    assert compile_trivial(task) != compile_trivial(nearer)


def test_options_for_other_parts_are_left_out() -> None:
    options = {'test_evaluator.0.crop': None, 'model.x': 1, 'test_dataloader.dataset.indices': 3}
    assert list(applicable(compile_trivial(read_task(SAMPLES['depth'])), options)) == [
        'test_evaluator.0.crop',
        'test_dataloader.dataset.indices',
    ]
