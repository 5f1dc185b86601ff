"""The workload of a cell, and how long it may take without progress."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from benchmark.errors import BenchmarkError
from benchmark.kinds.base import Config
from benchmark.kinds.common.operations import count_head
from benchmark.planning import Cell
from benchmark.planning.cells import Inspected
from benchmark.planning.estimates import Workload, batch_memory, estimate, model_flops
from benchmark.results.records import RunRecord
from benchmark.specs import CellKey, Role, RunSpec, Task

"""Task, backbone and protocol."""


_LEAST_STALL = 1800.0
"""Shortest limit in seconds: a busy file system may delay the first line of a log."""

_UNKNOWN_STALL = 6 * 3600.0
_PATIENCE = 10
"""Multiple of a cell's expected duration that may pass without progress."""


def stall_limit(workload: Workload | None) -> float:
    """Return the seconds that a cell may take without progress.

    It follows from counted operations at the nominal speed of a core, the slowest device.
    """
    expected = None if workload is None else estimate(workload, (), 'cpu').seconds
    return _UNKNOWN_STALL if expected is None else max(_LEAST_STALL, _PATIENCE * expected)


def expected_seconds(
    specs: Iterable[RunSpec], workloads: Mapping[CellKey, Workload], device: str
) -> dict[str, float]:
    """Return how long cells should take by their operations, by id; unknown ones are left out.

    Args:
        specs: the cells.
        workloads: what is known of them.
        device: class of device that they run on, ``'cpu'`` or ``'gpu'``.
    """
    found: dict[CellKey, float | None] = {
        key: estimate(workload, (), device).seconds for key, workload in workloads.items()
    }
    known = ((spec.id, found.get(spec.cell)) for spec in specs)
    return {name: seconds for name, seconds in known if seconds is not None}


def longest_first(cells: Iterable[Cell], workloads: Mapping[CellKey, Workload]) -> list[Cell]:
    """Return cells ordered so that workers stay busy until the end.

    The longest cells by operations come first; those of unknown length before all, equal
    ones as they were.
    """

    def shortness(cell: Cell) -> float:
        known = workloads.get(cell.spec.cell)
        return -math.inf if known is None or known.flops is None else -known.flops

    return sorted(cells, key=shortness)


def workload_of_cell(
    cell: Cell,
    inspected: Inspected | None,
    length: float = 1.0,
    *,
    config: Config | None = None,
) -> Workload:
    """Return the workload of a cell.

    Args:
        cell: which cell.
        inspected: what is known of its backbone.
        length: pictures of a test sample, more than one where it is a film.
        config: the cell's configuration, or that of cells like it, if it is at hand.

    Raises:
        BenchmarkError: an option makes no sense.
    """
    learns = cell.design.inputs.protocol.trains_backbone
    known = cell.config if config is None else config
    return _workload(cell.spec, cell.task, known, inspected, learns=learns, length=length)


def workload_of_record(
    record: RunRecord, task: Task, inspected: Inspected | None, length: float
) -> Workload:
    """Return the workload of a finished run.

    Args:
        record: the record of the run.
        task: its task.
        inspected: what is known of its backbone.
        length: as in :func:`workload_of_cell`.
    """
    learns = bool(record.protocol.get('trains_backbone'))
    config = dict(record.config)
    return _workload(record.spec, task, config, inspected, learns=learns, length=length)


def _workload(
    spec: RunSpec,
    task: Task,
    config: Config,
    inspected: Inspected | None,
    *,
    learns: bool,
    length: float,
) -> Workload:
    cell, kind = spec.cell, (task.kind, spec.protocol)
    if 'predictor' in config:  # the trivial predictor does not read images
        return Workload(cell, kind, 0.0, 0)
    if inspected is None:
        return Workload(cell, kind, None, 0)
    parameters = inspected.features.parameters
    if inspected.flops is None:
        return Workload(cell, kind, None, parameters)
    height, width = task.input_size
    trained, tested = _trained_images(config, task), round(task.splits[Role.TEST] * length)
    per_picture = inspected.flops * height * width
    head = count_head(_model(config), (height, width))
    flops = model_flops(
        head, per_picture, trained_images=trained, tested_images=tested, learns=learns
    )
    learning = head.training + (per_picture * head.passes if learns else 0.0)
    kept = batch_memory(learning, height * width, _batch_size(config))
    return Workload(cell, kind, flops, parameters, trained + tested, kept)


def _batch_size(config: Config) -> int:
    """Return how many pictures a training takes at a time; 0 for a probe, or if nothing learns."""
    if 'trials' in config:
        return _batch_size(config['trials'][0]['config'])
    return _number(config, 'train_dataloader', 'batch_size') if 'train_cfg' in config else 0


def _model(config: Config) -> Config:
    """Return the model of a training; of the first trial if there are several."""
    if 'trials' in config:
        return _model(config['trials'][0]['config'])
    found: Config = config.get('model') or {}
    return found


def _trained_images(config: Config, task: Task) -> int:
    """Return how many training pictures pass through the backbone."""
    if 'trials' in config:
        trainings = [_trained_images(trial['config'], task) for trial in config['trials']]
        # the chosen one is trained again
        return sum(trainings) + max(trainings)
    if 'own_head' in config:  # nothing is trained
        return 0
    if 'solver' not in config:
        return _number(config, 'train_cfg', 'max_iters') * _number(
            config, 'train_dataloader', 'batch_size'
        )
    if 'train_dataset' not in config:
        return task.splits[Role.TRAIN]
    return _number(config, 'solver', 'iterations') * _number(config, 'solver', 'batch_size')


def _number(config: Config, part: str, key: str) -> int:
    """Return a whole number from a configuration; raise if an option made it something else.

    Raises:
        BenchmarkError: it is not a whole number of at least 1.
    """
    found = config[part].get(key) if isinstance(config[part], Mapping) else None
    if type(found) is not int or found < 1:
        raise BenchmarkError(f'{part}.{key} is {found!r}: must be a whole number, at least 1')
    return found
