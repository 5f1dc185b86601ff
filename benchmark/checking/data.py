"""Check that a task's data are all there and are what the task declares."""

from __future__ import annotations

import importlib
from pathlib import Path

from mmengine.registry import DefaultScope

import benchmark.registry  # noqa: F401  (makes 'benchmark.X' known to mmengine)
from benchmark import packed
from benchmark.compiling import annotated_splits, data_request, localise
from benchmark.errors import DeclarationError, UnknownNameError
from benchmark.execution.looking import FULL, USUAL, look
from benchmark.kinds.base import DATA
from benchmark.kinds.common.opening import misfit
from benchmark.planning.contents import DataReader
from benchmark.specs import CheckResult, Task


def check_data(
    task: Task, folder: Path, *, full: bool = False, reader: DataReader | None = None
) -> list[CheckResult]:
    """Return what was found about the files, splits, labels and pictures of a task's data.

    Args:
        task: what the data are held against.
        folder: where they are.
        full: read every picture and label map, not a sample of them, and look for pictures of equal
            content in two splits.
        reader: makes the digest of the data's contents.

    Raises:
        DeclarationError: a data set has no such type, or its type no such argument.
    """
    check_arguments(task)
    files = [_count(folder, pattern, count) for pattern, count in task.tree.items()]
    request = localise(data_request(task), {DATA: str(folder)})
    return [
        *files,
        *look(request, FULL if full else USUAL),
        CheckResult('manifest', True, (reader or DataReader()).manifest(task, folder).digest),
    ]


def check_arguments(task: Task) -> None:
    """Refuse a task that asks for a data set or an argument that the libraries do not have.

    Raises:
        DeclarationError: names the file, the split, what is unknown and what is known.
    """
    config = annotated_splits(task)
    for module in config['custom_imports']:
        importlib.import_module(module)
    with DefaultScope.overwrite_default_scope(config['default_scope']):
        for role, dataset in config['splits'].items():
            try:
                problem = misfit(dataset)
            except UnknownNameError as error:
                problem = str(error)
            if problem:
                raise DeclarationError(f"{task.path}: data of '{role}': {problem}")


def _count(folder: Path, pattern: str, expected: int) -> CheckResult:
    found = packed.count_files(folder, pattern)
    detail = f'{found} of {expected}' if found <= expected else f'{found}, {expected} are needed'
    return CheckResult(f'files {pattern}', found >= expected, detail)
