"""The precision policy in compiled configurations."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from benchmark.compiling import (
    CellInputs,
    choose_policy,
    compile_as_is,
    compile_config,
    compile_probe,
    features_of,
)
from benchmark.results.identity import identifying
from benchmark.specs import EXACT, FAST
from tests.support.compiling_cells import SAMPLES, cell

RECIPE = {'iterations': 40, 'batch_size': 8, 'lr': 1.0}


def fast(made: CellInputs) -> CellInputs:
    return replace(made, policy=FAST)


def compiled(kind: str, architecture: str, policy: str, **changes: Any) -> dict[str, Any]:
    made = cell(kind, architecture, 'finetune', {**RECIPE, **changes})
    return compile_config(replace(made, policy=policy))


@pytest.mark.parametrize(
    ('asked', 'device', 'policy'),
    [(None, 'gpu', FAST), (None, 'cpu', EXACT), (EXACT, 'gpu', EXACT), (FAST, 'cpu', FAST)],
)
def test_the_policy_follows_the_device_unless_it_is_asked_for(
    asked: str | None, device: str, policy: str
) -> None:
    assert choose_policy(asked, device) == policy


@pytest.mark.parametrize('kind', SAMPLES)
def test_fast_adds_its_key_and_a_fused_optimiser_to_what_exact_compiles(kind: str) -> None:
    exact, found = (compiled(kind, 'plain-vit', policy) for policy in (EXACT, FAST))
    assert 'precision' not in exact
    assert found.pop('precision')['autocast'] == 'bfloat16'
    assert found['optim_wrapper']['optimizer'].pop('fused') is True
    assert found == exact


def test_kernels_are_chosen_by_trial_where_batches_have_one_shape() -> None:
    chosen = {
        kind: compiled(kind, 'plain-vit', FAST)['precision'].get('cudnn_benchmark', False)
        for kind in SAMPLES
    }
    assert {kind for kind, is_chosen in chosen.items() if not is_chosen} == {'detection', 'mot'}


@pytest.mark.parametrize(
    ('architecture', 'is_last'),
    [('plain-vit', False), ('hierarchical-transformer', False), ('convnet', True)],
)
def test_channels_come_last_in_convolutional_networks(architecture: str, is_last: bool) -> None:
    found = compiled('classification', architecture, FAST)['precision']
    assert ('channels_last' in found) is is_last


def test_a_recipe_can_stay_in_single_precision() -> None:
    found = compiled('segmentation', 'plain-vit', FAST, precision='single')
    assert 'autocast' not in found['precision']
    assert found['precision']['tf32']
    same = compiled('segmentation', 'plain-vit', EXACT)
    assert compiled('segmentation', 'plain-vit', EXACT, precision='single') == same


@pytest.mark.parametrize('optimizer', ['lamb', 'lars'])
def test_optimisers_without_a_fused_step_stay_as_they_are(optimizer: str) -> None:
    found = compiled('segmentation', 'plain-vit', FAST, optimizer=optimizer)
    assert 'fused' not in found['optim_wrapper']['optimizer']


def test_the_policy_is_part_of_the_identity() -> None:
    exact, found = (compiled('depth', 'plain-vit', policy) for policy in (EXACT, FAST))
    assert identifying(exact) != identifying(found)


def test_features_of_a_probe_are_kept_apart_by_policy() -> None:
    made = cell('classification', 'plain-vit', 'knn')
    exact, found = compile_probe(made), compile_probe(fast(made))
    assert found == {**exact, 'precision': {'autocast': 'bfloat16', 'tf32': True}}
    assert features_of(found) != features_of(exact)
    assert 'precision' not in features_of(exact)


def test_a_network_scored_as_it_is_keeps_single_precision_with_tf32() -> None:
    made = cell('classification', 'plain-vit', 'as-is')
    assert compile_as_is(fast(made)) == {**compile_as_is(made), 'precision': {'tf32': True}}
