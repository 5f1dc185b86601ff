"""How much a cell asks for."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from benchmark.errors import BenchmarkError
from benchmark.kinds.base import Config
from benchmark.planning import Cell
from benchmark.planning.cells import Inspected
from benchmark.planning.estimates import Workload, backbone_flops
from benchmark.results.records import RunRecord
from benchmark.specs import Role, RunSpec, Task


def longest_first(cells: Iterable[Cell], workloads: Mapping[RunSpec, Workload]) -> list[Cell]:
    """Return cells in the order in which they keep workers busy to the end.

    What takes longest comes first, as far as operations of the backbone say it; unknown ones before
    all, equal ones as they were.
    """

    def shortness(cell: Cell) -> float:
        known = workloads.get(cell.spec)
        return -math.inf if known is None or known.flops is None else -known.flops

    return sorted(cells, key=shortness)


def workload_of_cell(
    cell: Cell, inspected: Inspected | None, config: Config | None = None
) -> Workload:
    """Return what a cell asks for; ``config`` is its own, or that of cells like it, if at hand.

    Raises:
        BenchmarkError: an option makes no sense.
    """
    learns = cell.design.inputs.protocol.trains_backbone
    known = cell.config if config is None else config
    return _workload(cell.spec, cell.task, known, inspected, learns=learns)


def workload_of_record(record: RunRecord, task: Task, inspected: Inspected | None) -> Workload:
    """Return what a finished run asked for."""
    learns = bool(record.protocol.get('trains_backbone'))
    return _workload(record.spec, task, dict(record.config), inspected, learns=learns)


def _workload(
    spec: RunSpec, task: Task, config: Config, inspected: Inspected | None, *, learns: bool
) -> Workload:
    cell, kind = (spec.task, spec.backbone, spec.protocol), (task.kind, spec.protocol)
    if 'predictor' in config:  # it looks at no image
        return Workload(cell, kind, 0.0, 0)
    if inspected is None:
        return Workload(cell, kind, None, 0)
    parameters = inspected.features.parameters
    if inspected.flops is None:
        return Workload(cell, kind, None, parameters)
    height, width = task.input_size
    flops = backbone_flops(
        inspected.flops,
        height * width,
        trained_images=_trained_images(config, task),
        tested_images=task.splits[Role.TEST],
        learns=learns,
    )
    return Workload(cell, kind, flops, parameters)


def _trained_images(config: Config, task: Task) -> int:
    """Return how many training pictures pass the backbone."""
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
    """Return a whole number of a configuration, which an option may have replaced.

    Raises:
        BenchmarkError: it is none that a training could have.
    """
    found = config[part].get(key) if isinstance(config[part], Mapping) else None
    if type(found) is not int or found < 1:
        raise BenchmarkError(f'{part}.{key} is {found!r}: must be a whole number, at least 1')
    return found
