"""Compile the cells of a request, and find out which already have a good record."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from benchmark.compiling import (
    CellInputs,
    Procedure,
    features_of,
    find_procedure,
    fingerprint_of,
    numerics_of,
    procedure_of,
)
from benchmark.compiling.memory import HALVINGS, halved_batch
from benchmark.errors import IncompatibleError
from benchmark.kinds.base import Config
from benchmark.planning.plan import Request, recipe_changes
from benchmark.specs import EXACT, Features, RunSpec, Task

_PICTURE = 224
"""Side of the picture, in pixels, for which records state operations."""


class Inspected(NamedTuple):
    """What a worker found out about a backbone.

    ``weights`` is the hash of its weights, ``None`` where they are random; ``flops`` are those of
    one forward pass per pixel of the input, ``None`` where they could not be counted; ``assumed``
    says where a normalisation comes from that nothing states, and is empty where it is stated.
    """

    features: Features
    weights: str | None
    flops: float | None = None
    assumed: str = ''

    def completed(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Return the facts of a record with the operations of a square picture of 224 px."""
        flops = None if self.flops is None else round(self.flops * _PICTURE**2)
        return {**facts, 'backbone': {**facts['backbone'], 'flops': flops}}


class ResolvedInputs(NamedTuple):
    """The resolved inputs of cells: folders and manifests of data by task, backbones by id."""

    folders: Mapping[str, Path]
    manifests: Mapping[str, str]
    backbones: Mapping[str, Inspected]


@dataclass(frozen=True)
class Cell:
    """A compiled cell, ready to run.

    Attributes:
        spec: task, backbone, protocol and seed.
        task: the task.
        job: the name by which a worker finds the procedure.
        config: the compiled configuration, with placeholders for local paths.
        facts: what the record says of task, protocol and backbone.
        fingerprint: identity of everything that determines the numbers.
        manifest: hash of the data.
        weights: hash of the backbone's weights, ``None`` where it has none.
        data: folder of the data.
        checkpoint: file of the weights, if there is one.
        numerics: number of each part of the benchmark that takes part.
        code: file of the backbone's class, if there is one.
    """

    spec: RunSpec
    task: Task
    job: str
    config: Config
    facts: Mapping[str, Any]
    fingerprint: str
    manifest: str
    weights: str | None
    data: Path
    numerics: Mapping[str, int]
    checkpoint: Path | None = None
    code: Path | None = None

    @property
    def procedure(self) -> Procedure:
        """How the cell is run."""
        return find_procedure(self.job)

    @property
    def source(self) -> str:
        """Where the network comes from; empty for a trivial predictor."""
        return str(self.facts.get('backbone', {}).get('source') or '')

    def identify(
        self,
        config: Config,
        *,
        manifest: str | None = None,
        numerics: Mapping[str, int] | None = None,
    ) -> str:
        """Return the identity of ``config``, the cell's own or a part of it.

        ``manifest`` and ``numerics`` are the cell's unless given.
        """
        return fingerprint_of(
            config,
            weights=self.weights,
            manifest=self.manifest if manifest is None else manifest,
            task_version=self.task.version,
            numerics=self.numerics if numerics is None else numerics,
            source=self.source,
        )

    def smaller(self) -> tuple[Cell, ...]:
        """Return the cell with half the batch at a time, and with a quarter, as far as it divides.

        They are what runs instead where memory is not enough, and have fingerprints of their own.
        """
        found: list[Cell] = []
        config: Config | None = self.config if self.procedure.trainings(self.config) else None
        while len(found) < HALVINGS and config and (config := halved_batch(config)):
            found.append(replace(self, config=config, fingerprint=self.identify(config)))
        return tuple(found)

    @property
    def features_key(self) -> str:
        """What determines the features that a probe reads, beside the weights."""
        # what is done with features does not change them
        kept = {k: n for k, n in self.numerics.items() if not k.startswith('protocol ')}
        return self.identify(features_of(self.config), numerics=kept)


class Impossible(NamedTuple):
    """A cell that cannot be run here, and why."""

    spec: RunSpec
    reason: str


@dataclass(frozen=True)
class Plan:
    """All cells of a request, split by whether a good record of exactly this run exists.

    A plan that is run has no ``impossible`` cells: a single one rejects the whole request.
    """

    done: tuple[Cell, ...]
    to_do: tuple[Cell, ...]
    impossible: tuple[Impossible, ...] = ()


def split_cells(cells: Iterable[Cell], is_done: Callable[[Cell], bool]) -> Plan:
    """Return the plan of ``cells``."""
    done: list[Cell] = []
    to_do: list[Cell] = []
    for cell in cells:
        (done if is_done(cell) else to_do).append(cell)
    return Plan(tuple(done), tuple(to_do))


def compile_cell(
    request: Request,
    spec: RunSpec,
    resolved: ResolvedInputs,
    *,
    options: Mapping[str, Any],
    processes: int = 1,
    policy: str = EXACT,
) -> Cell:
    """Return the compiled cell of ``spec``.

    Args:
        request: what the cell is part of.
        spec: which cell.
        resolved: data and backbones of the request.
        options: changes to every compiled configuration, by dotted key.
        processes: how many shall share the batches of a training.
        policy: how numbers are computed.

    Raises:
        BenchmarkError: its parts do not fit together.
    """
    task = next(t for t in request.tasks if t.name == spec.task)
    inspected = resolved.backbones.get(spec.backbone)
    inputs = replace(_inputs(request, spec, task, inspected), policy=policy)
    job, procedure = procedure_of(inputs)
    assert procedure.compile is not None, 'the procedure of a protocol compiles'
    config = procedure.compile(inputs, options)
    _check_shares(procedure.trainings(config), processes)
    facts = procedure.facts(inputs)
    source = str(facts['backbone'].get('source') or '')
    bare = Cell(
        spec=spec,
        task=task,
        job=job,
        config=config,
        facts=inspected.completed(facts) if inspected else facts,
        fingerprint='',
        manifest=resolved.manifests[spec.task],
        weights=inspected.weights if inspected else None,
        data=resolved.folders[spec.task],
        numerics=numerics_of(config, kind=task.kind, protocol=spec.protocol, source=source),
        checkpoint=inputs.backbone.checkpoint if inputs.backbone else None,
        code=inputs.backbone.code if inputs.backbone else None,
    )
    return replace(bare, fingerprint=bare.identify(config))


def _inputs(request: Request, spec: RunSpec, task: Task, inspected: Inspected | None) -> CellInputs:
    """Return the inputs of a cell; a trivial predictor has no backbone."""
    found = (backbone for backbone in request.backbones if backbone.id == spec.backbone)
    return CellInputs(
        spec=spec,
        backbone=next(found, None),
        features=inspected.features if inspected else None,
        task=task,
        protocol=next(p for p in request.protocols if p.name == spec.protocol),
        changes=recipe_changes(request.suite, spec),
    )


def _check_shares(trainings: Iterable[Config], processes: int) -> None:
    """Raise if the batch cannot be divided evenly among the processes."""
    for config in trainings:
        size = config['train_dataloader']['batch_size']
        if size % processes:
            raise IncompatibleError(
                f'--processes {processes}: they cannot share a batch of {size} evenly'
            )
