"""Suite declarations: named tasks x protocols x seeds."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import Field, fields
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from benchmark.catalog.literals import read_literals
from benchmark.catalog.schema import COUNT, Block, Key, block, distinct_names, is_number
from benchmark.catalog.tasks import GROUPS
from benchmark.errors import DeclarationError, UnknownNameError, unknown_name
from benchmark.specs import Declared, Recipe, Suite

_INCLUDED = 'suite:'
_NAMES = Key((tuple,), required=True)
_SUITE_KEYS = {
    'name': Key((str,), required=True),
    'title': Key((str,), required=True),
    'tasks': _NAMES,
    'protocols': _NAMES,
    'seeds': _NAMES,
    'one_seed': Key((tuple,)),
    'reuses': Key((tuple,)),
    'backbones': Key((tuple,)),
    'recipes': Key((Mapping,)),
    'groups': Key((Mapping,)),
    'cost': Key((Mapping,)),
    'version': COUNT,
}
_COST_KEYS = {
    'gpu_hours': Key((int, float), required=True),
    'device': Key((str,), required=True),
    'backbone': Key((str,), required=True),
}


def _recipe_key(item: Field[Any], kind: Any) -> Key:
    """Return what a suite may set a field of a recipe to, by the field's type."""
    kinds = get_args(kind) if isinstance(kind, UnionType) else (kind,)
    if kinds == (int,):
        return COUNT
    types = [origin for kind in kinds for origin in _TYPES.get(kind, (get_origin(kind) or kind,))]
    return Key(tuple(types), allowed=item.metadata.get('allowed'))


_TYPES: dict[Any, tuple[type, ...]] = {float: (int, float), Declared: (Mapping,)}
_HINTS = get_type_hints(Recipe)
_RECIPE_KEYS = {item.name: _recipe_key(item, _HINTS[item.name]) for item in fields(Recipe)}

_NUMBERS = ('learning_rates', 'neighbours', 'temperatures')


def suite_files() -> tuple[Path, ...]:
    """Return the declaration files of the shipped suites, sorted."""
    folder = Path(__file__).resolve().parent.parent / 'suites'
    return tuple(sorted(p for p in folder.glob('*.py') if not p.name.startswith('_')))


def shipped_suites() -> dict[str, Suite]:
    """Return the shipped suites by name.

    Raises:
        DeclarationError: a file is wrong, or two declare the same name.
    """
    suites: dict[str, Suite] = {}
    for suite in map(read_suite, suite_files()):
        if suite.name in suites:
            raise DeclarationError(
                f"{suite.path}: name '{suite.name}' is taken by {suites[suite.name].path}"
            )
        suites[suite.name] = suite
    return suites


def find_suite(name: str) -> Suite:
    """Return the suite called ``name``, or declared in the file ``name`` when it ends in ``.py``.

    ``'quick@2'`` is the suite ``quick``, which must be of version 2.

    Raises:
        UnknownNameError: no shipped suite has that name, or it has another version.
        DeclarationError: the declaration is wrong.
    """
    if name.endswith('.py'):
        return read_suite(Path(name))
    suites = shipped_suites()
    stem, _, version = name.partition('@')
    if stem not in suites:
        raise unknown_name('suite', name, suites)
    if version and version != str(suites[stem].version):
        raise UnknownNameError(
            f"suite '{name}': this release has {suites[stem].citation}; name that, or install a "
            f"release that has '{name}'"
        )
    return suites[stem]


def read_suite(path: Path) -> Suite:
    """Return the suite that the file at ``path`` declares.

    Paths of tasks and backbones in it are relative to the file. Among the tasks, and in the
    groups, ``'suite:FILE'`` means all tasks of the suite in that file.

    Raises:
        DeclarationError: names the file, the key, the value found and what is allowed.
    """
    return _read_suite(path, ())


def _read_suite(path: Path, parents: tuple[Path, ...]) -> Suite:
    if path.resolve() in parents:
        raise DeclarationError(f"{path}: '{_INCLUDED}{path.name}' refers back to the file itself")
    literals = read_literals(path)
    if unknown := sorted(literals.keys() - {'suite'}):
        raise DeclarationError(f"{path}: unknown block '{unknown[0]}' (allowed: suite)")
    return _build_suite(block(path, literals, 'suite'), (*parents, path.resolve()))


def declare_suite(values: Mapping[str, Any]) -> Suite:
    """Return the suite that a mapping declares, with the keys of a declaration file.

    Paths are relative to the working directory.

    Raises:
        DeclarationError: names the key, the value found and what is allowed.
    """
    return _build_suite(Block(Path('suite'), 'declaration', values), ())


