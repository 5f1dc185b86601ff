"""A batch in halves, made of a compiled configuration, beside what a recipe compiles to."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from benchmark.compiling import compile_config
from benchmark.compiling.memory import batch_facts, halved_batch
from benchmark.compiling.search import compile_search
from benchmark.results.identity import identifying
from tests.support.compiling_cells import SAMPLES, cell

# counts that stay whole, so that rounding has nothing to do
RECIPE = {'iterations': 400, 'batch_size': 8, 'lr': 1.0, 'warmup': 0.1, 'ema': 0.9}
SCHEDULES: tuple[dict[str, Any], ...] = (
    {'schedule': 'cosine'},
    {'schedule': 'step', 'milestones': (0.5, 0.75)},
    {'schedule': 'rise-and-fall'},
    {'schedule': 'cosine', 'head_first': 0.5},
)


@pytest.mark.parametrize(('kind', 'schedule'), product(SAMPLES, SCHEDULES))
def test_a_halved_batch_is_a_recipe_with_twice_the_parts(
    kind: str, schedule: dict[str, Any]
) -> None:
    def compiled(parts: int) -> dict[str, Any]:
        changes = {**RECIPE, **schedule, 'accumulation': parts}
        return compile_config(cell(kind, 'plain-vit', 'finetune', changes))

    once = halved_batch(compiled(1))
    assert once is not None
    assert identifying(once) == identifying(compiled(2))
    twice = halved_batch(once)
    assert twice is not None
    assert identifying(twice) == identifying(compiled(4))


def test_an_odd_batch_is_not_halved() -> None:
    changes = {**RECIPE, 'batch_size': 3}
    assert halved_batch(compile_config(cell('depth', 'plain-vit', 'finetune', changes))) is None


def test_a_search_is_halved_in_all_its_trials() -> None:
    made = cell('segmentation', 'plain-vit', 'finetune', {**RECIPE, 'grid': {'lr': (0.1, 1.0)}})
    made = replace(made, task=_with_validation(made.task))
    config = compile_search(made, {})
    found = halved_batch(config)
    assert found is not None
    sizes = [trial['config']['train_dataloader']['batch_size'] for trial in found['trials']]
    assert sizes == [4, 4]
    facts = batch_facts(found['trials'][0]['config'])
    assert (facts['size'], facts['at_once'], facts['parts']) == (8, 4, 2)


def _with_validation(task: Any) -> Any:
    from benchmark.specs import Role

    return replace(
        task,
        datasets={**task.datasets, Role.VAL: task.datasets[Role.TEST]},
        splits={**task.splits, Role.VAL: 2},
    )
