"""What a request would do here and what that would cost, without starting any of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from benchmark.errors import BenchmarkError
from benchmark.launching.campaign import Campaign
from benchmark.launching.executors.base import Executor
from benchmark.launching.features import inspect_all
from benchmark.launching.workloads import class_of, workload_of_cell, workload_of_record
from benchmark.planning import Cell, Impossible, Plan, ResolvedInputs, expand
from benchmark.planning.cells import Inspected
from benchmark.planning.contents import DataReader
from benchmark.planning.data import locate
from benchmark.planning.estimates import Estimate, Measured, estimate
from benchmark.specs import RunSpec, Task

_NOT_KNOWN = ''
"""Digest of built-in data that are not rendered yet, or not read: no record can have it."""

_MOST_READ = 2e9
"""Bytes of data that a plan reads at most to know them; more are left to the run."""


@dataclass(frozen=True)
class Survey:
    """A plan, and the expected cost of its cells that are to do, by cell.

    ``unread`` are the bytes, by task, of data that were never read here and are too large for a
    plan to read: without their digest it cannot say which of their cells are done.
    """

    plan: Plan
    costs: Mapping[RunSpec, Estimate]
    unread: Mapping[str, int] = field(default_factory=dict)

    def to_plain(self) -> dict[str, Any]:
        """Return the survey as JSON data: lists of cells ``done``, ``to_do`` and ``impossible``."""
        return {
            'done': [_plain(cell) for cell in self.plan.done],
            'to_do': [_plain(cell) | _cost(self.costs[cell.spec]) for cell in self.plan.to_do],
            'impossible': [
                {**asdict(cell.spec), 'reason': cell.reason} for cell in self.plan.impossible
            ],
            **({'unread_bytes': dict(self.unread)} if self.unread else {}),
        }


def _plain(cell: Cell) -> dict[str, Any]:
    return {**asdict(cell.spec), 'fingerprint': cell.fingerprint}


def _cost(expected: Estimate) -> dict[str, Any]:
    seconds, memory = (
        None if value is None else round(value, 1)
        for value in (expected.seconds, expected.memory_mb)
    )
    return {'seconds': seconds, 'memory_mb': memory, 'basis': expected.basis.value}


def survey(campaign: Campaign, executor: Executor, device: str) -> Survey:
    """Return what ``campaign`` would do on a ``device`` of the class ``'cpu'`` or ``'gpu'``.

    Nothing is trained, rendered or fetched; a backbone that the cache of the work folder does not
    know is inspected once. What is wrong with a task or a backbone makes its cells impossible.

    Raises:
        BenchmarkError: a record cannot be read.
    """
    places, refused = _places(campaign)
    inspected = inspect_all(
        campaign.request.backbones,
        campaign.store.work / 'cache',
        executor,
        refuse=refused.__setitem__,
    )
    resolved = ResolvedInputs(
        {name: place.folder for name, place in places.items()},
        {name: place.digest for name, place in places.items()},
        inspected,
    )
    cells: list[Cell] = []
    impossible: list[Impossible] = []
    for spec in expand(campaign.request):
        refusal = refused.get(spec.task) or refused.get(spec.backbone)
        try:
            if refusal is not None:
                raise refusal
            cells.append(campaign.cell(spec, resolved, device))
        except BenchmarkError as error:
            impossible.append(Impossible(spec, str(error)))
    plan = campaign.split(cells)
    measured = list(_measured(campaign, inspected, device))
    costs = {
        cell.spec: estimate(
            workload_of_cell(cell, inspected.get(cell.spec.backbone)), measured, device
        )
        for cell in plan.to_do
    }
    unread = {name: place.unread for name, place in places.items() if place.unread}
    return Survey(Plan(plan.done, plan.to_do, tuple(impossible)), costs, unread)


class _Place(NamedTuple):
    """Where a task's data are, their digest, and how many bytes are left to read to know it."""

    folder: Path
    digest: str
    unread: int = 0


def _places(campaign: Campaign) -> tuple[dict[str, _Place], dict[str, BenchmarkError]]:
    """Return the place of each task's data, and why others have none."""
    found: dict[str, _Place] = {}
    refused: dict[str, BenchmarkError] = {}
    reader = campaign.reader()
    for task in campaign.request.tasks:
        try:
            found[task.name] = _place(task, campaign.data_root, reader)
        except BenchmarkError as error:
            refused[task.name] = error
    return found, refused


def _place(task: Task, data_root: Path, reader: DataReader) -> _Place:
    if not task.source.provider:
        folder = locate(task, data_root)
    else:
        from benchmark.world import find_world

        made = find_world(data_root)
        if made is None:
            return _Place(data_root, _NOT_KNOWN)
        folder = made / task.source.root
    manifest = reader.manifest(task, folder, most=_MOST_READ)
    return _Place(folder, manifest.digest, 0 if manifest.digest else manifest.unread)


def _measured(
    campaign: Campaign, inspected: Mapping[str, Inspected], device: str
) -> Iterator[Measured]:
    tasks = {task.name: task for task in campaign.request.tasks}
    for record in campaign.store.records(campaign.request.suite.name):
        cost = record.cost
        if not record.is_ok or record.spec.task not in tasks or class_of(cost) != device:
            continue
        known = inspected.get(record.spec.backbone)
        workload = workload_of_record(record, tasks[record.spec.task], known)
        phases = ('search_seconds', 'train_seconds', 'test_seconds')
        seconds = sum(cost.get(phase) or 0.0 for phase in phases)
        # a training that was resumed did not measure its first part
        if not cost.get('resumed_at'):
            yield Measured(workload, seconds, cost.get('peak_memory_mb', 0.0))
