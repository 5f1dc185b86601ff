"""What is off unless a recipe asks for it: absent from the configuration, then there."""

from __future__ import annotations

import math
from typing import Any

import pytest

from benchmark.compiling import compile_config
from benchmark.errors import IncompatibleError
from tests.support.compiling_cells import cell


def config(protocol: str = 'finetune', **changes: Any) -> dict[str, Any]:
    base = {'iterations': 40, 'batch_size': 8, 'lr': 1.0, 'warmup': 0.1}
    return compile_config(cell('segmentation', 'plain-vit', protocol, {**base, **changes}))


def hooks(**changes: Any) -> list[dict[str, Any]]:
    """Return what the changes add to the hooks."""
    plain, changed = config()['custom_hooks'], config(**changes)['custom_hooks']
    assert changed[: len(plain)] == plain
    return list(changed[len(plain) :])


def test_nothing_is_there_unless_asked_for() -> None:
    off = {
        'ema': None,
        'accumulation': 1,
        'precision': None,
        'checkpointing': False,
        'compiled': False,
        'power': 0.7,
    }
    assert config(**off) == config()


@pytest.mark.parametrize(
    ('changes', 'hook'),
    [
        ({'precision': 'bf16'}, {'precision': 'bf16'}),
        ({'checkpointing': True}, {'checkpointing': True}),
        ({'compiled': True, 'precision': 'bf16'}, {'precision': 'bf16', 'compiled': True}),
    ],
)
def test_execution_of_the_backbone(changes: dict[str, Any], hook: dict[str, Any]) -> None:
    assert hooks(**changes) == [{'type': 'benchmark.BackboneExecution', **hook}]


def test_a_frozen_backbone_recomputes_nothing() -> None:
    assert config('frozen', checkpointing=True) == config('frozen')


def test_a_moving_average_is_scored() -> None:
    (hook,) = hooks(ema=0.99)
    assert hook == {'type': 'benchmark.WeightAverage', 'decay': 0.99, 'parts': 1}


def test_a_batch_in_parts_keeps_schedule_and_average() -> None:
    whole, parts = config(ema=0.99), config(ema=0.99, accumulation=4)
    assert parts['train_dataloader']['batch_size'] == 2
    assert parts['optim_wrapper'].pop('accumulative_counts') == 4
    assert parts['optim_wrapper'] == whole['optim_wrapper']
    assert parts['train_cfg']['max_iters'] == 160
    for one, other in zip(whole['param_scheduler'], parts['param_scheduler'], strict=True):
        assert (other['begin'], other['end']) == (4 * one['begin'], 4 * one['end'])
    assert parts['custom_hooks'][-1] == {**whole['custom_hooks'][-1], 'parts': 4}


def test_poly_falls_by_its_power() -> None:
    (warmup, falling) = config(schedule='poly', power=0.9)['param_scheduler']
    assert (falling['type'], falling['power']) == ('PolyLR', 0.9)
    assert (falling['begin'], falling['end']) == (warmup['end'], 40)


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'accumulation': 3}, 'accumulation is 3, but must divide the batch size 8'),
        ({'accumulation': 0}, 'accumulation is 0'),
        ({'ema': 1.0}, 'ema is 1.0'),
        ({'ema': math.inf}, 'ema is inf'),
    ],
)
def test_what_cannot_be_is_told(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(IncompatibleError, match=message):
        config(**changes)
