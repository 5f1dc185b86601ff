"""Write the declaration of a task from a folder of data."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import replace as replace_in
from pathlib import Path
from typing import Any

from benchmark.catalog.tasks import read_task
from benchmark.catalog.writing import declaration
from benchmark.compiling import annotated_splits, localise
from benchmark.errors import BenchmarkError, DeclarationError, IncompatibleError
from benchmark.kinds import kind_names, load_kind
from benchmark.kinds.base import DATA, Kind
from benchmark.kinds.common.drafting import input_size
from benchmark.specs import Role, Task

_SMALL = 224
"""The longer side of small pictures, in pixels."""


@dataclass(frozen=True)
class NewTask:
    """A declaration that was written: its path, splits, notes and faults.

    Attributes:
        path: the file.
        task: what it declares.
        notes: what was assumed, a line each.
        faults: why splits could not be counted, a line each.
    """

    path: Path
    task: Task
    notes: tuple[str, ...]
    faults: tuple[str, ...] = ()


def write_task(
    kind: str,
    folder: Path,
    *,
    data_root: Path,
    out: Path | None = None,
    replace: bool = False,
    small: bool = False,
) -> NewTask:
    """Write the declaration of a task of ``kind`` on the data in ``folder``, and count its splits.

    Args:
        kind: name of the kind.
        folder: where the data are.
        data_root: folder of all data sets; data elsewhere are named by their whole path.
        out: the file; named after the folder, in the working directory, unless given.
        replace: write over a file that is there.
        small: small pictures and narrow heads, for CPUs and first trials.

    Raises:
        BenchmarkError: the kind has no drafts, the folder holds no such data, or the file cannot
            be written.
    """
    found = _drafting_kind(kind)
    name = _name_of(out.stem if out else folder.resolve().name)
    path = out or Path(f'{name.replace("-", "_")}.py')
    if path.exists() and not replace:
        raise DeclarationError(f'{path}: exists already; choose another --out, or --replace')
    drafted = pkgutil.resolve_name(found.draft)(folder)
    if small:
        drafted = replace_in(drafted, task=_made_small(drafted.task, found))
    roles = [role for role in Role if role.value in drafted.data]
    texts = {'name': name, 'kind': kind, 'title': name.replace('-', ' ').capitalize()}
    data = {'root': _root(folder, data_root), **drafted.data}
    counts = dict.fromkeys((role.value for role in roles), 1)
    _write(path, {**texts, **_with_counts(drafted.task, counts)}, data)
    faults = []
    for role, dataset in _splits(read_task(path), folder).items():
        try:
            counts[role] = _count(dataset)
        except BenchmarkError as error:
            faults.append(f"split '{role}' cannot be opened: {error}")
    _write(path, {**texts, **_with_counts(drafted.task, counts)}, data)
    return NewTask(path, read_task(path), tuple(drafted.notes), tuple(faults))


def _made_small(facts: Mapping[str, Any], kind: Kind) -> dict[str, Any]:
    """Return a task's keys with small pictures and the kind's options for small heads."""
    options = {**facts.get('options', {}), **kind.small.get('options', {})}
    size = input_size(facts['input_size'], _SMALL)
    return {**facts, 'input_size': size, **kind.small, **({'options': options} if options else {})}


def _drafting_kind(name: str) -> Kind:
    kind = load_kind(name)
    if not kind.draft:
        able = [other for other in kind_names() if load_kind(other).draft]
        raise IncompatibleError(
            f"kind '{name}' has no drafts of declarations; write one by hand (kinds with drafts: "
            f'{", ".join(able)})'
        )
    return kind


def _name_of(text: str) -> str:
    """Return a task's name: lower-case letters, digits and hyphens."""
    return re.sub(r'[^a-z0-9]+', '-', text.lower()).strip('-') or 'my-task'


def _root(folder: Path, data_root: Path) -> str:
    """Return the data's folder relative to the data root if it is inside, else as a full path."""
    whole, above = folder.resolve(), data_root.resolve()
    is_below = above in whole.parents
    return whole.relative_to(above).as_posix() if is_below else whole.as_posix()


def _with_counts(facts: Mapping[str, Any], counts: Mapping[str, int]) -> dict[str, Any]:
    """Return a task's keys in the usual order, with the numbers of samples after the classes."""
    found: dict[str, Any] = {}
    for key, value in facts.items():
        if key == 'options' and not value:
            continue
        found[key] = value
        if key == 'classes':
            found['splits'] = dict(counts)
    return found


def _write(path: Path, task: Mapping[str, Any], data: Mapping[str, Any]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(declaration(task=task, data=data), encoding='utf-8')
    except OSError as error:
        raise DeclarationError(f'{path}: cannot be written ({error.strerror})') from None


def _splits(task: Task, folder: Path) -> dict[str, Any]:
    """Return the data set of each split, after importing its classes."""
    import benchmark.registry  # noqa: F401  (makes 'benchmark.X' known to mmengine)

    config = localise(annotated_splits(task), {DATA: str(folder)})
    for module in config['custom_imports']:
        importlib.import_module(module)
    scope = config['default_scope']
    return {role: (scope, split) for role, split in config['splits'].items()}


def _count(scoped: tuple[str, Any]) -> int:
    from mmengine.registry import DefaultScope

    from benchmark.kinds.common.opening import opened

    scope, split = scoped
    with DefaultScope.overwrite_default_scope(scope):
        return len(opened(of=split))
