"""Find a task's files on this machine."""

from __future__ import annotations

import os
from pathlib import Path

from benchmark.errors import DataError
from benchmark.specs import Task


def locate(task: Task, data_root: Path) -> Path:
    """Return the folder of a task's data; nothing is made or fetched.

    Raises:
        DataError: the folder or its variable is missing; tells where to get the data.
    """
    folder = expected_folder(task, data_root)
    if not folder.is_dir():
        remedy = 'it is made by `tbench run`' if task.source.provider else f'get it: {task.origin}'
        raise DataError(f"task '{task.name}': no folder {folder}; {remedy}")
    return folder


def expected_folder(task: Task, data_root: Path) -> Path:
    """Return where a task's data is looked for.

    Raises:
        DataError: the environment variable that names the place is not set.
    """
    variable = task.source.variable
    if variable is None:
        return data_root / task.source.root
    place = os.environ.get(variable)
    if not place:
        raise DataError(
            f"task '{task.name}': the environment variable {variable} is not set; it names the "
            f'folder that holds {task.source.root}'
        )
    return Path(place) / task.source.root
