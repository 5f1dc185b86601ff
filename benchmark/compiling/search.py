"""The configuration of a search over a recipe's grid: one training per point, scored on val."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import product
from typing import Any

from benchmark.compiling.compile import CellInputs, compile_config
from benchmark.compiling.options import applicable, apply_options
from benchmark.errors import DeclarationError
from benchmark.kinds.base import Config
from benchmark.specs import Declared, Role, Task

_TESTING = ('test_dataloader', 'test_evaluator')


def grid_of(changes: tuple[Declared, ...]) -> Mapping[str, tuple[Any, ...]]:
    """Return the grid of a cell's recipe: that of the last change with one, or empty."""
    grid: Mapping[str, tuple[Any, ...]] = {}
    for change in changes:
        grid = change.get('grid', grid)
    return grid


def compile_search(cell: CellInputs, options: Mapping[str, Any]) -> Config:
    """Return the trainings of all points of a cell's grid, and the test of the chosen one.

    Args:
        cell: the cell, whose changes hold a grid.
        options: changes to every compiled configuration, by dotted key.

    Raises:
        DeclarationError: the task has no split to choose on.
        IncompatibleError: the protocol has no recipe for the task's kind.
    """
    tested = compile_config(cell)
    testing = {key: tested[key] for key in _TESTING}
    metric = cell.task.metric
    validated = replace(cell, task=on_validation(cell.task))
    return {
        'trials': [
            {'changes': point, 'config': apply_options(_compile_point(validated, point), options)}
            for point in _points(grid_of(cell.changes))
        ],
        'testing': apply_options(testing, applicable(testing, options)),
        'selection': {
            'metric': metric.key,
            'higher_is_better': metric.higher_is_better,
            'split': Role.VAL.value,
        },
    }


def _compile_point(cell: CellInputs, point: Declared) -> Config:
    return compile_config(replace(cell, changes=(*cell.changes, point)))


def _points(grid: Mapping[str, tuple[Any, ...]]) -> Iterator[dict[str, Any]]:
    for values in product(*grid.values()):
        yield dict(zip(grid, values, strict=True))


def on_validation(task: Task) -> Task:
    """Return ``task`` with its validation split as its test split.

    Raises:
        DeclarationError: the task declares no validation split.
    """
    if Role.VAL not in task.datasets:
        raise DeclarationError(
            f"{task.path}: data declares no split 'val', on which recipes are compared"
        )
    return replace(
        task,
        datasets={**task.datasets, Role.TEST: task.datasets[Role.VAL]},
        splits={**task.splits, Role.TEST: task.splits[Role.VAL]},
    )
