"""The workload of a cell, and how long it may take without progress."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from benchmark.compiling import FIXED_VIEWS
from benchmark.errors import BenchmarkError
from benchmark.kinds import load_kind
from benchmark.kinds.base import Config
from benchmark.kinds.common.operations import count_head
from benchmark.planning import Cell
from benchmark.planning.cells import Inspected
from benchmark.planning.estimates import (
    Passes,
    Workload,
    batch_memory,
    count_operations,
    estimate,
)
from benchmark.results.records import RunRecord
from benchmark.specs import Architecture, CellKey, Features, Role, RunSpec, Task


class Pictures(NamedTuple):
    """What the files of a task's data say of its samples.

    Attributes:
        per_test: pictures of a test sample, more than one where it is a film.
        size: bytes of a file, 0 where nobody looked.
    """

    per_test: float = 1.0
    size: float = 0.0


SINGLE = Pictures()
"""Samples of one picture, of whose files nothing is known."""

_FRAMES = 100.0
"""Assumed number of frames of a film whose files were not counted; our own round number."""


def pictures_of(task: Task, files: int = 0, size: int = 0) -> Pictures:
    """Return what is known of a task's pictures: films have more than one.

    ``files`` is how many files its data are, 0 where nobody counted, and ``size`` their bytes.
    """
    each = size / files if files else 0.0
    if not load_kind(task.kind).counts_films:
        return Pictures(1.0, each)
    return Pictures(max(1.0, files / sum(task.splits.values())) if files else _FRAMES, each)


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
    pictures: Pictures = SINGLE,
    *,
    config: Config | None = None,
    has_features: bool = False,
) -> Workload:
    """Return the workload of a cell.

    Args:
        cell: which cell.
        inspected: what is known of its backbone.
        pictures: what is known of its data.
        config: the cell's configuration, or that of cells like it, if it is at hand.
        has_features: whether it reads the features that another cell kept.

    Raises:
        BenchmarkError: an option makes no sense.
    """
    learns = cell.design.inputs.protocol.trains_backbone
    known = cell.config if config is None else config
    found = _workload(cell.spec, cell.task, known, inspected, learns=learns, pictures=pictures)
    if not has_features or found.flops is None:
        return found
    tested = _tested_images(cell.task, pictures)
    return found._replace(
        flops=found.head_flops, elements=0.0, samples=tested, decoded=tested * pictures.size
    )


def keeps_features(config: Config) -> bool:
    """Return whether a cell reads features of fixed views, which other cells can share."""
    return 'views_dataset' in config and 'train_dataset' not in config


class Workloads(NamedTuple):
    """The workloads of a request's cells.

    Attributes:
        whole: of each cell as a whole.
        after_another: of cells that share features, where another cell kept them.
    """

    whole: dict[CellKey, Workload]
    after_another: dict[CellKey, Workload]

    def note(self, cell: Cell, pictures: Pictures, config: Config, *, shares: bool) -> None:
        """Note what cells like ``cell`` ask for.

        Args:
            cell: one of them.
            pictures: what is known of its data.
            config: the configuration of one of them.
            shares: whether features are kept for other cells.

        Raises:
            BenchmarkError: an option makes no sense.
        """
        key, inspected = cell.spec.cell, cell.design.inspected
        self.whole[key] = workload_of_cell(cell, inspected, pictures, config=config)
        if shares and keeps_features(config):
            self.after_another[key] = workload_of_cell(
                cell, inspected, pictures, config=config, has_features=True
            )


def workload_of_record(
    record: RunRecord, task: Task, inspected: Inspected | None, pictures: Pictures = SINGLE
) -> Workload:
    """Return the workload of a finished run.

    Args:
        record: the record of the run.
        task: its task.
        inspected: what is known of its backbone.
        pictures: what is known of its data.
    """
    learns = bool(record.protocol.get('trains_backbone'))
    config = dict(record.config)
    return _workload(record.spec, task, config, inspected, learns=learns, pictures=pictures)


def _workload(
    spec: RunSpec,
    task: Task,
    config: Config,
    inspected: Inspected | None,
    *,
    learns: bool,
    pictures: Pictures,
) -> Workload:
    cell, kind = spec.cell, (task.kind, spec.protocol)
    if 'predictor' in config:  # the trivial predictor does not read images
        return Workload(cell, kind, 0.0, 0)
    if inspected is None:
        return Workload(cell, kind, None, 0)
    features = inspected.features
    if inspected.flops is None:
        return Workload(cell, kind, None, features.parameters)
    height, width = task.input_size
    trained, tested = _trained_images(config, task), _tested_images(task, pictures)
    head, per_picture = (
        count_head(_model(config), (height, width)),
        inspected.flops * height * width,
    )
    done = count_operations(
        head,
        per_picture,
        (inspected.elements or 0.0) * height * width,
        passes=Passes(trained, tested, _read_images(config, task, trained), _steps(config), learns),
        parameters=features.parameters,
    )
    compared = _compared(config, task, tested)
    sweep = _sweep(config, features)
    heads = done.heads + compared * 2 * features.channels[-1] + sweep.flops
    batches = math.ceil(tested / config['test_dataloader']['batch_size'])
    learning = head.training + (per_picture * head.passes if learns else 0.0)
    return Workload(
        cell,
        kind,
        done.backbone + heads,
        features.parameters,
        trained + tested,
        head_flops=heads,
        elements=done.elements,
        compared=compared,
        decoded=(trained + tested) * pictures.size,
        batch_mb=batch_memory(learning, height * width, _batch_size(config)),
        calls=batches + _OF_A_CALL * sweep.steps,
    )


_OF_A_CALL = 1 / 3
"""What a step of linear heads takes beside its operations, as a share of a call of a model."""


class _Sweep(NamedTuple):
    """Operations of all linear heads of a probe, and their steps."""

    flops: float = 0.0
    steps: int = 0


def _sweep(config: Config, features: Features) -> _Sweep:
    """Return the operations of the linear heads that a probe trains side by side."""
    solver = config.get('solver') or {}
    if solver.get('type') != 'linear':
        return _Sweep()
    steps, rows = _number(config, 'solver', 'iterations'), _number(config, 'solver', 'batch_size')
    outputs = len(solver['rates']) * config['readout'].get('classes', 1)
    # a product forwards and one for the slope
    per_row = 2 * 2 * _read_widths(config, features) * outputs
    return _Sweep(steps * rows * _cells(config) * per_row, steps)


def _read_widths(config: Config, features: Features) -> int:
    """Return the sum of the widths of all choices of features that a probe compares."""
    last = features.channels[-1]
    if features.architecture is not Architecture.PLAIN_VIT:
        return sum(features.channels[-_BLOCKS:]) + last
    # of pictures: class tokens of one and of four blocks, each with the mean or without, the mean
    return (_BLOCKS + 1) * last if _cells(config) > 1 else (1 + 4 + 2 + 5 + 1) * last


_BLOCKS = 4
"""Blocks whose features a probe reads."""


def _tested_images(task: Task, pictures: Pictures) -> int:
    return round(task.splits[Role.TEST] * pictures.per_test)


def _read_images(config: Config, task: Task, trained: int) -> int:
    """Return how many of the ``trained`` pictures pass through the backbone."""
    views = config.get(FIXED_VIEWS, 0)
    return min(trained, views * task.splits[Role.TRAIN]) if views else trained


def _steps(config: Config) -> int:
    if 'trials' in config:
        return sum(_steps(trial['config']) for trial in config['trials'])
    return _number(config, 'train_cfg', 'max_iters') if 'train_cfg' in config else 0


_BANK = 100_000
"""Largest number of entries among which neighbours are searched."""


def _compared(config: Config, task: Task, tested: int) -> float:
    """Return how many pairs of features a search for neighbours compares, if there is one."""
    solver = config.get('solver') or {}
    if solver.get('type') != 'knn':
        return 0.0
    cells, held_out = _cells(config), solver.get('held_out', 0.0)
    bank = min(task.splits[Role.TRAIN] * cells, _BANK)
    return float(bank * cells * (tested + held_out * task.splits[Role.TRAIN]))


def _cells(config: Config) -> int:
    """Return how many features of a picture are compared: one, or those of all its cells."""
    size = config['preprocessor'].get('size')
    if size is None:
        return 1
    stride = int(config['reading']['stride'])
    height, width = (int(side) for side in size)
    return math.ceil(height / stride) * math.ceil(width / stride)


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
