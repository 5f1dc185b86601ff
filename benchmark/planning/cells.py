"""Compile the cells of a request, and find out which already have a good record."""

from __future__ import annotations

import hashlib
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
    identity_text,
    numerics_of,
    procedure_of,
)
from benchmark.compiling.memory import HALVINGS, halved_batch
from benchmark.errors import BenchmarkError, IncompatibleError
from benchmark.hashing import canonical_json
from benchmark.kinds import KINDS
from benchmark.kinds.base import Config
from benchmark.planning.plan import Request, recipe_changes
from benchmark.plugins import OURS
from benchmark.protocols import PROTOCOLS
from benchmark.specs import EXACT, Backbone, Features, Pretraining, RunSpec, Task

_PICTURE = 224
"""Side of the picture, in pixels, for which records state operations."""


class Inspected(NamedTuple):
    """What a worker found out about a backbone.

    Attributes:
        features: its shapes and size.
        weights: the hash of its weights, ``None`` where they are random.
        flops: operations of one forward pass per pixel of the input, ``None`` where they could not
            be counted.
        assumed: where a normalisation comes from that nothing states; empty where it is stated.
        elements: numbers that one forward pass writes per pixel of the input, ``None`` likewise.
    """

    features: Features
    weights: str | None
    flops: float | None = None
    assumed: str = ''
    elements: float | None = None

    def completed(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Return the facts of a record with the operations of a square picture of 224 px."""
        flops = None if self.flops is None else round(self.flops * _PICTURE**2)
        return {**facts, 'backbone': {**facts['backbone'], 'flops': flops}}


class ResolvedInputs(NamedTuple):
    """The resolved inputs of cells: folders and manifests of data by task, backbones by id."""

    folders: Mapping[str, Path]
    manifests: Mapping[str, str]
    backbones: Mapping[str, Inspected]


@dataclass(frozen=True, slots=True)
class Design:
    """What the seeds of a cell share, from which its configuration is compiled when it is needed.

    A plan of many thousand cells holds no configuration: each takes a millisecond to compile and
    a hundred kilobytes to keep.

    Attributes:
        inputs: what is compiled.
        inspected: what is known of the backbone; ``None`` without one.
        options: changes to the configuration, by dotted key.
        job: name of the procedure.
    """

    inputs: CellInputs
    inspected: Inspected | None
    options: Mapping[str, Any]
    job: str

    def config(self, spec: RunSpec) -> Config:
        """Return the compiled configuration of ``spec``."""
        procedure = find_procedure(self.job)
        assert procedure.compile is not None, 'the procedure of a protocol compiles'
        return procedure.compile(replace(self.inputs, spec=spec), self.options)

    def facts(self) -> dict[str, Any]:
        """Return what a record says of task, protocol and backbone."""
        facts = find_procedure(self.job).facts(self.inputs)
        return self.inspected.completed(facts) if self.inspected else facts


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell that is ready to run.

    Attributes:
        spec: task, backbone, protocol and seed.
        design: what its configuration is compiled from.
        fingerprint: identity of everything that determines the numbers.
        manifest: hash of the data.
        data: folder of the data.
        numerics: number of each part of the benchmark that takes part.
        changed: the configuration, where it is not that of the design.
    """

    spec: RunSpec
    design: Design
    fingerprint: str
    manifest: str
    data: Path
    numerics: Mapping[str, int]
    changed: Config | None = None

    @property
    def task(self) -> Task:
        """The task."""
        return self.design.inputs.task

    @property
    def job(self) -> str:
        """The name by which a worker finds the procedure."""
        return self.design.job

    @property
    def procedure(self) -> Procedure:
        """How the cell is run."""
        return find_procedure(self.job)

    @property
    def config(self) -> Config:
        """The compiled configuration, with placeholders for local paths; compiled anew each time.

        Raises:
            BenchmarkError: its parts do not fit together.
        """
        return self.design.config(self.spec) if self.changed is None else self.changed

    @property
    def facts(self) -> dict[str, Any]:
        """What the record says of task, protocol and backbone."""
        return self.design.facts()

    @property
    def weights(self) -> str | None:
        """Hash of the backbone's weights, ``None`` where it has none."""
        return self.design.inspected.weights if self.design.inspected else None

    @property
    def checkpoint(self) -> Path | None:
        """File of the weights, if there is one."""
        backbone = self.design.inputs.backbone
        return backbone.checkpoint if backbone else None

    @property
    def code(self) -> Path | None:
        """File of the backbone's class, if there is one."""
        backbone = self.design.inputs.backbone
        return backbone.code if backbone else None

    @property
    def source(self) -> str:
        """Where the network comes from; empty for a trivial predictor."""
        backbone = self.design.inputs.backbone
        return backbone.source if backbone else ''

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
        """Return the cell with half and with a quarter of the batch at a time, where divisible.

        They are what runs instead where memory is not enough, and have fingerprints of their own.
        """
        found: list[Cell] = []
        own = self.config
        config: Config | None = own if self.procedure.trainings(own) else None
        while len(found) < HALVINGS and config and (config := halved_batch(config)):
            found.append(replace(self, changed=config, fingerprint=self.identify(config)))
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


class Outline(NamedTuple):
    """What cells share that differ in the seed, and in the weights or the name of the network.

    ``config`` holds marks in the place of seed and source; ``identity`` is the text whose hash is
    a fingerprint, likewise, with marks in the place of the hash of the weights too.
    """

    job: str
    config: Config
    numerics: Mapping[str, int]
    identity: str

    def of(self, source: str, weights: str | None) -> tuple[str, ...]:
        """Return the identity of a backbone's cells in the pieces between which the seed stands."""
        text = self.identity.replace(canonical_json(_NAME)[1:-1], canonical_json(source)[1:-1])
        return tuple(text.replace(f'"{_WEIGHTS}"', canonical_json(weights)).split(str(_SEED)))


# no declaration holds these by accident
_SEED = 880326517194650822391407
_MOST_OUTLINES = 300
"""Outlines that are held: a tenth of a megabyte each."""

_NAME, _WEIGHTS = '\ue000name\ue001', '\ue000weights\ue001'


_Key = tuple[str, str, str]
"""Task, backbone and protocol."""


class CellCompiler:
    """Compiles the cells of a request; what many of them share is compiled once.

    Args:
        request: what the cells are part of.
        resolved: data and backbones of the request.
        options: changes to every compiled configuration, by dotted key.
        processes: how many shall share the batches of a training.
        policy: how numbers are computed.
    """

    def __init__(
        self,
        request: Request,
        resolved: ResolvedInputs,
        *,
        options: Mapping[str, Any],
        processes: int = 1,
        policy: str = EXACT,
    ) -> None:
        self._request, self._resolved = request, resolved
        self._options, self._processes, self._policy = options, processes, policy
        self._tasks = {task.name: task for task in request.tasks}
        self._backbones = {backbone.id: backbone for backbone in request.backbones}
        self._protocols = {protocol.name: protocol for protocol in request.protocols}
        self._outlines: dict[tuple[str, str], Outline] = {}
        self._marks: dict[str, tuple[Backbone, str]] = {}
        self._ours: dict[tuple[str, str], bool] = {}
        self._of_task = ''
        self._last: tuple[_Key, tuple[Design, Outline, tuple[str, ...]]] | None = None

    def cell(self, spec: RunSpec) -> Cell:
        """Return the cell of ``spec``.

        Raises:
            BenchmarkError: its parts do not fit together.
        """
        design, outline, pieces = self._compiled(spec)
        return Cell(
            spec=spec,
            design=design,
            fingerprint=hashlib.sha256(str(spec.seed).join(pieces).encode()).hexdigest(),
            manifest=self._resolved.manifests[spec.task],
            data=self._resolved.folders[spec.task],
            numerics=outline.numerics,
        )

    def outline(self, spec: RunSpec) -> Outline:
        """Return what the cell of ``spec`` shares with others.

        Raises:
            BenchmarkError: its parts do not fit together.
        """
        return self._compiled(spec)[1]

    def _compiled(self, spec: RunSpec) -> tuple[Design, Outline, tuple[str, ...]]:
        """Return what the seeds of a cell share; the last found again for another seed."""
        key = (spec.task, spec.backbone, spec.protocol)
        if self._last is None or self._last[0] != key:
            inputs = self._inputs(spec)
            outline = self._outline(inputs)
            inspected = self._resolved.backbones.get(spec.backbone)
            source = inputs.backbone.source.partition(':')[2] if inputs.backbone else ''
            pieces = outline.of(source, inspected.weights if inspected else None)
            design = Design(inputs, inspected, self._options, outline.job)
            self._last = key, (design, outline, pieces)
        return self._last[1]

    def _inputs(self, spec: RunSpec) -> CellInputs:
        """Return the inputs of a cell; a trivial predictor has no backbone."""
        inspected = self._resolved.backbones.get(spec.backbone)
        return CellInputs(
            spec=spec,
            backbone=self._backbones.get(spec.backbone),
            features=inspected.features if inspected else None,
            task=self._tasks[spec.task],
            protocol=self._protocols[spec.protocol],
            changes=recipe_changes(self._request.suite, spec),
            policy=self._policy,
        )

    def _outline(self, inputs: CellInputs) -> Outline:
        """Return the outline of alike cells of a task, which follow each other."""
        if self._of_task != inputs.task.name or len(self._outlines) >= _MOST_OUTLINES:
            self._outlines, self._of_task = {}, inputs.task.name
        backbone, mark = self._nameless(inputs)
        key = (inputs.protocol.name, mark)
        if key not in self._outlines:
            spec = replace(inputs.spec, seed=_SEED)
            try:
                alike = replace(inputs, spec=spec, backbone=backbone)
                self._outlines[key] = self._compile(alike)
            except BenchmarkError:
                self._compile(inputs)  # so that what is said names the backbone
                raise
        return self._outlines[key]

    def _nameless(self, inputs: CellInputs) -> tuple[Backbone | None, str]:
        """Return the backbone without what only names it, and a text that alike ones share.

        Parts of another package may compile by the name of a network, which is kept for them.
        """
        backbone = inputs.backbone
        if backbone is None or not self._is_ours(inputs.task.kind, inputs.protocol.name):
            return backbone, repr(backbone)
        if backbone.id not in self._marks:
            bare = _without_name(backbone)
            self._marks[backbone.id] = bare, repr((bare, inputs.features))
        return self._marks[backbone.id]

    def _is_ours(self, kind: str, protocol: str) -> bool:
        if (kind, protocol) not in self._ours:
            found = (KINDS.package(kind)[0], PROTOCOLS.package(protocol)[0])
            self._ours[kind, protocol] = found == (OURS, OURS)
        return self._ours[kind, protocol]

    def _compile(self, inputs: CellInputs) -> Outline:
        job, procedure = procedure_of(inputs)
        assert procedure.compile is not None, 'the procedure of a protocol compiles'
        config = procedure.compile(inputs, self._options)
        _check_shares(procedure.trainings(config), self._processes)
        task, source = inputs.task, inputs.backbone.source if inputs.backbone else ''
        numerics = numerics_of(config, kind=task.kind, protocol=inputs.protocol.name, source=source)
        identity = identity_text(
            config,
            weights=_WEIGHTS,
            manifest=self._resolved.manifests[task.name],
            task_version=task.version,
            numerics=numerics,
            source=source,
        )
        return Outline(job, config, numerics, identity)


def _without_name(backbone: Backbone) -> Backbone:
    """Return a backbone with marks for what only names it: no configuration shows which it is."""
    library, colon, name = backbone.source.partition(':')
    return replace(
        backbone,
        id=_NAME,
        source=library + colon + (name if backbone.code else _NAME),
        checkpoint=backbone.checkpoint and Path(_NAME),
        title='',
        pretraining=Pretraining(),
        licence=None,
        reference=None,
    )


def _check_shares(trainings: Iterable[Config], processes: int) -> None:
    """Raise if the batch cannot be divided evenly among the processes."""
    for config in trainings:
        size = config['train_dataloader']['batch_size']
        if size % processes:
            raise IncompatibleError(
                f'--processes {processes}: a batch of {size} cannot be divided evenly among them'
            )
