"""A short look at the data of tasks before anything is trained on them, by a worker."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from benchmark.compiling import data_request, library_versions, localise
from benchmark.errors import UNFIT
from benchmark.hashing import fingerprint, slug
from benchmark.kinds.base import DATA, Config
from benchmark.launching.executors.base import Executor, Job, Reply
from benchmark.launching.retries import run_again_when_lost
from benchmark.results.store import write_atomically
from benchmark.specs import Task


class Placed(NamedTuple):
    """A task with the folder and the manifest of its data."""

    task: Task
    folder: Path
    manifest: str


class Checked(NamedTuple):
    """What was found about a task's data: why it cannot be used, and what is only odd.

    ``sizes`` are the numbers of samples of its splits, by the keys that workers know them by.
    """

    faults: tuple[str, ...]
    warnings: tuple[str, ...]
    sizes: Mapping[str, int] = {}

    @property
    def reason(self) -> str:
        """One line that says why the data cannot be used; empty where they can."""
        return '; '.join(self.faults)


def check_all(
    placed: Iterable[Placed], cache: Path, executor: Executor, say: Callable[[str], None]
) -> dict[str, Checked]:
    """Return what a short look finds about each task's data, by the task's name.

    What is found is kept in ``cache`` as long as the data and the declaration stay the same; data
    that the project makes itself are not looked at. Each warning is a line for ``say``.

    Args:
        placed: tasks with their folders.
        cache: where what was found is remembered.
        executor: what looks.
        say: receives a line for each warning.
    """
    found: dict[str, Checked] = {}
    unknown: dict[str, Path] = {}
    jobs: list[Job] = []
    for one in placed:
        if one.task.source.provider or one.task.name in found or one.task.name in unknown:
            continue
        request = data_request(one.task)
        path = cache / 'checks' / f'{_key(request, one.manifest)}.json'
        known = _read(path)
        if known is None:
            unknown[one.task.name] = path
            jobs.append(_job(one, request, cache))
        else:
            found[one.task.name] = known
    for reply in run_again_when_lost(executor, jobs):
        found[reply.job.name] = _kept(reply, unknown[reply.job.name])
    for name, checked in sorted(found.items()):
        for warning in checked.warnings:
            say(f"WARNING task '{name}': {warning}")
    return found


def _key(request: Config, manifest: str) -> str:
    plain = json.loads(json.dumps(request, default=str))
    return fingerprint([plain, manifest, library_versions()])[:24]


def _job(one: Placed, request: Config, cache: Path) -> Job:
    local = localise(request, {DATA: str(one.folder.resolve())})
    log = cache / 'checks' / f'{slug(one.task.name)}.log'
    return Job(one.task.name, {'job': 'check', 'data': local}, log.resolve())


def _kept(reply: Reply, path: Path) -> Checked:
    """Return what a worker found, after writing it down; a look that failed is not a fault."""
    if reply.error:
        if reply.answer.get('user_error'):
            return Checked((reply.error,), ())
        return Checked((), (f'its data could not be looked at: {reply.error}',))
    findings = reply.answer['findings']
    checked = Checked(
        tuple(_line(one) for one in findings if not one['is_ok']),
        tuple(_line(one) for one in findings if one['is_ok'] and one['is_warning']),
        reply.answer['sizes'],
    )
    write_atomically(path, json.dumps(checked._asdict()))
    return checked


def _line(finding: Mapping[str, Any]) -> str:
    return f'{finding["what"]}: {finding["detail"]}'


def _read(path: Path) -> Checked | None:
    """Return what a file of the cache holds; one that is absent or damaged is asked again."""
    try:
        content = json.loads(path.read_text(encoding='utf-8'))
        faults, warnings = tuple(content['faults']), tuple(content['warnings'])
        return Checked(faults, warnings, dict(content['sizes']))
    except (OSError, *UNFIT):
        return None
