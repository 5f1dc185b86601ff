"""Requests for choosing recipes: scored on the validation split, never on the test split."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from benchmark.compiling import on_validation
from benchmark.planning.plan import Request
from benchmark.specs import Declared, Suite


def trial(request: Request, name: str, changes: Declared) -> Request:
    """Return ``request`` scored on validation splits, with ``changes`` to every recipe.

    The suite is called ``name``, so that its records stay apart from those of the real one.

    Raises:
        DeclarationError: a task declares no validation split.
    """
    tasks = tuple(on_validation(task) for task in request.tasks)
    places = [f'{task.name}/{p.name}' for task in tasks for p in request.protocols]
    recipes = _with_changes(request.suite.recipes, places, changes)
    suite: Suite = replace(request.suite, name=name, recipes=recipes)
    return replace(request, suite=suite, tasks=tasks)


def _with_changes(
    recipes: Mapping[str, Declared], places: list[str], changes: Declared
) -> dict[str, Declared]:
    return {**recipes, **{place: {**recipes.get(place, {}), **changes} for place in places}}
