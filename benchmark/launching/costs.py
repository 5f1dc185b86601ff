"""What the cells of a plan should cost, by the records of the suite."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from benchmark.launching.workloads import Pictures, Workloads, workload_of_record
from benchmark.planning import Cell, Plan
from benchmark.planning.cells import Inspected
from benchmark.planning.estimates import Basis, Estimate, Measured, estimate
from benchmark.results.index import read_briefs
from benchmark.results.store import ResultStore, read_record
from benchmark.specs import CellKey, RunSpec, Task

_MOST_ALIKE = 100
"""Largest number of records of a kind and protocol from which an estimate is scaled."""


class Known(NamedTuple):
    """What is known of a request's cells.

    Attributes:
        tasks: the tasks.
        inspected: of each backbone.
        pictures: of each task.
        workloads: of each cell.
    """

    tasks: Sequence[Task]
    inspected: Mapping[str, Inspected]
    pictures: Mapping[str, Pictures]
    workloads: Workloads


def expected_costs(
    store: ResultStore, suite: str, plan: Plan, known: Known, device: str
) -> dict[RunSpec, Estimate]:
    """Return the expected cost of the cells to do; of those that share features, the first pays.

    Args:
        store: the records.
        suite: whose records are measurements.
        plan: the cells.
        known: what is known of them.
        device: class of device, ``'cpu'`` or ``'gpu'``.
    """
    by_cell: dict[CellKey, list[Measured]] = {}
    by_kind: dict[tuple[str, str], list[Measured]] = {}
    for run in _measured(store, suite, plan, known, device) if plan.to_do else ():
        by_cell.setdefault(run.workload.cell, []).append(run)
        by_kind.setdefault(run.workload.kind, []).append(run)
    shared = known.workloads.after_another
    kept = {_features(cell) for cell in plan.done if cell.spec.cell in shared}
    found: dict[tuple[CellKey, bool], Estimate] = {}
    costs: dict[RunSpec, Estimate] = {}
    for cell in plan.to_do:
        key = cell.spec.cell
        has_features = key in shared and _features(cell) in kept
        if key in shared:
            kept.add(_features(cell))
        if (key, has_features) not in found:
            workload = shared[key] if has_features else known.workloads.whole.get(key)
            alike = by_cell.get(key, [])
            if workload is not None and not alike:
                alike = by_kind.get(workload.kind, [])[:_MOST_ALIKE]
            found[key, has_features] = (
                Estimate(None, None, Basis.NONE)
                if workload is None
                else estimate(workload, alike, device)
            )
        costs[cell.spec] = found[key, has_features]
    return costs


def _features(cell: Cell) -> tuple[str, str, int]:
    """Return what tells features apart: weights that a seed draws are others for each seed."""
    backbone = cell.design.inputs.backbone
    draws = backbone is not None and backbone.draws_weights
    return (cell.spec.task, cell.spec.backbone, cell.spec.seed if draws else 0)


def _measured(
    store: ResultStore, suite: str, plan: Plan, known: Known, device: str
) -> Iterator[Measured]:
    """Yield the measurements in good records of the suite on such a device.

    Summaries do for records of cells of the plan; a record of another configuration is read.
    """
    tasks = {task.name: task for task in known.tasks}
    current = {(cell.spec, cell.fingerprint) for cell in plan.done}
    for found in read_briefs(store, suite):
        workload = known.workloads.whole.get(found.spec.cell)
        # a training that was resumed did not measure its first part, and a probe that read features
        # from the cache did not measure them
        if not found.is_ok or found.spec.task not in tasks:
            continue
        if found.seconds is None or found.whole_seconds is None:
            continue
        if ('cpu' if found.device == 'cpu' else 'gpu') != device:
            continue
        if (found.spec, found.fingerprint) not in current or workload is None:
            record = read_record(store.runs_folder(suite) / found.path)
            inspected = known.inspected.get(record.spec.backbone)
            workload = workload_of_record(
                record, tasks[record.spec.task], inspected, known.pictures[record.spec.task]
            )
        yield Measured(workload, found.whole_seconds, found.memory_mb or 0.0)
