"""Expand a request into cells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import product

from benchmark.catalog import find_backbone, find_suite, find_task
from benchmark.errors import (
    BenchmarkError,
    DeclarationError,
    IncompatibleError,
    unknown_name,
)
from benchmark.kinds import load_kind
from benchmark.protocols import TRIVIAL, load_protocol, protocol_names
from benchmark.results.titles import short_titles, split_name
from benchmark.specs import Backbone, Declared, Protocol, RunSpec, Suite, Task

_SEEDS = 2**32
"""How many seeds numpy knows."""


@dataclass(frozen=True)
class Request:
    """A validated request: suite, backbones, tasks, protocols and seeds.

    Attributes:
        suite: the suite.
        backbones: those that run.
        tasks: those of its tasks that run.
        protocols: those that run.
        seeds: those that run.
        one_seed: tasks that run with the first of the seeds alone.
    """

    suite: Suite
    backbones: tuple[Backbone, ...]
    tasks: tuple[Task, ...]
    protocols: tuple[Protocol, ...]
    seeds: tuple[int, ...]
    one_seed: frozenset[str] = frozenset()

    @classmethod
    def read(
        cls,
        suite: str | Suite,
        *,
        backbones: Sequence[str | Backbone] = (),
        tasks: Sequence[str] = (),
        protocols: Sequence[str] = (),
        seeds: Sequence[int] = (),
    ) -> Request:
        """Return the request for a suite, by name, file or itself, narrowed to what is named.

        Args:
            suite: name or file of a suite, or the suite.
            backbones: ids or backbones; by default those of the suite.
            tasks: names of tasks of the suite; by default all.
            protocols: names of protocols; by default those of the suite.
            seeds: seeds; by default those of the suite.

        Raises:
            BenchmarkError: a name is unknown or a declaration wrong; nothing was started.
        """
        found = find_suite(suite) if isinstance(suite, str) else suite
        all_tasks = _tasks(found)
        _check_recipes(found, all_tasks)
        _check_one_seed(found, all_tasks)
        for name in tasks:
            if name not in all_tasks:
                raise unknown_name('task', name, all_tasks, where=f"of suite '{found.name}'")
        wanted = tuple(all_tasks[name] for name in dict.fromkeys(tasks or all_tasks))
        followed = [load_protocol(name) for name in dict.fromkeys(protocols or found.protocols)]
        _check_protocols(followed, wanted)
        return cls(
            suite=found,
            backbones=() if followed == [TRIVIAL] else _backbones(found, backbones),
            tasks=wanted,
            protocols=tuple(followed),
            seeds=_seeds(seeds or found.seeds),
            one_seed=frozenset() if seeds else found.one_seed,
        )

    @property
    def titles(self) -> dict[str, str]:
        """What each backbone is called, by id: its title, else the shortest part of its id."""
        named = {b.id: b.title for b in self.backbones if b.title}
        untitled = [b.id for b in self.backbones if not b.title]
        return {**named, **short_titles(untitled, taken=named.values())}

    def apart(self, name: str) -> Request:
        """Return the request as a separate suite that also reuses this suite's records."""
        suite = self.suite
        own = f'{suite.name}-{name}'
        return replace(self, suite=replace(suite, name=own, reuses=(suite.name, *suite.reuses)))

    def seeds_of(self, task: Task, backbone: Backbone, protocol: Protocol) -> tuple[int, ...]:
        """Return the seeds of a cell: the first alone where others would give the same score."""
        is_fixed = protocol.takes_no_seed and not backbone.draws_weights
        return self.seeds[:1] if is_fixed or task.name in self.one_seed else self.seeds


def _tasks(suite: Suite) -> dict[str, Task]:
    tasks: dict[str, Task] = {}
    for entry in suite.tasks:
        task = find_task(entry, relative_to=suite.path.parent)
        if task.name in tasks:
            raise DeclarationError(
                f"{suite.path}: two tasks are called '{task.name}': "
                f'{tasks[task.name].path} and {task.path}'
            )
        tasks[task.name] = replace(task, group=suite.groups.get(entry, task.group))
    return tasks


def _check_recipes(suite: Suite, tasks: Iterable[str]) -> None:
    """Raise if recipe fields are given for a key without any cell: they would do nothing."""
    names = tuple(tasks)
    protocols = tuple(name for name in protocol_names() if name != TRIVIAL.name)
    places = [f'*/{name}' for name in protocols]
    places += [*names, *(f'{task}/{name}' for task in names for name in protocols)]
    for key in suite.recipes:
        if key not in places:
            raise DeclarationError(f'{suite.path}: {unknown_name("place in recipes", key, places)}')


