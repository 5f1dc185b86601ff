"""Estimates from operations, against what committed records took."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from benchmark.catalog import find_backbone, find_suite, find_task
from benchmark.execution.cost import forward_cost
from benchmark.launching.workloads import Pictures, workload_of_record
from benchmark.models.inspection import build, inspect_backbone
from benchmark.planning.cells import Inspected
from benchmark.planning.estimates import estimate
from benchmark.results.records import RunRecord
from benchmark.results.store import read_record
from benchmark.specs import Task

RUNS = Path(__file__).parents[2] / 'results' / 'runs' / 'quick'
FRAMES = 16
"""Frames of a film of `world-tracking`."""

CELLS = [
    ('world-covered', 'knn'),
    ('world-depth', 'knn'),
    ('world-segmentation', 'knn'),
    ('world-covered', 'finetune'),
    ('world-segmentation', 'finetune'),
    ('world-detection', 'finetune'),
    ('world-pose', 'finetune'),
    ('world-depth', 'finetune'),
    ('world-tracking', 'finetune'),
]


@cache
def _tasks() -> dict[str, Task]:
    suite = find_suite('quick')
    found = (find_task(name, relative_to=suite.path.parent) for name in suite.tasks)
    return {task.name: task for task in found}


@cache
def _inspected(name: str) -> Inspected:
    backbone = find_backbone(name)
    cost = forward_cost(build(backbone))
    assert cost is not None
    return Inspected(inspect_backbone(backbone), None, cost.flops, '', cost.elements)


def _records(task: str, protocol: str, network: str) -> Iterator[RunRecord]:
    for path in (RUNS / task).glob(f'{task}--world-{network}-*--{protocol}--*.json'):
        record = read_record(path)
        # features from the cache were paid for by another cell
        if record.training_seconds is not None:
            yield record


@pytest.mark.parametrize('network', ['vit', 'swin'])
@pytest.mark.parametrize(('task', 'protocol'), CELLS)
def test_an_estimate_is_within_a_factor_of_two(task: str, protocol: str, network: str) -> None:
    records = list(_records(task, protocol, network))
    # other work on a machine makes a cell slower, never faster
    took = min(r.cost['train_seconds'] + r.cost['test_seconds'] for r in records)
    asked = workload_of_record(
        records[0],
        _tasks()[task],
        _inspected(f'world-{network}-random'),
        Pictures(FRAMES if task == 'world-tracking' else 1),
    )
    found = estimate(asked, (), 'cpu')
    assert found.low is not None
    assert found.high is not None
    assert found.low <= took <= found.high
