"""What the cells of a plan should cost, by the records of the suite."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from benchmark.kinds import load_kind
from benchmark.launching.workloads import workload_of_record
from benchmark.planning import Plan
from benchmark.planning.cells import Inspected
from benchmark.planning.estimates import Basis, Estimate, Measured, Workload, estimate
from benchmark.results.index import read_briefs
from benchmark.results.store import ResultStore, read_record
from benchmark.specs import CellKey, RunSpec, Task

_MOST_ALIKE = 100
"""Largest number of records of a kind and protocol from which an estimate is scaled."""

_FRAMES = 100.0
"""Assumed number of frames of a film whose files were not counted; our own round number."""


class Known(NamedTuple):
    """What is known of a request's cells.

    Attributes:
        tasks: the tasks.
        inspected: of each backbone.
        lengths: pictures of a test sample, by task.
        workloads: of each cell.
    """

    tasks: Sequence[Task]
    inspected: Mapping[str, Inspected]
    lengths: Mapping[str, float]
    workloads: Mapping[CellKey, Workload]


def sample_length(task: Task, files: int) -> float:
    """Return the number of pictures in a test sample of a task: more than one for a film.

    ``files`` is how many files its data are, 0 where nobody counted.
    """
    if not load_kind(task.kind).counts_films:
        return 1.0
    return max(1.0, files / sum(task.splits.values())) if files else _FRAMES


def expected_costs(
    store: ResultStore, suite: str, plan: Plan, known: Known, device: str
) -> dict[RunSpec, Estimate]:
    """Return the expected cost of the cells to do.

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
    found: dict[CellKey, Estimate] = {}
    for key in dict.fromkeys(cell.spec.cell for cell in plan.to_do):
        workload = known.workloads.get(key)
        if workload is None:
            found[key] = Estimate(None, None, Basis.NONE)
            continue
        alike = by_cell.get(key) or by_kind.get(workload.kind, [])[:_MOST_ALIKE]
        found[key] = estimate(workload, alike, device)
    return {cell.spec: found[cell.spec.cell] for cell in plan.to_do}


def _measured(
    store: ResultStore, suite: str, plan: Plan, known: Known, device: str
) -> Iterator[Measured]:
    """Yield the measurements in good records of the suite on such a device.

    Summaries do for records of cells of the plan; a record of another configuration is read.
    """
    tasks = {task.name: task for task in known.tasks}
    current = {(cell.spec, cell.fingerprint) for cell in plan.done}
    for found in read_briefs(store, suite):
        workload = known.workloads.get(found.spec.cell)
        # a training that was resumed did not measure its first part
        if not found.is_ok or found.spec.task not in tasks or found.whole_seconds is None:
            continue
        if ('cpu' if found.device == 'cpu' else 'gpu') != device:
            continue
        if (found.spec, found.fingerprint) not in current or workload is None:
            record = read_record(store.runs_folder(suite) / found.path)
            inspected = known.inspected.get(record.spec.backbone)
            workload = workload_of_record(
                record, tasks[record.spec.task], inspected, known.lengths[record.spec.task]
            )
        yield Measured(workload, found.whole_seconds, found.memory_mb or 0.0)
