"""Check that a task's data are all there and are what the task declares."""

from __future__ import annotations

import hashlib
import importlib
import itertools
import pkgutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset, ConcatDataset
from mmengine.registry import DefaultScope

import benchmark.registry  # noqa: F401  (makes 'benchmark.X' known to mmengine)
from benchmark.compiling import annotated_splits, localise, manifest_of
from benchmark.datasets.opening import is_broken, misfit, opened
from benchmark.errors import BenchmarkError, DeclarationError, UnknownNameError
from benchmark.kinds import load_kind
from benchmark.kinds.base import DATA
from benchmark.specs import Finding, Role, Task

SAMPLED = 200
"""How many samples of a split are read where not all are."""

_SLICE = 'benchmark.HeldOut'
_SHOWN = 3


def check_data(task: Task, folder: Path, *, full: bool = False) -> list[Finding]:
    """Return what was found about the files, splits, labels and pictures of a task's data.

    ``full`` reads every picture and label map, not a sample of them, and looks for pictures of
    equal content in two splits.

    Raises:
        DeclarationError: a data set has no such type, or its type no such argument.
    """
    check_arguments(task)
    files = [_count(folder, pattern, count) for pattern, count in task.tree.items()]
    splits, refused = _open(task, folder)
    inspected = [_inspect(task, role, split, full=full) for role, split in splits.items()]
    return [
        *files,
        *refused,
        *itertools.chain.from_iterable(inspected),
        *_apart(task, splits, full=full),
        *_same_names(splits),
        Finding('manifest', True, manifest_of(folder, task.tree)),
    ]


def check_arguments(task: Task) -> None:
    """Refuse a task that asks for a data set or an argument that the libraries do not have.

    Raises:
        DeclarationError: names the file, the split, what is unknown and what is known.
    """
    for role, dataset in _splits(task):
        try:
            problem = misfit(dataset)
        except UnknownNameError as error:
            problem = str(error)
        if problem:
            raise DeclarationError(f"{task.path}: data of '{role}': {problem}")


def _splits(task: Task) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the data set of each split as its kind's library builds it."""
    config = annotated_splits(task)
    for module in config['custom_imports']:
        importlib.import_module(module)
    with DefaultScope.overwrite_default_scope(config['default_scope']):
        yield from config['splits'].items()


def _count(folder: Path, pattern: str, expected: int) -> Finding:
    found = sum(1 for path in folder.glob(pattern) if path.is_file())
    detail = f'{found} of {expected}' if found <= expected else f'{found}, {expected} are needed'
    return Finding(f'files {pattern}', found >= expected, detail)


@dataclass(frozen=True)
class _Split:
    """A split with its annotations loaded, but no pictures."""

    samples: BaseDataset
    reads_files: bool


def _open(task: Task, folder: Path) -> tuple[dict[Role, _Split], list[Finding]]:
    splits, refused = {}, []
    for role, dataset in _splits(task):
        try:
            built = opened(of=localise(dataset, {DATA: str(folder)}))
        except BenchmarkError as error:
            refused.append(Finding(f'{role} opens', False, str(error)))
        else:
            splits[Role(role)] = _Split(built, bool(dataset['pipeline']))
    return splits, refused


def _inspect(task: Task, role: Role, split: _Split, *, full: bool) -> Iterator[Finding]:
    found, declared = len(split.samples), task.splits[role]
    is_estimate = role in task.estimated
    detail = f'{found} samples, {"estimated" if is_estimate else "declared"} {declared}'
    yield Finding(f'{role} size', is_estimate or found == declared, detail)
    some = range(found) if full else _spread(found)
    yield _labels(task, role, split, some if split.reads_files else range(found))
    yield _readable(role, split, some)


def _spread(count: int) -> list[int]:
    return sorted({int(i) for i in np.linspace(0, count - 1, min(count, SAMPLED))})


