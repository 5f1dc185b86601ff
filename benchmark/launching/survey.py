"""What a request would do here, and its cost, without starting anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from benchmark.errors import BenchmarkError, DataError
from benchmark.launching.campaign import Campaign, assumption_lines
from benchmark.launching.costs import Known, expected_costs
from benchmark.launching.datachecks import Placed, check_all
from benchmark.launching.executors.base import Executor, Reserving
from benchmark.launching.features import inspect_all
from benchmark.launching.workloads import Pictures, Workloads, pictures_of
from benchmark.planning import Cell, Impossible, Plan, ResolvedInputs, expand
from benchmark.planning.contents import DataReader
from benchmark.planning.data import locate
from benchmark.planning.estimates import Estimate
from benchmark.specs import RunSpec, Task

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
    pictures = {
        task.name: pictures_of(task, *(known.files, known.size) if known else ())
        for task in campaign.request.tasks
        for known in [places.get(task.name)]
    }
    cells, impossible, workloads = _compiled(campaign, resolved, refused, pictures, device)
    plan = campaign.split(cells)
    known = Known(campaign.request.tasks, inspected, pictures, workloads)
    costs = expected_costs(campaign.store, campaign.request.suite.name, plan, known, device)
    classes: list[str] = []
    if isinstance(executor, Reserving) and plan.to_do:
        classes = executor.planned(campaign.resources(plan, costs, device).shares)
    return Survey(
        Plan(plan.done, plan.to_do, tuple(impossible)),
        costs,
        {name: place.unread for name, place in places.items() if place.unread},
        campaign.request.titles,
        tuple(assumption_lines(campaign.request, inspected)),
        tuple(classes),
    )


def _compiled(
    campaign: Campaign,
    resolved: ResolvedInputs,
    refused: Mapping[str, BenchmarkError],
    pictures: Mapping[str, Pictures],
    device: str,
) -> tuple[list[Cell], list[Impossible], Workloads]:
    """Return the cells, the impossible ones, and the workload of each cell.

    ``refused`` holds the error of each task and backbone that cannot be used, ``pictures`` what is
    known of the data of each task.
    """
    cells: list[Cell] = []
    impossible: list[Impossible] = []
    workloads = Workloads({}, {})
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
            workloads.note(cell, known, config, shares=bool(campaign.feature_cache))
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
    return _Place(folder, manifest.digest, unread, manifest.files, manifest.size)