def _build_suite(block_read: Block, parents: tuple[Path, ...]) -> Suite:
    facts = _with_included(block_read, parents)
    path = facts.path
    values = facts.checked(_SUITE_KEYS)
    return Suite(
        name=values['name'],
        title=values['title'],
        tasks=distinct_names(facts, 'tasks'),
        protocols=distinct_names(facts, 'protocols'),
        seeds=_seeds(facts),
        backbones=distinct_names(facts, 'backbones') if values.get('backbones') else (),
        recipes=_recipes(facts),
        path=path,
        groups=_groups(facts),
        cost=_cost(facts),
        one_seed=frozenset(distinct_names(facts, 'one_seed') if values.get('one_seed') else ()),
        reuses=distinct_names(facts, 'reuses') if values.get('reuses') else (),
        version=values.get('version', 1),
    )


def _with_included(facts: Block, parents: tuple[Path, ...]) -> Block:
    """Return ``facts`` with the tasks of the suites that its tasks and groups name."""
    values = facts.checked(_SUITE_KEYS)
    groups = {
        group: _spelt_out(facts.path, tasks, parents)
        for group, tasks in values.get('groups', {}).items()
    }
    tasks = _spelt_out(facts.path, values['tasks'], parents)
    return Block(facts.path, facts.name, {**facts.values, 'tasks': tasks, 'groups': groups})


def _spelt_out(path: Path, tasks: Any, parents: tuple[Path, ...]) -> Any:
    if not isinstance(tasks, tuple):
        return tasks  # which the check of the values refuses
    found: list[Any] = []
    for task in tasks:
        if isinstance(task, str) and task.startswith(_INCLUDED):
            included = path.parent / task.removeprefix(_INCLUDED)
            found += [
                _beside(path, included, name) for name in _read_suite(included, parents).tasks
            ]
        else:
            found.append(task)
    return tuple(found)


def _beside(path: Path, included: Path, task: str) -> str:
    """Return ``task`` of the suite in ``included`` as the file ``path`` would name it."""
    if not task.endswith('.py') or included.parent == path.parent:
        return task
    return os.path.relpath(included.parent / task, path.parent)


def _seeds(facts: Block) -> tuple[int, ...]:
    seeds: tuple[int, ...] = facts.values['seeds']
    if not seeds or not all(type(seed) is int and seed >= 0 for seed in seeds):
        raise facts.error('seeds', 'must be one or more whole numbers from 0')
    if len(set(seeds)) != len(seeds):
        raise facts.error('seeds', 'must hold distinct entries')
    return seeds


def _recipes(facts: Block) -> dict[str, Declared]:
    recipes = Block(facts.path, 'suite recipes', facts.values.get('recipes', {}))
    recipes.checked(dict.fromkeys(recipes.values, Key((Mapping,))))
    for place, changes in recipes.values.items():
        recipe = Block(facts.path, f"suite recipes['{place}']", changes)
        recipe.checked(_RECIPE_KEYS)
        for key in _NUMBERS:
            if not all(map(is_number, changes.get(key, ()))):
                raise recipe.error(key, 'must hold numbers')
        if not 0 <= changes.get('warmup', 0) < 1:
            raise recipe.error('warmup', 'must be a share of the iterations, from 0 to below 1')
        _check_grid(recipe)
        if not all(is_number(x) and 0 < x < 1 for x in changes.get('milestones', ())):
            raise recipe.error('milestones', 'must be shares of the iterations, between 0 and 1')
    return dict(recipes.values)


def _groups(facts: Block) -> dict[str, str]:
    """Return the group of each task for which the suite overrides the task's own group."""
    declared = Block(facts.path, 'suite groups', facts.values.get('groups', {}))
    declared.checked(dict.fromkeys(GROUPS, Key((tuple,))))
    found: dict[str, str] = {}
    for group, tasks in declared.values.items():
        for task in tasks:
            if task not in facts.values['tasks']:
                raise declared.error(group, f'{task!r} is not a task of the suite')
            if found.setdefault(task, group) != group:
                raise declared.error(group, f'{task!r} is also in {found[task]}')
    return found


def _cost(facts: Block) -> Declared:
    cost = Block(facts.path, 'suite cost', facts.values.get('cost', {}))
    if not cost.values:
        return {}
    values = cost.checked(_COST_KEYS)
    if values['gpu_hours'] <= 0:
        raise cost.error('gpu_hours', 'must be above 0')
    return values


def _check_grid(recipe: Block) -> None:
    grid = Block(recipe.path, f"{recipe.name}['grid']", recipe.values.get('grid', {}))
    allowed = {key: rule for key, rule in _RECIPE_KEYS.items() if key != 'grid'}
    grid.checked({key: Key((tuple,)) for key in allowed})
    for key, values in grid.values.items():
        for value in values:
            Block(recipe.path, grid.name, {key: value}).checked({key: allowed[key]})
        if not values or any(value in values[:place] for place, value in enumerate(values)):
            raise grid.error(key, 'must hold distinct values, at least one')
