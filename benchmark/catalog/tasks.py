"""Task declarations: files under ``task_configs/<kind>/`` or anywhere else."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from benchmark.catalog.literals import Stamp, merge, read_literals, stamp_of
from benchmark.catalog.schema import (
    COUNT,
    Block,
    Faults,
    Key,
    block,
    distinct_names,
    is_number,
)
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
"""As the only key of ``val``: take every n-th sample of ``train``."""

_CHOSEN = 'chosen'
"""As a key of ``train``: how many files are taken, by the hash of their names."""

T = TypeVar('T')

_ROLES = {role.value: Key((Mapping,)) for role in Role}
_TEXT = Key((str,), required=True)

_TASK_KEYS = {
    'name': _TEXT,
    'version': COUNT,
    'title': Key((str,)),
    'group': Key((str,), allowed=GROUPS),
    'input_size': Key((tuple,), required=True, hint='write (height, width) in pixels'),
    'classes': Key(
        (tuple, int), required=True, hint='write their names, in the order of the labels'
    ),
    'splits': Key(
        (Mapping,),
        required=True,
        hint='write dict(train=1, test=1), and `tbench check data` says how many there are',
    ),
    'estimated': Key((tuple,)),
    'film': Key((str,)),
    'metric': Key((str, Mapping), required=True),
    'metrics': Key((tuple,)),
    'budget': Key((Mapping,)),
    'head': Key((str,)),
    'citation': Key((str,)),
    'licence': Key((str,)),
    'origin': Key((str,)),
}

_DEFAULTS = {'citation': 'unpublished', 'licence': 'not stated', 'origin': 'not stated'}
"""Texts for reports, of data that somebody has not published."""

_METRIC_KEYS = {
    'key': _TEXT,
    'unit': Key((str,), required=True, allowed=tuple(unit.value for unit in Unit)),
    'higher_is_better': Key((bool,), required=True),
    'bounds': Key((tuple,), required=True),
    'title': Key((str,)),
}

_BUDGET_KEYS = {'iterations': COUNT, 'epochs': Key((int, float)), 'batch_size': COUNT}


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
    return dict(_read_all(task_files(), stamp_of(shipped_tasks_folder())))


@functools.lru_cache(maxsize=1)
def _read_all(files: tuple[Path, ...], stamp: Stamp) -> dict[str, Task]:
    """Return the tasks of ``files``, read once for the same ``stamp``."""
    tasks: dict[str, Task] = {}
    for path in files:
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
        DeclarationError: names the file, and all that is wrong: keys, values found and what is
            allowed.
    """
    values = read_literals(path)
    kind = _kind(path, values)
    faults = Faults()
    facts = block(path, {'task': _without(values.get('task'), 'kind')}, 'task')
    sound = facts.sound({**_TASK_KEYS, 'options': Key((Mapping,))}, faults)
    with faults.noted():
        _check_options(path, kind, sound.get('options', {}))
    data = None
    with faults.noted():
        data = _Data(path, values)
    task = _Reading(facts, sound, kind, faults).task(data)
    faults.refuse_any()
    assert task is not None, 'what is not wrong is read'
    return task


def _check_options(path: Path, kind: Kind, declared: Mapping[str, Any]) -> None:
    Block(path, 'task options', declared).checked(
        {name: Key(types) for name, types in kind.options.items()}
    )
    check_types(path, 'task options', declared)


def _without(values: object, key: str) -> object:
    return {k: v for k, v in values.items() if k != key} if isinstance(values, Mapping) else values


def _kind(path: Path, values: Mapping[str, Any]) -> Kind:
    task = block(path, values, 'task')
    if unknown := sorted(values.keys() - {'task', 'data'}):
        raise DeclarationError(
            *(f"{path}: unknown block '{name}' (allowed: data, task)" for name in unknown)
        )
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
            raise tree.error(pattern, 'must be the number of files that match the pattern')
    return dict(declared)


