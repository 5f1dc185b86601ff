"""What can be said of a task without any backbone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from benchmark.catalog.tasks import read_task
from benchmark.compiling import check_compiles, compile_config
from benchmark.errors import DeclarationError, IncompatibleError
from benchmark.kinds import load_kind
from benchmark.protocols import protocols
from tests.support.compiling_cells import FEATURES, SAMPLES, cell


@pytest.mark.parametrize('kind', SAMPLES)
def test_every_kind_compiles_with_the_protocols_that_suit_it(kind: str) -> None:
    task = read_task(SAMPLES[kind])
    wanted = [item.name for item in protocols(trivial=False) if item.suits(task)]
    assert check_compiles(task) == tuple(wanted)


@pytest.mark.parametrize('architecture', FEATURES)
@pytest.mark.parametrize('kind', SAMPLES)
def test_what_is_tested_does_not_depend_on_the_backbone(kind: str, architecture: str) -> None:
    task = read_task(SAMPLES[kind])
    data, config = load_kind(kind).data(task), compile_config(cell(kind, architecture))
    assert config['test_evaluator'] == data.evaluator
    assert config['test_dataloader']['dataset']['pipeline'] == data.test_pipeline


@pytest.mark.parametrize(
    ('kind', 'options', 'message'),
    [
        ('segmentation', {'pyramid': 'feature'}, "pyramid is 'feature', allowed are simple"),
        ('depth', {'test_window': (64, 64), 'flip_test': False}, 'test_window needs flip_test'),
        (
            'detection',
            {'short_sides': (64,), 'large_scale_jitter': (0.1, 2.0)},
            'short_sides and large_scale_jitter cannot be combined',
        ),
        ('tracking', {'width': 30}, 'must be a multiple of 4'),
    ],
)
def test_options_that_no_model_could_follow_are_refused_without_one(
    kind: str, options: dict[str, Any], message: str
) -> None:
    task = read_task(SAMPLES[kind])
    wrong = replace(task, options={**task.options, **options})
    with pytest.raises(DeclarationError, match=message):
        check_compiles(wrong)


def test_a_protocol_without_a_recipe_is_named() -> None:
    task = replace(read_task(SAMPLES['depth']), budget={'iterations': 0})
    with pytest.raises(IncompatibleError, match="'finetune' has no recipe for kind 'depth'"):
        check_compiles(task)
