"""Suite declarations: named tasks x protocols x seeds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from benchmark.catalog.literals import read_literals
from benchmark.catalog.schema import Block, Key, block, distinct_names
from benchmark.errors import DeclarationError, unknown_name
from benchmark.specs import SCHEDULES, Declared, Suite

_NAMES = Key((tuple,), required=True)
_SUITE_KEYS = {
    'name': Key((str,), required=True),
    'title': Key((str,), required=True),
    'tasks': _NAMES,
    'protocols': _NAMES,
    'seeds': _NAMES,
    'backbones': Key((tuple,)),
    'recipes': Key((Mapping,)),
}
_NUMBER = Key((int, float))
_RECIPE_KEYS = {
    'lr': _NUMBER,
    'weight_decay': _NUMBER,
    'iterations': Key((int,)),
    'batch_size': Key((int,)),
    'warmup': _NUMBER,
    'layer_decay': _NUMBER,
    'decay_steps': Key((int, type(None))),
    'drop_path': _NUMBER,
    'clip_norm': Key((int, float, type(None))),
    'schedule': Key((str,), allowed=SCHEDULES),
    'milestones': Key((tuple,)),
    'step_factor': _NUMBER,
    'window': Key((int, type(None))),
}


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

    Raises:
        UnknownNameError: no shipped suite has that name.
        DeclarationError: the declaration is wrong.
    """
    if name.endswith('.py'):
        return read_suite(Path(name))
    suites = shipped_suites()
    if name not in suites:
        raise unknown_name('suite', name, suites)
    return suites[name]


def read_suite(path: Path) -> Suite:
    """Return the suite that the file at ``path`` declares.

    Paths of tasks and backbones in it are relative to the file.

    Raises:
        DeclarationError: names the file, the key, the value found and what is allowed.
    """
    literals = read_literals(path)
    if unknown := sorted(literals.keys() - {'suite'}):
        raise DeclarationError(f"{path}: unknown block '{unknown[0]}' (allowed: suite)")
    facts = block(path, literals, 'suite')
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
    )


def _seeds(facts: Block) -> tuple[int, ...]:
    seeds: tuple[int, ...] = facts.values['seeds']
    if not seeds or not all(type(seed) is int and seed >= 0 for seed in seeds):
        raise facts.error('seeds', 'must be whole numbers from 0, at least one')
    if len(set(seeds)) != len(seeds):
        raise facts.error('seeds', 'must hold distinct entries')
    return seeds


def _recipes(facts: Block) -> dict[str, Declared]:
    recipes = Block(facts.path, 'suite recipes', facts.values.get('recipes', {}))
    recipes.checked(dict.fromkeys(recipes.values, Key((Mapping,))))
    for place, fields in recipes.values.items():
        recipe = Block(facts.path, f"suite recipes['{place}']", fields)
        recipe.checked(_RECIPE_KEYS)
        if not 0 <= fields.get('warmup', 0) < 1:
            raise recipe.error('warmup', 'must be a share of the iterations, from 0 to below 1')
    return dict(recipes.values)