class _Reading:
    """A task being read: each part that has valid keys, even if others are wrong.

    Args:
        facts: the block as it is written.
        sound: those of its values that are of the right type.
        kind: the kind of the task.
        faults: what is wrong.
    """

    def __init__(self, facts: Block, sound: Mapping[str, Any], kind: Kind, faults: Faults) -> None:
        self._facts, self._values, self._kind, self._faults = facts, sound, kind, faults

    def task(self, data: _Data | None) -> Task | None:
        """Return the task, ``None`` where anything is wrong with it."""
        self._check_values()
        metrics = self._metrics()
        none: Mapping[Role, int] = {}
        splits = self._read('splits', lambda: _splits(self._facts, data), none)
        empty: Declared = {}
        budget = self._read('budget', lambda: self._budget(splits), empty)
        unsure: tuple[Role, ...] = ()
        estimated = self._read('estimated', lambda: _read_estimated_roles(self._facts), unsure)
        film = self._read('film', lambda: _film(self._facts), '')
        datasets: dict[Role, Declared] = {}
        if data is not None and 'classes' in self._values:
            with self._faults.noted():
                datasets = _datasets(self._facts, data)
        if self._faults or data is None:
            return None
        values, kind = self._values, self._kind
        texts = {key: values.get(key, default) for key, default in _DEFAULTS.items()}
        return Task(
            name=values['name'],
            kind=kind.name,
            version=values.get('version', 1),
            title=values.get('title', values['name']),
            group=values.get('group', kind.group),
            input_size=values['input_size'],
            classes=_classes(values['classes']),
            splits=splits,
            metric=metrics[0],
            metrics=tuple(metrics[1:]),
            source=data.source,
            datasets=datasets,
            budget=budget,
            head=values.get('head', kind.heads[0]),
            options=values.get('options', {}),
            path=self._facts.path,
            tree=data.tree,
            estimated=estimated,
            film=film,
            **texts,
        )

    def _read(self, key: str, read: Callable[[], T], default: T) -> T:
        """Return what ``read`` makes of a sound key, ``default`` where it is absent or wrong."""
        found = default
        if key in self._values:
            with self._faults.noted():
                found = read()
        return found

    def _check_values(self) -> None:
        for key, check in _CHECKS.items():
            if key in self._values:
                with self._faults.noted():
                    check(self._facts, self._kind)

    def _metrics(self) -> list[Metric]:
        """Return the headline metric and the others, without those that are wrong."""
        declared = [(key, self._values[key]) for key in ('metric',) if key in self._values]
        declared += [('metrics', item) for item in self._values.get('metrics', ())]
        found: list[Metric] = []
        for key, item in declared:
            if isinstance(item, str | Mapping):
                with self._faults.noted():
                    found.append(_metric(self._facts, key, item, self._kind))
        return found

    def _budget(self, splits: Mapping[Role, int]) -> Declared:
        """Return the budget in iterations, whatever it is declared in."""
        declared = self._values['budget']
        budget = Block(self._facts.path, 'task budget', declared)
        values = dict(budget.checked(_BUDGET_KEYS))
        if 'epochs' not in values:
            return values
        epochs = values.pop('epochs')
        if epochs <= 0:
            raise budget.error('epochs', 'must be above 0')
        if 'iterations' in values:
            raise budget.error('epochs', "cannot be combined with 'iterations'")
        if 'batch_size' not in values:
            raise budget.error('epochs', "needs 'batch_size' as well")
        pictures = splits.get(Role.TRAIN, 1)
        return {'iterations': max(1, math.ceil(epochs * pictures / values['batch_size'])), **values}


def _read_estimated_roles(facts: Block) -> tuple[Role, ...]:
    declared = facts.values['estimated']
    if not set(declared) <= set(facts.values.get('splits', {})):
        raise facts.error('estimated', 'must hold names of splits')
    return tuple(Role(name) for name in declared)