def _check_one_seed(suite: Suite, tasks: Iterable[str]) -> None:
    names = tuple(tasks)
    for name in sorted(suite.one_seed):
        if name not in names:
            raise DeclarationError(f'{suite.path}: {unknown_name("task in one_seed", name, names)}')


def _check_protocols(protocols: Iterable[Protocol], tasks: Sequence[Task]) -> None:
    """Raise if a probe fits none of the tasks."""
    kinds = sorted({task.kind for task in tasks})
    for protocol in protocols:
        if not any(protocol.suits(task) for task in tasks):
            known = dict.fromkeys(rule.kind for rule in protocol.recipes)
            raise IncompatibleError(
                f"protocol '{protocol.name}' is for {', '.join(known)}, the tasks are of kind "
                f'{", ".join(kinds)}'
            )


def _seeds(seeds: Sequence[int]) -> tuple[int, ...]:
    for seed in seeds:
        if not 0 <= seed < _SEEDS:
            raise BenchmarkError(f'seed {seed} is not from 0 to {_SEEDS - 1}')
    return tuple(dict.fromkeys(seeds))


def _backbones(suite: Suite, named: Sequence[str | Backbone]) -> tuple[Backbone, ...]:
    if named:
        found = [find_backbone(b) if isinstance(b, str) else b for b in _distinct(named)]
    else:
        found = [find_backbone(text, relative_to=suite.path.parent) for text in suite.backbones]
    if not found:
        raise BenchmarkError(f"suite '{suite.name}' names no backbones: add --backbones ID ...")
    by_id: dict[str, Backbone] = {}
    for backbone in found:
        known = by_id.setdefault(backbone.id, backbone)
        if replace(known, title=backbone.title) == backbone and known != backbone:
            raise DeclarationError(
                f"'{known.title or known.id}' and '{backbone.title or backbone.id}' are the "
                f'same backbone, {backbone.id}; name it once'
            )
        if known != backbone:
            raise DeclarationError(
                f"two different backbones are called '{backbone.id}'; rename one"
            )
    _check_names(named)
    return tuple(by_id.values())


def _check_names(named: Sequence[str | Backbone]) -> None:
    """Refuse a name that was given to two backbones."""
    ids: dict[str, str] = {}
    for text in named:
        name, id_ = split_name(text) if isinstance(text, str) else ('', '')
        if name and ids.setdefault(name, id_) != id_:
            raise BenchmarkError(f"two backbones are named '{name}': {ids[name]} and {id_}")


def _distinct(named: Sequence[str | Backbone]) -> list[str | Backbone]:
    """Return what is named in order; a declared backbone that stands twice is found below."""
    seen: set[str] = set()
    found: list[str | Backbone] = []
    for item in named:
        if isinstance(item, Backbone) or item not in seen:
            found.append(item)
        if isinstance(item, str):
            seen.add(item)
    return found


def expand(request: Request) -> tuple[RunSpec, ...]:
    """Return the request's cells: all seeds of a task and backbone follow each other.

    Trivial predictors, which take no time, come first: one per task, for all seeds. Probes have
    cells for tasks of the kinds that they know.
    """
    learning = [protocol for protocol in request.protocols if protocol != TRIVIAL]
    return (
        *(_floor(task) for task in request.tasks if TRIVIAL in request.protocols),
        *(
            RunSpec(task.name, backbone.id, protocol.name, seed)
            for task in request.tasks
            for backbone, protocol in product(request.backbones, learning)
            for seed in request.seeds_of(task, backbone, protocol)
            if protocol.suits(task)
        ),
    )


def _floor(task: Task) -> RunSpec:
    title = load_kind(task.kind).trivial.title
    return RunSpec(task.name, f'{TRIVIAL.name}:{title}', TRIVIAL.name, 0)


def recipe_changes(suite: Suite, spec: RunSpec) -> tuple[Declared, ...]:
    """Return the suite's recipe fields for a cell: for its protocol, its task, then both."""
    keys = (f'*/{spec.protocol}', spec.task, f'{spec.task}/{spec.protocol}')
    return tuple(suite.recipes[key] for key in keys if key in suite.recipes)
