"""What a request would do here, and its cost, without starting anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from benchmark.errors import BenchmarkError, DataError
from benchmark.launching.campaign import Campaign, assumption_lines
from benchmark.launching.costs import Known, expected_costs, sample_length
from benchmark.launching.datachecks import Placed, check_all
from benchmark.launching.executors.base import Executor, Reserving
from benchmark.launching.features import inspect_all
from benchmark.launching.workloads import (
    Pictures,
    keeps_features,
    workload_of_cell,
)
from benchmark.planning import Cell, Impossible, Plan, ResolvedInputs, expand
from benchmark.planning.contents import DataReader
from benchmark.planning.data import locate
from benchmark.planning.estimates import Estimate, Workload
from benchmark.specs import CellKey, RunSpec, Task

_NOT_KNOWN = ''
"""Digest of data that are not rendered or read yet; no record has it."""

_MOST_READ = 2e9
"""Largest number of bytes that a plan reads to identify data; more are left to the run."""


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
        classes: what a cluster would be asked for, a line per class of workers.
    """

    plan: Plan
    costs: Mapping[RunSpec, Estimate]
    unread: Mapping[str, int] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()

    def to_plain(self) -> dict[str, Any]:
        """Return the survey as JSON data: lists of cells ``done``, ``to_do`` and ``impossible``."""
        return {
            'done': [_plain(cell) for cell in self.plan.done],
            'to_do': [_plain(cell) | _cost(self.costs[cell.spec]) for cell in self.plan.to_do],
            'impossible': [
                {**asdict(cell.spec), 'reason': cell.reason} for cell in self.plan.impossible
            ],
            **({'unread_bytes': dict(self.unread)} if self.unread else {}),
            **({'classes': list(self.classes)} if self.classes else {}),
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
<<<<<<< HEAD
    pictures = {
        task.name: _pictures(task, places.get(task.name)) for task in campaign.request.tasks
    }
    cells, impossible, workloads = _compiled(campaign, resolved, refused, pictures, device)
    plan = campaign.split(cells)
    measured = _measured(campaign, plan, workloads.whole, inspected, pictures, device)
    return Survey(
        Plan(plan.done, plan.to_do, tuple(impossible)),
        _costs(campaign, plan, workloads, measured, device),
=======
    lengths = {
        task.name: sample_length(task, places[task.name].files if task.name in places else 0)
        for task in campaign.request.tasks
    }
    cells, impossible, workloads = _compiled(campaign, resolved, refused, lengths, device)
    plan = campaign.split(cells)
    known = Known(campaign.request.tasks, inspected, lengths, workloads)
    costs = expected_costs(campaign.store, campaign.request.suite.name, plan, known, device)
    classes: list[str] = []
    if isinstance(executor, Reserving) and plan.to_do:
        classes = executor.planned(campaign.resources(plan, costs, device).shares)
    return Survey(
        Plan(plan.done, plan.to_do, tuple(impossible)),
        costs,
>>>>>>> cluster14
        {name: place.unread for name, place in places.items() if place.unread},
        campaign.request.titles,
        tuple(assumption_lines(campaign.request, inspected)),
        tuple(classes),
    )


class _Workloads(NamedTuple):
    """The workload of each cell: of the whole, and where another cell kept its features."""

    whole: dict[CellKey, Workload]
    after_another: dict[CellKey, Workload]


def _compiled(
    campaign: Campaign,
    resolved: ResolvedInputs,
    refused: Mapping[str, BenchmarkError],
    pictures: Mapping[str, Pictures],
    device: str,
) -> tuple[list[Cell], list[Impossible], _Workloads]:
    """Return the cells, the impossible ones, and the workload of each cell.

    ``refused`` holds the error of each task and backbone that cannot be used, ``pictures`` what is
    known of the data of each task.
    """
    cells: list[Cell] = []
    impossible: list[Impossible] = []
    workloads = _Workloads({}, {})
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
        if spec.cell not in workloads.whole:
            config, known = compiler.outline(spec).config, pictures[spec.task]
            inspected = cell.design.inspected
            workloads.whole[spec.cell] = workload_of_cell(cell, inspected, known, config=config)
            if campaign.feature_cache and keeps_features(config):
                workloads.after_another[spec.cell] = workload_of_cell(
                    cell, inspected, known, config=config, has_features=True
                )
    return cells, impossible, workloads


def _unusable(
    campaign: Campaign, places: Mapping[str, _Place], executor: Executor
) -> dict[str, BenchmarkError]:
    """Return, by task, why existing data cannot be used; a run makes the same check."""
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
    """The folder and digest of a task's data, and the bytes still to be read for the digest.

    ``files`` is how many files they are and ``size`` their bytes, 0 where nobody counted.
    """

    folder: Path
    digest: str
    unread: int = 0
    files: int = 0
    size: int = 0


<<<<<<< HEAD
def _pictures(task: Task, place: _Place | None) -> Pictures:
    """Return what is known of a task's pictures: films have more than one."""
    is_counted = place is not None and place.files > 0
    size = place.size / place.files if place is not None and is_counted else 0.0
    if not load_kind(task.kind).counts_films:
        return Pictures(1.0, size)
    if place is None or not is_counted:
        return Pictures(_FRAMES, size)
    return Pictures(max(1.0, place.files / sum(task.splits.values())), size)


=======
>>>>>>> cluster14
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
<<<<<<< HEAD
    return _Place(folder, manifest.digest, unread, manifest.files, manifest.size)


_MOST_ALIKE = 100
"""Largest number of records of a kind and protocol from which an estimate is scaled."""


def _costs(
    campaign: Campaign,
    plan: Plan,
    workloads: _Workloads,
    measured: Iterable[Measured],
    device: str,
) -> dict[RunSpec, Estimate]:
    """Return the expected cost of the cells to do.

    Of the cells that share features, the first pays for them.
    """
    by_cell: dict[CellKey, list[Measured]] = {}
    by_kind: dict[tuple[str, str], list[Measured]] = {}
    for run in measured if plan.to_do else ():
        by_cell.setdefault(run.workload.cell, []).append(run)
        by_kind.setdefault(run.workload.kind, []).append(run)
    draws = {b.id: b.draws_weights for b in campaign.request.backbones}

    def features(spec: RunSpec) -> tuple[str, str, int]:
        return (spec.task, spec.backbone, spec.seed if draws.get(spec.backbone) else 0)

    shared = workloads.after_another
    kept = {features(cell.spec) for cell in plan.done if cell.spec.cell in shared}
    found: dict[tuple[CellKey, bool], Estimate] = {}
    costs: dict[RunSpec, Estimate] = {}
    for spec in (cell.spec for cell in plan.to_do):
        key = spec.cell
        has_features = key in shared and features(spec) in kept
        if key in shared:
            kept.add(features(spec))
        if (key, has_features) not in found:
            asked = shared[key] if has_features else workloads.whole[key]
            alike = by_cell.get(key) or by_kind.get(asked.kind, [])[:_MOST_ALIKE]
            found[key, has_features] = estimate(asked, alike, device)
        costs[spec] = found[key, has_features]
    return costs


def _measured(
    campaign: Campaign,
    plan: Plan,
    workloads: Mapping[CellKey, Workload],
    inspected: Mapping[str, Inspected],
    pictures: Mapping[str, Pictures],
    device: str,
) -> Iterator[Measured]:
    """Yield the measurements in good records of the suite on such a device.

    Summaries do for records of cells of the plan; a record of another configuration is read.
    """
    tasks = {task.name: task for task in campaign.request.tasks}
    current = {(cell.spec, cell.fingerprint) for cell in plan.done}
    suite = campaign.request.suite.name
    for found in read_briefs(campaign.store, suite):
        # a training that was resumed did not measure its first part, and a probe that read features
        # from the cache did not measure them
        if not found.is_ok or found.spec.task not in tasks:
            continue
        if found.seconds is None or found.whole_seconds is None:
            continue
        if ('cpu' if found.device == 'cpu' else 'gpu') != device:
            continue
        if (found.spec, found.fingerprint) in current:
            workload = workloads[found.spec.cell]
        else:
            record = read_record(campaign.store.runs_folder(suite) / found.path)
            known = inspected.get(record.spec.backbone)
            workload = workload_of_record(
                record, tasks[record.spec.task], known, pictures[record.spec.task]
            )
        yield Measured(workload, found.whole_seconds, found.memory_mb or 0.0)
=======
    return _Place(folder, manifest.digest, unread, manifest.files)
>>>>>>> cluster14
