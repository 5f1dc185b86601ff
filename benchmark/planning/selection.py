"""Requests as the choice of recipes sees them: scored on the validation split, never on test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from benchmark.errors import DeclarationError
from benchmark.planning.plan import Request
from benchmark.specs import Declared, Role, Suite, Task


def on_validation(task: Task) -> Task:
    """Return ``task`` with its validation split in the place of the test split.

    Raises:
        DeclarationError: the task declares no validation split.
    """
    if Role.VAL not in task.datasets:
        raise DeclarationError(
            f"{task.path}: data declares no split 'val', which the choice of a recipe is scored on"
        )
    return replace(
        task,
        datasets={**task.datasets, Role.TEST: task.datasets[Role.VAL]},
        splits={**task.splits, Role.TEST: task.splits[Role.VAL]},
    )


def trial(request: Request, name: str, changes: Declared) -> Request:
    """Return ``request`` scored on validation splits, with ``changes`` to every recipe.

    The suite is called ``name``, so that its records stay apart from those of the real one.

    Raises:
        DeclarationError: a task declares no validation split.
    """
    tasks = tuple(on_validation(task) for task in request.tasks)
    places = [f'{task.name}/{p.name}' for task in tasks for p in request.protocols]
    recipes = _changed(request.suite.recipes, places, changes)
    suite: Suite = replace(request.suite, name=name, recipes=recipes)
    return replace(request, suite=suite, tasks=tasks)


def _changed(
    recipes: Mapping[str, Declared], places: list[str], changes: Declared
) -> dict[str, Declared]:
    return {**recipes, **{place: {**recipes.get(place, {}), **changes} for place in places}}
