"""Whether the declaration of a task is right, and whether its data are there."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path

from benchmark.catalog import find_task
from benchmark.compiling import check_compiles
from benchmark.errors import DataError, EnvironmentProblem
from benchmark.planning.data import locate
from benchmark.specs import Task


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
        with _quiet_libraries():
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


@contextlib.contextmanager
def _quiet_libraries() -> Iterator[None]:
    """Prepare the libraries, and drop what they print of what they miss when they are imported.

    Raises:
        ImportError: one of them is not installed.
        EnvironmentProblem: one of them is of a version that does not work.
    """
    from benchmark.openmmlab import prepare

    with contextlib.redirect_stdout(io.StringIO()):
        prepare()
        yield