def _film(facts: Block) -> str:
    declared: str = facts.values['film']
    try:
        groups = re.compile(declared).groups
    except re.error as error:
        raise facts.error('film', f'must be a regular expression ({error})') from None
    if groups < 1:
        raise facts.error('film', 'must hold a group in parentheses, which names the film')
    return declared


def _classes(declared: tuple[str, ...] | int) -> tuple[str, ...]:
    return tuple(map(str, range(declared))) if isinstance(declared, int) else declared


def _check_name(facts: Block, kind: Kind) -> None:
    if not re.fullmatch(r'[a-z0-9][a-z0-9-]*', facts.values['name']):
        raise facts.error('name', 'must be lower-case letters, digits and hyphens')


def _check_input_size(facts: Block, kind: Kind) -> None:
    sides = facts.values['input_size']
    if len(sides) != 2 or not all(isinstance(side, int) and side >= 16 for side in sides):
        raise facts.error('input_size', 'must be (height, width) in pixels, each at least 16')


def _check_classes(facts: Block, kind: Kind) -> None:
    declared = facts.values['classes']
    if isinstance(declared, tuple):
        distinct_names(facts, 'classes')
    elif declared < 1:
        raise facts.error(
            'classes', 'must be names, or the number of names that the data set itself has'
        )


def _check_head(facts: Block, kind: Kind) -> None:
    if facts.values['head'] not in kind.heads:
        raise facts.error('head', f'{kind.name} has the heads {", ".join(kind.heads)}')


def _check_metrics(facts: Block, kind: Kind) -> None:
    if not all(isinstance(metric, str | Mapping) for metric in facts.values['metrics']):
        raise facts.error('metrics', 'must hold names of metrics, or dict(...) for one of your own')


_CHECKS: Mapping[str, Callable[[Block, Kind], None]] = {
    'name': _check_name,
    'input_size': _check_input_size,
    'classes': _check_classes,
    'head': _check_head,
    'metrics': _check_metrics,
}
"""What is checked of values of the right type, by key."""


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


def _splits(facts: Block, data: _Data | None) -> Mapping[Role, int]:
    counts = Block(facts.path, 'task splits', facts.values['splits'])
    counts.checked(dict.fromkeys(_ROLES, COUNT))
    splits = {Role(name): count for name, count in counts.values.items()}
    faults = Faults()
    for role in (Role.TRAIN, Role.TEST):
        if role not in splits or (data is not None and role not in data.roles):
            faults.add(
                facts.error('splits', f"'{role.value}' must have a count here and an entry in data")
            )
    faults.refuse_any()
    return splits


def _datasets(facts: Block, data: _Data) -> dict[Role, Declared]:
    classes = facts.values['classes']
    named = {'metainfo': {'classes': classes}} if isinstance(classes, tuple) else {}
    common = merge(named, data.common)
    found: dict[Role, Declared] = {
        role: merge(common, declared) for role, declared in data.roles.items()
    }
    found = {role: _choose(facts, role, declared) for role, declared in found.items()}
    if HELD_OUT in found.get(Role.VAL, {}) and Role.TRAIN in found:
        found[Role.VAL] = _held_out(facts, found[Role.VAL], found[Role.TRAIN])
    untyped = [
        role for role, declared in found.items() if not isinstance(declared.get('type'), str)
    ]
    if untyped:
        raise DeclarationError(
            *(
                f"{facts.path}: data lacks the key 'type' for '{role}' (an OpenMMLab data set)"
                for role in untyped
            )
        )
    return found


def _choose(facts: Block, role: Role, declared: Declared) -> Declared:
    """Return the training data limited to ``chosen`` files, picked by the hash of their names."""
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
            f"{facts.path}: data['train'][{_CHOSEN!r}] is {count!r}: must be the number of files "
            'to choose, at least 1'
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
