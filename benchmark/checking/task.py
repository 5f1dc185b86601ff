"""Whether the declaration of a task is right, and whether its data are there."""

from __future__ import annotations

from pathlib import Path

from benchmark.catalog import find_task
from benchmark.checking.libraries import quiet_libraries
from benchmark.compiling import check_compiles, data_request, localise
from benchmark.errors import DataError, EnvironmentProblem
from benchmark.kinds.base import DATA
from benchmark.planning.data import locate
from benchmark.specs import CheckResult, Task


def task_lines(name: str, data_root: Path) -> list[str]:
    """Return what was found about a task; it compiles for every class of backbone.

    Raises:
        BenchmarkError: its declaration is wrong.
    """
    task = find_task(name)
    suiting = check_compiles(task)
    arguments = _arguments_line(task, data_root)
    return [
        f'ok      declaration: {task.name} ({task.kind}, version {task.version}), {task.path}',
        f'ok      classes: {len(task.classes)}, splits: '
        + ', '.join(f'{role} {count}' for role, count in task.splits.items()),
        f'ok      compiles: with the protocols {", ".join(suiting)}',
        arguments,
        _data_line(task, data_root),
    ]


def _arguments_line(task: Task, data_root: Path) -> str:
    """Return that the libraries know the task's data sets, or how to find out where they are.

    Raises:
        DeclarationError: they do not.
    """
    try:
        with quiet_libraries():
            from benchmark.checking.data import check_arguments

            check_arguments(task)
    except (ImportError, EnvironmentProblem) as error:
        reason = ' '.join(str(error).split())
        command = f'tbench check data {task.path} --data-root {data_root}'
        return f'open    data sets: not looked up ({reason}); next: {command}'
    return 'ok      data sets: known to the libraries, and so are their arguments'


def _data_line(task: Task, data_root: Path) -> str:
    if task.source.provider:
        return f'ok      data: made by the project ({task.source.provider}) on first use'
    try:
        return f'ok      data: {locate(task, data_root)}'
    except DataError as error:
        return f'absent  data: {error}'


def data_findings(name: str, data_root: Path) -> list[CheckResult]:
    """Return what a short look at a task's data finds wrong or odd; nothing where they are absent.

    Raises:
        BenchmarkError: the declaration is wrong.
    """
    task = find_task(name)
    try:
        folder = locate(task, data_root)
    except DataError:
        return []
    if task.source.provider:
        return []
    try:
        with quiet_libraries():
            from benchmark.execution.looking import quick_findings

            return quick_findings(localise(data_request(task), {DATA: str(folder)}))
    except (ImportError, EnvironmentProblem):
        return []  # that the libraries are absent is a line of its own
