"""Find a task's files on this machine."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

from benchmark.errors import DataError
from benchmark.planning.contents import Manifest
from benchmark.specs import CheckResult, Task


def locate(task: Task, data_root: Path) -> Path:
    """Return the folder of a task's data; nothing is made or fetched.

    Raises:
        DataError: the folder or its variable is missing; the message says where to get the data.
    """
    folder = expected_folder(task, data_root)
    if not folder.is_dir():
        remedy = '`tbench run` generates it' if task.source.provider else _remedy(task)
        raise DataError(f"task '{task.name}': no folder {folder}; {remedy}")
    return folder


def layout_lines(task: Task) -> list[str]:
    """Return lines that show the files that a task's data consist of, and how many of each."""
    width = max((len(pattern) for pattern in task.tree), default=0)
    files = [f'          {pattern:<{width}}  {count:>9,}' for pattern, count in task.tree.items()]
    return [f'        {task.source.root}/', *files] if files else []


def keep_manifest(
    task: Task, data_root: Path, findings: Iterable[CheckResult], manifest: Manifest
) -> Path:
    """Write what was found about a task's data, with the digest of each folder; return where to.

    Args:
        task: the task that the data belong to.
        data_root: folder that gets ``manifests/TASK.json``.
        findings: results of the checks of the data.
        manifest: files, bytes and digests of the data.

    Raises:
        DataError: the file cannot be written.
    """
    path = data_root / 'manifests' / f'{task.name}.json'
    content = {
        'task': task.name,
        'version': task.version,
        'findings': [finding._asdict() for finding in findings],
        'files': manifest.files,
        'bytes': manifest.size,
        'folders': dict(manifest.folders),
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content, indent=1) + '\n', encoding='utf-8')
    except OSError as error:
        raise DataError(f'{path}: cannot be written ({error.strerror})') from None
    return path


def _remedy(task: Task) -> str:
    layout = f'; its layout: `tbench check data {task.name}`' if task.tree else ''
    return f'get it: {task.origin}{layout}'


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
