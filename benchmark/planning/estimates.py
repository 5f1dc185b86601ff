"""Estimate the cost of a cell from measured cells of its kind, else from operations."""

from __future__ import annotations

import enum
import math
from collections.abc import Sequence
from typing import NamedTuple

from benchmark.kinds.common.operations import HeadCost
from benchmark.specs import CellKey

_BYTES_PER_PARAMETER = 16
"""In single precision: weights, gradients and the two moments of AdamW."""

_BYTES_PER_OPERATION, _BYTES_PER_PIXEL = 0.004, 1800
"""What a training keeps of a picture for its backward pass, in single precision: bytes per
operation of its forward pass, and per pixel of the input. Of nine networks of timm, from
MobileNetV3 to ViT-B, the sum is 1.1 to 5.8 times what autograd was counted to save."""

_LIBRARIES_MB = 700
"""What a worker process holds before a model is built; a round number of ours."""

_BACKWARD = 2
"""A backward pass takes about twice the operations of a forward pass."""


class Speed(NamedTuple):
    """What a worker gets done per second.

    Attributes:
        flops: operations in the products of a backbone.
        head_flops: operations in those of necks and heads, whose norms, activations and resampling
            are not counted.
        elements: numbers that a backbone's operations write.
        compared: pairs of features that a search for neighbours compares and sorts.
    """

    flops: float
    head_flops: float
    elements: float
    compared: float


SPEEDS = {'cpu': Speed(8e10, 3.5e10, 9e8, 2e8), 'gpu': Speed(1e13, 5e12, 1e11, 1e10)}
"""By device: on a core, fitted to what networks and committed records took, as `docs/cost.md`
says; for a GPU, round numbers of ours.
"""

_STEP = 12
"""Numbers that a step of AdamW writes for each parameter that it trains."""

_ALIKE = 0.05
"""Share by which operations of runs of one cell may differ."""

_START = 1.0
"""Seconds to open the data and build the model; a round number of ours."""

_PER_SAMPLE = 0.001
"""Seconds to take a sample through its pipeline, on one core; a round number of ours."""

_PER_CALL = 0.006
"""Seconds that a small batch takes beside its operations, in a model and a metric, on one core."""

_PER_BYTE = 5e-8
"""Seconds to decode a byte of a picture or label map, on one core; a round number of ours."""


class Basis(enum.StrEnum):
    """The basis of an estimate, best first."""

    MEASURED = 'measured'
    KIND = 'scaled from measured cells of the kind'
    OPERATIONS = 'estimated from counted operations'
    NONE = 'unknown'

    @property
    def factor(self) -> float:
        """By how much the truth may lie above or below an estimate."""
        return {Basis.MEASURED: 1.0, Basis.KIND: 1.5}.get(self, 2.0)


class Workload(NamedTuple):
    """What a cell asks for, in training and test.

    Attributes:
        cell: task, backbone and protocol.
        kind: kind of task, and protocol.
        flops: operations of backbone, neck and heads; ``None`` if unknown.
        parameters: of the backbone.
        samples: how many are loaded.
        head_flops: the share of neck and heads in ``flops``.
        elements: numbers that backbone and optimiser write.
        compared: pairs of features that a search for neighbours compares.
        decoded: bytes of the files that are decoded.
        batch_mb: what a training keeps of a batch for its backward pass, in MiB.
        calls: batches that are tested, whose number matters where they are small.
    """

    cell: CellKey
    kind: tuple[str, str]
    flops: float | None
    parameters: int
    samples: int = 0
    head_flops: float = 0.0
    elements: float = 0.0
    compared: float = 0.0
    decoded: float = 0.0
    batch_mb: float = 0.0
    calls: float = 0.0


class Measured(NamedTuple):
    """A finished run on a device of the same class."""

    workload: Workload
    seconds: float
    memory_mb: float


class Estimate(NamedTuple):
    """Expected cost of a cell; ``None`` where nothing can be said."""

    seconds: float | None
    memory_mb: float | None
    basis: Basis

    @property
    def low(self) -> float | None:
        """The fewest seconds that are plausible."""
        return None if self.seconds is None else self.seconds / self.basis.factor

    @property
    def high(self) -> float | None:
        """The most seconds that are plausible."""
        return None if self.seconds is None else self.seconds * self.basis.factor


class Passes(NamedTuple):
    """What passes through a model in one cell.

    Attributes:
        trained: samples that train the heads.
        tested: samples that are tested.
        read: of the trained samples, those that pass through the backbone; the maps of the others
            are kept.
        steps: of the optimiser.
        learns: whether the backbone is trained, which adds a backward pass and the steps.
    """

    trained: int
    tested: int
    read: int
    steps: int
    learns: bool