def _labels(task: Task, role: Role, split: _Split, indices: Iterable[int]) -> Finding:
    check = pkgutil.resolve_name(load_kind(task.kind).labels)
    wrong, seen = [], 0
    for index in indices:
        seen += 1
        try:
            sample = split.samples[index]
        except BenchmarkError as error:
            wrong.append(str(error))
            continue
        try:
            problem = check(sample, len(task.classes))
        except (ValueError, TypeError, AttributeError) as error:
            problem = f'cannot be read ({" ".join(str(error).split())})'
        if problem:
            wrong.append(f'{_name(split.samples.get_data_info(index))}: {problem}')
    return _summed(f'{role} labels', wrong, seen)


def _name(info: Mapping[str, Any]) -> str:
    return str(info.get('img_path') or info.get('folder'))


def _summed(what: str, wrong: list[str], seen: int) -> Finding:
    if not wrong:
        return Finding(what, True, f'{seen} checked')
    more = f' and {len(wrong) - _SHOWN} more' if len(wrong) > _SHOWN else ''
    return Finding(what, False, '; '.join(wrong[:_SHOWN]) + more)


def _readable(role: Role, split: _Split, indices: Iterable[int]) -> Finding:
    wrong, seen = [], 0
    for path in _pictures(split.samples, indices):
        seen += 1
        if is_broken(path):
            wrong.append(f'{path}: not readable as a picture')
    return _summed(f'{role} pictures', wrong, seen)


def _pictures(samples: BaseDataset, indices: Iterable[int]) -> Iterator[str]:
    """Yield each picture's path once; of a sequence its first and last frame."""
    seen: set[str] = set()
    for index in indices:
        info = samples.get_data_info(index)
        frames = info.get('frames')
        paths = [info['img_path']] if frames is None else [frames[0], frames[len(frames) - 1]]
        for path in paths:
            if path not in seen:
                seen.add(path)
                yield path


def _apart(task: Task, splits: Mapping[Role, _Split], *, full: bool) -> Iterator[Finding]:
    """Yield whether two splits share samples; a slice of the training split may lie in it."""
    names = {role: _names(split.samples) for role, split in splits.items()}
    for one, other in itertools.combinations(splits, 2):
        is_slice = {one, other} == {Role.TRAIN, Role.VAL} and _is_slice(task)
        if is_slice:
            continue
        shared = sorted(names[one] & names[other])
        wrong = [f'{name} is in both' for name in shared]
        if full and not shared:
            wrong = _same_content(names[one], names[other])
        yield _summed(f'{one} and {other} disjoint', wrong, len(names[one]) + len(names[other]))


def _same_names(splits: Mapping[Role, _Split]) -> Iterator[Finding]:
    """Yield what the annotations of a later split name otherwise than those of the first."""
    named = {role: _annotated_names(split.samples) for role, split in splits.items()}
    first = next((role for role, names in named.items() if names), None)
    for role, names in named.items():
        if first is None or not names:
            continue
        # a rare class may be missing from a smaller split, but each must be learned
        unknown = [name for name in names if name not in named[first]]
        if unknown:
            text = f"{role} has '{unknown[0]}', which {first} has not"
            yield Finding(f'{first} and {role} names', False, text)


def _annotated_names(samples: BaseDataset) -> tuple[str, ...]:
    parts = samples.datasets if isinstance(samples, ConcatDataset) else [samples]
    return tuple(name for part in parts for name in getattr(part, 'annotated_names', ()))


def _is_slice(task: Task) -> bool:
    return task.datasets[Role.VAL].get('type') == _SLICE


def _names(samples: BaseDataset) -> set[str]:
    return {_name(samples.get_data_info(index)) for index in range(len(samples))}


def _same_content(one: set[str], other: set[str]) -> list[str]:
    first = {_digest(name): name for name in sorted(one) if Path(name).is_file()}
    pairs = ((first.get(_digest(name)), name) for name in sorted(other) if Path(name).is_file())
    return [f'{name} has the content of {twin}' for twin, name in pairs if twin]


def _digest(name: str) -> bytes:
    with Path(name).open('rb') as file:
        return hashlib.file_digest(file, 'sha256').digest()
