"""Task declarations: files under ``task_configs/<kind>/`` or anywhere else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmark.catalog.literals import merge, read_literals
from benchmark.catalog.schema import COUNT, Block, Key, block, distinct_names, is_number
from benchmark.catalog.types import check_types
from benchmark.errors import DeclarationError, unknown_name
from benchmark.kinds import kind_names, load_kind
from benchmark.kinds.base import Kind
from benchmark.specs import DataSource, Declared, Metric, Role, Task, Unit

GROUPS = ('semantic', 'fine-grained', 'geometric-motion', 'combined')
"""Groups by which scores are contrasted (after arXiv 2205.13543)."""

PROVIDERS = ('world',)
"""Built-in generators of data."""

HELD_OUT = 'held_out'
_CHOSEN = 'chosen'
"""As the only key of ``val``: take every n-th sample of ``train``."""

_ROLES = {role.value: Key((Mapping,)) for role in Role}
_TEXT = Key((str,), required=True)

_TASK_KEYS = {
    'name': _TEXT,
    'version': Key((int,), required=True),
    'title': _TEXT,
    'group': Key((str,), required=True, allowed=GROUPS),
    'input_size': Key((tuple,), required=True),
    'classes': Key((tuple, int), required=True),
    'splits': Key((Mapping,), required=True),
    'estimated': Key((tuple,)),
    'metric': Key((str, Mapping), required=True),
    'metrics': Key((tuple,)),
    'budget': Key((Mapping,)),
    'head': Key((str,)),
    'citation': _TEXT,
    'licence': _TEXT,
    'origin': _TEXT,
}

_METRIC_KEYS = {
    'key': _TEXT,
    'unit': Key((str,), required=True, allowed=tuple(unit.value for unit in Unit)),
    'higher_is_better': Key((bool,), required=True),
    'bounds': Key((tuple,), required=True),
    'title': Key((str,)),
}

_BUDGET_KEYS = {'iterations': COUNT, 'batch_size': COUNT}


def shipped_tasks_folder() -> Path:
    """Return the folder of the task declarations that come with the project."""
    package = Path(__file__).resolve().parent.parent
    inside, beside = package / 'task_configs', package.parent / 'task_configs'
    return inside if inside.is_dir() else beside


def task_files() -> tuple[Path, ...]:
    """Return the files of all shipped tasks, sorted; names starting with ``_`` are bases."""
    files = shipped_tasks_folder().glob('*/*.py')
    return tuple(sorted(path for path in files if not path.name.startswith('_')))


def shipped_tasks() -> dict[str, Task]:
    """Return all shipped tasks by name.

    Raises:
        DeclarationError: a file is wrong, or two declare the same name.
    """
    tasks: dict[str, Task] = {}
    for path in task_files():
        task = read_task(path)
        if task.name in tasks:
            raise DeclarationError(
                f"{path}: name '{task.name}' is taken by {tasks[task.name].path}"
            )
        tasks[task.name] = task
    return tasks


def find_task(name: str, *, relative_to: Path | None = None) -> Task:
    """Return the task called ``name``, or declared in the file ``name`` when it ends in ``.py``.

    Raises:
        UnknownNameError: no shipped task has that name.
        DeclarationError: the declaration is wrong.
    """
    if name.endswith('.py'):
        return read_task((relative_to or Path()) / name)
    tasks = shipped_tasks()
    if name not in tasks:
        raise unknown_name('task', name, tasks)
    return tasks[name]


def read_task(path: Path) -> Task:
    """Return the task that the file at ``path`` declares.

    Raises:
        DeclarationError: names the file, the key, the value found and what is allowed.
    """
    values = read_literals(path)
    kind = _kind(path, values)
    facts = block(path, {'task': _without(values.get('task'), 'kind')}, 'task')
    options = {name: Key(types) for name, types in kind.options.items()}
    checked = facts.checked({**_TASK_KEYS, 'options': Key((Mapping,))})
    Block(path, 'task options', checked.get('options', {})).checked(options)
    check_types(path, 'task options', checked.get('options', {}))
    return _build(facts, kind, _Data(path, values))


def _without(values: object, key: str) -> object:
    return {k: v for k, v in values.items() if k != key} if isinstance(values, Mapping) else values


def _kind(path: Path, values: Mapping[str, Any]) -> Kind:
    task = block(path, values, 'task')
    if unknown := sorted(values.keys() - {'task', 'data'}):
        raise DeclarationError(f"{path}: unknown block '{unknown[0]}' (allowed: data, task)")
    Block(path, 'task', {key: task.values[key] for key in ('kind',) if key in task.values}).checked(
        {'kind': Key((str,), required=True, allowed=kind_names())}
    )
    return load_kind(task.values['kind'])


class _Data:
    """The ``data`` block: where the files are and one data set dictionary per role."""

    def __init__(self, path: Path, values: Mapping[str, Any]) -> None:
        self.block = block(path, values, 'data')
        check_types(path, 'data', self.block.values)
        keys = {
            'root': _TEXT,
            'provider': Key((str,), allowed=PROVIDERS),
            'variable': Key((str,)),
            'tree': Key((Mapping,)),
        }
        own = {k: v for k, v in self.block.values.items() if k in keys or k in _ROLES}
        Block(path, 'data', own).checked({**keys, **_ROLES})
        self.common = {k: v for k, v in self.block.values.items() if k not in own}
        self.source = DataSource(own['root'], own.get('provider'), own.get('variable'))
        if self.source.provider and self.source.variable:
            raise self.block.error('variable', "cannot be combined with 'provider'")
        self.roles = {Role(key): own[key] for key in _ROLES if key in own}
        self.tree = _tree(path, own.get('tree', {}))


def _tree(path: Path, declared: Mapping[str, Any]) -> dict[str, int]:
    tree = Block(path, 'data tree', declared)
    for pattern, count in tree.checked(dict.fromkeys(declared, Key((int,)))).items():
        if not isinstance(pattern, str) or count < 1:
            raise tree.error(pattern, 'must be the number of files that the pattern finds')
    return dict(declared)


def _build(facts: Block, kind: Kind, data: _Data) -> Task:
    values = facts.values
    _check_values(facts, kind)
    metric = _metric(facts, 'metric', values['metric'], kind)
    return Task(
        name=values['name'],
        kind=kind.name,
        version=values['version'],
        title=values['title'],
        group=values['group'],
        input_size=values['input_size'],
        classes=_classes(values['classes']),
        splits=_splits(facts, data),
        metric=metric,
        metrics=tuple(_metric(facts, 'metrics', item, kind) for item in values.get('metrics', ())),
        source=data.source,
        datasets=_datasets(facts, data),
        budget=Block(facts.path, 'task budget', values.get('budget', {})).checked(_BUDGET_KEYS),
        head=values.get('head', kind.heads[0]),
        options=values.get('options', {}),
        citation=values['citation'],
        licence=values['licence'],
        origin=values['origin'],
        path=facts.path,
        tree=data.tree,
        estimated=_read_estimated_roles(facts),
    )


def _read_estimated_roles(facts: Block) -> tuple[Role, ...]:
    declared = facts.values.get('estimated', ())
    if not set(declared) <= set(facts.values['splits']):
        raise facts.error('estimated', 'must hold names of splits')
    return tuple(Role(name) for name in declared)


def _classes(declared: tuple[str, ...] | int) -> tuple[str, ...]:
    return tuple(map(str, range(declared))) if isinstance(declared, int) else declared


def _check_values(facts: Block, kind: Kind) -> None:
    values = facts.values
    if not re.fullmatch(r'[a-z0-9][a-z0-9-]*', values['name']):
        raise facts.error('name', 'must be lower-case letters, digits and hyphens')
    sides = values['input_size']
    if len(sides) != 2 or not all(isinstance(side, int) and side >= 16 for side in sides):
        raise facts.error('input_size', 'must be (height, width) in pixels, each at least 16')
    if isinstance(values['classes'], tuple):
        distinct_names(facts, 'classes')
    elif values['classes'] < 1:
        raise facts.error('classes', 'must be names, or how many the data set itself names')
    if values.get('head', kind.heads[0]) not in kind.heads:
        raise facts.error('head', f'{kind.name} has the heads {", ".join(kind.heads)}')
    if not all(isinstance(metric, str | Mapping) for metric in values.get('metrics', ())):
        raise facts.error('metrics', 'must hold names of metrics, or dict(...) for one of your own')


def _metric(facts: Block, key: str, declared: str | Declared, kind: Kind) -> Metric:
    if isinstance(declared, str):
        if declared not in kind.metrics:
            raise facts.error(key, f'{kind.name} measures {", ".join(sorted(kind.metrics))}')
        return kind.metrics[declared]
    own = Block(facts.path, f'task {key}', declared)
    values = own.checked(_METRIC_KEYS)
    bounds = values['bounds']
    if len(bounds) != 2 or not all(map(is_number, bounds)) or bounds[0] >= bounds[1]:
        raise own.error('bounds', 'must be (lowest, highest)')
    low, high = bounds
    return Metric(
        key=values['key'],
        unit=Unit(values['unit']),
        higher_is_better=values['higher_is_better'],
        bounds=(float(low), float(high)),
        title=values.get('title', ''),
    )


def _splits(facts: Block, data: _Data) -> dict[Role, int]:
    counts = Block(facts.path, 'task splits', facts.values['splits'])
    counts.checked({name: Key((int,)) for name in _ROLES})
    for name, count in counts.values.items():
        if count < 1:
            raise counts.error(name, 'must be the number of items, at least 1')
    splits = {Role(name): count for name, count in counts.values.items()}
    for role in (Role.TRAIN, Role.TEST):
        if role not in splits or role not in data.roles:
            raise facts.error('splits', f"'{role.value}' must be counted here and declared in data")
    return splits


def _datasets(facts: Block, data: _Data) -> dict[Role, Declared]:
    classes = facts.values['classes']
    named = {'metainfo': {'classes': classes}} if isinstance(classes, tuple) else {}
    common = merge(named, data.common)
    found: dict[Role, Declared] = {
        role: merge(common, declared) for role, declared in data.roles.items()
    }
    found = {role: _choose(facts, role, declared) for role, declared in found.items()}
    if HELD_OUT in found.get(Role.VAL, {}):
        found[Role.VAL] = _held_out(facts, found[Role.VAL], found[Role.TRAIN])
    for role, declared in found.items():
        if not isinstance(declared.get('type'), str):
            raise DeclarationError(
                f"{facts.path}: data lacks the key 'type' for '{role}' (an OpenMMLab data set)"
            )
    return found


def _choose(facts: Block, role: Role, declared: Declared) -> Declared:
    """Return a data set of which training takes ``chosen`` files, by the hash of their names."""
    if _CHOSEN not in declared:
        return declared
    count = declared[_CHOSEN]
    if role is not Role.TRAIN:
        raise DeclarationError(
            f"{facts.path}: data['{role.value}'] has '{_CHOSEN}': only training pictures can be "
            'chosen; other splits are taken as a whole'
        )
    if type(count) is not int or count < 1:
        raise DeclarationError(
            f"{facts.path}: data['train'][{_CHOSEN!r}] is {count!r}: must be how many files are "
            'chosen, at least 1'
        )
    rest = {key: value for key, value in declared.items() if key != _CHOSEN}
    return {'type': 'benchmark.Chosen', 'of': rest, 'count': count}


def _held_out(facts: Block, val: Declared, train: Declared) -> Declared:
    every = val[HELD_OUT]
    if type(every) is not int or every < 2:
        raise DeclarationError(
            f"{facts.path}: data['val'][{HELD_OUT!r}] is {every!r}: must be a whole number from 2 "
            '(every n-th sample of train is held out)'
        )
    return {'type': 'benchmark.HeldOut', 'of': train, 'every': every}