class Operations(NamedTuple):
    """Operations of a cell: in products of backbone and heads, and numbers that are written."""

    backbone: float
    heads: float
    elements: float


def count_operations(
    head: HeadCost, flops: float, elements: float, *, passes: Passes, parameters: int
) -> Operations:
    """Return the operations of a cell: backbone, neck and heads, in training and in testing.

    Args:
        head: operations of neck and heads.
        flops: operations of the backbone in one forward pass over one input.
        elements: numbers that it writes there.
        passes: what passes through the model.
        parameters: of the backbone.
    """
    forward = 1 + _BACKWARD if passes.learns else 1
    inputs = passes.read * forward * head.passes + passes.tested
    stepped = _STEP * parameters * passes.steps if passes.learns else 0.0
    heads = passes.trained * (1 + _BACKWARD) * head.training + passes.tested * head.testing
    return Operations(flops * inputs, heads, elements * inputs + stepped)


def batch_memory(operations: float, pixels: int, batch_size: int) -> float:
    """Return the MiB that a training keeps of a batch for its backward pass.

    ``operations`` are those of a forward pass over one picture, of the parts that learn, and
    ``pixels`` those of the picture.
    """
    bytes_each = _BYTES_PER_OPERATION * operations + _BYTES_PER_PIXEL * pixels
    return batch_size * bytes_each / 2**20


def estimate(workload: Workload, measured: Sequence[Measured], device: str) -> Estimate:
    """Return the expected cost of a cell on a ``device`` of the class ``'cpu'`` or ``'gpu'``.

    Runs of the same cell with other seeds are best; then those of the same kind and protocol,
    scaled by what both should take; then the operations alone, at a nominal speed.
    """
    same = [run for run in measured if _is_same(run.workload, workload)]
    if same:
        seconds = math.fsum(run.seconds for run in same) / len(same)
        return Estimate(seconds, _most_memory(same), Basis.MEASURED)
    alike = [run for run in measured if run.workload.kind == workload.kind]
    if alike:
        seconds = _scale_measured(workload, alike, device)
        return Estimate(seconds, _scale_memory(workload, alike), Basis.KIND)
    if workload.flops is None:
        return Estimate(None, None, Basis.NONE)
    return Estimate(_nominal_seconds(workload, device), _counted_memory(workload), Basis.OPERATIONS)


def _counted_memory(workload: Workload) -> float:
    """Return the MiB of libraries, model and a batch."""
    model = workload.parameters * _BYTES_PER_PARAMETER / 2**20
    return _LIBRARIES_MB + model + workload.batch_mb


def _nominal_seconds(workload: Workload, device: str) -> float:
    """Return how long a workload whose operations are known takes at the nominal speed."""
    assert workload.flops is not None, 'its operations are known'
    if not workload.flops and not workload.samples:  # a trivial predictor
        return 0.0
    speed = SPEEDS[device]
    return math.fsum(
        (
            _START,
            (workload.flops - workload.head_flops) / speed.flops,
            workload.head_flops / speed.head_flops,
            workload.elements / speed.elements,
            workload.compared / speed.compared,
            workload.samples * _PER_SAMPLE,
            workload.calls * _PER_CALL,
            workload.decoded * _PER_BYTE,
        )
    )


def _is_same(one: Workload, other: Workload) -> bool:
    """Return whether two runs are of one cell and ask for as much: one may be cut short."""
    if one.cell != other.cell:
        return False
    if one.flops is None or other.flops is None:
        return True
    return math.isclose(one.flops, other.flops, rel_tol=_ALIKE)


def _most_memory(runs: Sequence[Measured]) -> float:
    return max(run.memory_mb for run in runs)


def _scale_memory(workload: Workload, alike: Sequence[Measured]) -> float:
    """Return the most that runs took that are alike, more where this one is counted to need it."""
    own = _counted_memory(workload)
    return max(run.memory_mb + max(0.0, own - _counted_memory(run.workload)) for run in alike)


def _scale_measured(workload: Workload, alike: Sequence[Measured], device: str) -> float:
    """Return the seconds of runs that are alike, scaled by what they and this one should take."""
    counted = [run for run in alike if run.workload.flops]
    if workload.flops is None or not counted:
        return math.fsum(run.seconds for run in alike) / len(alike)
    expected = math.fsum(_nominal_seconds(run.workload, device) for run in counted)
    took = math.fsum(run.seconds for run in counted)
    return _nominal_seconds(workload, device) * took / expected
