"""What a request would do here and what that would cost, without starting any of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from benchmark.errors import BenchmarkError, DataError
from benchmark.kinds import load_kind
from benchmark.launching.campaign import Campaign, assumption_lines
from benchmark.launching.datachecks import Placed, check_all
from benchmark.launching.executors.base import Executor
from benchmark.launching.features import inspect_all
from benchmark.launching.workloads import (
    workload_of_cell,
    workload_of_record,
)
from benchmark.planning import Cell, Impossible, Plan, ResolvedInputs, expand
from benchmark.planning.cells import Inspected
from benchmark.planning.contents import DataReader
from benchmark.planning.data import locate
from benchmark.planning.estimates import Estimate, Measured, Workload, estimate
from benchmark.results.index import read_briefs
from benchmark.results.store import read_record
from benchmark.specs import CellKey, RunSpec, Task

_NOT_KNOWN = ''
"""Digest of built-in data that are not rendered yet, or not read: no record can have it."""

_FRAMES = 100.0
"""Frames of a film whose files nobody counted; a round number of ours."""

_MOST_READ = 2e9
"""Bytes of data that a plan reads at most to know them; more are left to the run."""


@dataclass(frozen=True)
class Survey:
    """A plan, and the expected cost of its cells that are to do.

    Attributes:
        plan: the plan.
        costs: by cell.
        unread: bytes, by task, of data that were never read here and are too large for a plan to
            read: without their digest it cannot say which of their cells are done.
        titles: what the backbones are called, by id.
        warnings: what was assumed about them.
    """

    plan: Plan
    costs: Mapping[RunSpec, Estimate]
    unread: Mapping[str, int] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

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
    low, high = (
        None if value is None else round(value, 1) for value in (expected.low, expected.high)
    )
    return {
        'seconds': seconds,
        'low_seconds': low,
        'high_seconds': high,
        'memory_mb': memory,
        'basis': expected.basis.value,
    }


def survey(campaign: Campaign, executor: Executor, device: str) -> Survey:
    """Return what ``campaign`` would do on a ``device`` of the class ``'cpu'`` or ``'gpu'``.

    Nothing is trained, rendered or fetched; a backbone that the cache of the work folder does not
    know is inspected once, and data that it does not know are looked at, as before a run. What is
    wrong with a task or a backbone makes its cells impossible.

    Raises:
        BenchmarkError: a record cannot be read.
    """
    places, refused = _places(campaign)
    refused |= _unusable(campaign, places, executor)
    inspected = inspect_all(
        # building networks takes long: none is built where there are no data to use it on
        campaign.request.backbones if places else (),
        campaign.store.work / 'cache',
        executor,
        refuse=refused.__setitem__,
    )
    resolved = ResolvedInputs(
        {name: place.folder for name, place in places.items()},
        {name: place.digest for name, place in places.items()},
        inspected,
    )
    lengths = {task.name: _length(task, places.get(task.name)) for task in campaign.request.tasks}
    cells, impossible, workloads = _compiled(campaign, resolved, refused, lengths, device)
    plan = campaign.split(cells)
    measured = _measured(campaign, plan, workloads, inspected, lengths, device)
    return Survey(
        Plan(plan.done, plan.to_do, tuple(impossible)),
        _costs(plan, workloads, measured, device),
        {name: place.unread for name, place in places.items() if place.unread},
        campaign.request.titles,
        tuple(assumption_lines(campaign.request, inspected)),
    )


def _compiled(
    campaign: Campaign,
    resolved: ResolvedInputs,
    refused: Mapping[str, BenchmarkError],
    lengths: Mapping[str, float],
    device: str,
) -> tuple[list[Cell], list[Impossible], dict[CellKey, Workload]]:
    """Return the cells, those that are impossible, and what each cell asks for.

    ``refused`` holds the error of each task and backbone that cannot be used, ``lengths`` how many
    pictures a test sample of each task has.
    """
    cells: list[Cell] = []
    impossible: list[Impossible] = []
    workloads: dict[CellKey, Workload] = {}
    compiler = campaign.compiler(resolved, device)
    for spec in expand(campaign.request):
        refusal = refused.get(spec.task) or refused.get(spec.backbone)
        try:
            if refusal is not None:
                raise refusal
            cell = compiler.cell(spec)
        except BenchmarkError as error:
            impossible.append(Impossible(spec, str(error)))
            continue
        cells.append(cell)
        if spec.cell not in workloads:
            config, inspected = compiler.outline(spec).config, cell.design.inspected
            workloads[spec.cell] = workload_of_cell(
                cell, inspected, lengths[spec.task], config=config
            )
    return cells, impossible, workloads


def _unusable(
    campaign: Campaign, places: Mapping[str, _Place], executor: Executor
) -> dict[str, BenchmarkError]:
    """Return why data that are there cannot be used, by task: a run would look as well."""
    placed = [
        Placed(task, place.folder, place.digest)
        for task in campaign.request.tasks
        if (place := places.get(task.name)) is not None and place.digest
    ]
    found = check_all(placed, campaign.store.work / 'cache', executor, lambda line: None)
    return {
        name: DataError(f"task '{name}': {checked.reason}")
        for name, checked in found.items()
        if checked.reason
    }


class _Place(NamedTuple):
    """Where a task's data are, their digest, and how many bytes are left to read to know it.

    ``files`` is how many files they are, 0 where nobody counted.
    """

    folder: Path
    digest: str
    unread: int = 0
    files: int = 0


def _length(task: Task, place: _Place | None) -> float:
    """Return how many pictures a test sample of a task has: more than one where it is a film."""
    if not load_kind(task.kind).counts_films:
        return 1.0
    if place is None or not place.files:
        return _FRAMES
    return max(1.0, place.files / sum(task.splits.values()))


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
    unread = 0 if manifest.digest else manifest.unread
    return _Place(folder, manifest.digest, unread, manifest.files)


_MOST_ALIKE = 100
"""Records of a kind and protocol that an estimate is scaled from at most."""


def _costs(
    plan: Plan,
    workloads: Mapping[CellKey, Workload],
    measured: Iterable[Measured],
    device: str,
) -> dict[RunSpec, Estimate]:
    """Return the expected cost of the cells that are to do."""
    by_cell: dict[CellKey, list[Measured]] = {}
    by_kind: dict[tuple[str, str], list[Measured]] = {}
    for run in measured if plan.to_do else ():
        by_cell.setdefault(run.workload.cell, []).append(run)
        by_kind.setdefault(run.workload.kind, []).append(run)
    found: dict[CellKey, Estimate] = {}
    for key in dict.fromkeys(cell.spec.cell for cell in plan.to_do):
        alike = by_cell.get(key) or by_kind.get(workloads[key].kind, [])[:_MOST_ALIKE]
        found[key] = estimate(workloads[key], alike, device)
    return {cell.spec: found[cell.spec.cell] for cell in plan.to_do}


def _measured(
    campaign: Campaign,
    plan: Plan,
    workloads: Mapping[CellKey, Workload],
    inspected: Mapping[str, Inspected],
    lengths: Mapping[str, float],
    device: str,
) -> Iterator[Measured]:
    """Yield what good records of the suite measured on such a device.

    Summaries do for records of cells of the plan; a record of another configuration is read.
    """
    tasks = {task.name: task for task in campaign.request.tasks}
    current = {(cell.spec, cell.fingerprint) for cell in plan.done}
    suite = campaign.request.suite.name
    for found in read_briefs(campaign.store, suite):
        # a training that was resumed did not measure its first part
        if not found.is_ok or found.spec.task not in tasks or found.whole_seconds is None:
            continue
        if ('cpu' if found.device == 'cpu' else 'gpu') != device:
            continue
        if (found.spec, found.fingerprint) in current:
            workload = workloads[found.spec.cell]
        else:
            record = read_record(campaign.store.runs_folder(suite) / found.path)
            known = inspected.get(record.spec.backbone)
            workload = workload_of_record(
                record, tasks[record.spec.task], known, lengths[record.spec.task]
            )
        yield Measured(workload, found.whole_seconds, found.memory_mb or 0.0)
