"""The frozen nouns of the benchmark: what is compared, on what, how, and what was asked for.

Standard library only. A :class:`Task` never mentions a backbone, a
:class:`Backbone` never mentions a task and a :class:`Protocol` mentions
neither; they meet when a run is compiled.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from benchmark.hashing import slug

Declared = Mapping[str, Any]
"""A literal read from a declaration file: JSON-like, but tuples are allowed."""


class Unit(enum.StrEnum):
    """The unit in which an evaluator returns a metric."""

    PERCENT = 'percent'
    FRACTION = 'fraction'
    METRE = 'metre'
    PIXEL = 'pixel'
    NONE = 'none'


@dataclass(frozen=True)
class Metric:
    """One number of an evaluation: its key, unit, direction and attainable bounds.

    Attributes:
        key: name that the evaluator gives it.
        unit: unit of what the evaluator returns.
        higher_is_better: its direction.
        bounds: least and largest value, in the evaluator's unit; the upper one may be infinite.
        title: how tables call it.
        is_optional: whether it is that of a group of objects, and absent where the test split has
            no object of the group.
    """

    key: str
    unit: Unit
    higher_is_better: bool
    bounds: tuple[float, float]
    title: str = ''
    is_optional: bool = False

    @property
    def label(self) -> str:
        """The name to print in a table heading, with the canonical unit where there is one."""
        suffix = {Unit.METRE: ' (m)', Unit.PIXEL: ' (px)'}.get(self.unit, '')
        return (self.title or self.key) + suffix

    def canonical(self, raw: float) -> float:
        """Return the value as tables show it: fractions become percent, the rest stays.

        Raises:
            ValueError: the value is not a finite number inside the metric's bounds.
        """
        low, high = self.bounds
        slack = 1e-6 * max(1.0, abs(low), abs(high) if math.isfinite(high) else 1.0)
        if not math.isfinite(raw) or not low - slack <= raw <= high + slack:
            raise ValueError(f'{self.key} = {raw} lies outside its bounds [{low}, {high}]')
        return raw * 100 if self.unit is Unit.FRACTION else raw


class Architecture(enum.StrEnum):
    """The architecture class on which a recipe may depend."""

    PLAIN_VIT = 'plain-vit'
    HIERARCHICAL = 'hierarchical-transformer'
    CONVNET = 'convnet'


class Size(enum.StrEnum):
    """The size class on which a recipe may depend, from 50, 150 and 500 million parameters."""

    SMALL = 'small'
    BASE = 'base'
    LARGE = 'large'
    HUGE = 'huge'


_FROM = {Size.HUGE: 500_000_000, Size.LARGE: 150_000_000, Size.BASE: 50_000_000, Size.SMALL: 0}
"""The parameters from which each size class counts."""


_DOUBLING = (1, 2, 4, 8)
_NETWORKS: Mapping[tuple[Architecture, tuple[int, ...], int], str] = {
    **{
        (Architecture.PLAIN_VIT, (width,), depth): name
        for name, width, depth in (
            ('vit-t', 192, 12), ('vit-s', 384, 12), ('vit-b', 768, 12), ('vit-l', 1024, 24),
            ('vit-h', 1280, 32),
        )
    },
    **{
        (architecture, tuple(width * factor for factor in _DOUBLING), depth): name
        for architecture, name, width, depth in (
            (Architecture.HIERARCHICAL, 'swin-t', 96, 12),
            (Architecture.HIERARCHICAL, 'swin-s', 96, 24),
            (Architecture.HIERARCHICAL, 'swin-b', 128, 24),
            (Architecture.HIERARCHICAL, 'swin-l', 192, 24),
            (Architecture.CONVNET, 'convnext-atto', 40, 12),
            (Architecture.CONVNET, 'convnext-t', 96, 18),
            (Architecture.CONVNET, 'convnext-s', 96, 36),
            (Architecture.CONVNET, 'convnext-b', 128, 36),
            (Architecture.CONVNET, 'convnext-l', 192, 36),
            (Architecture.CONVNET, 'resnet-50', 256, 16),
        )
    },
}  # fmt: skip
"""Networks that sources of recipes train, by architecture, channels and depth."""


@dataclass(frozen=True)
class Features:
    """What a backbone hands to a neck or head, and how its input is normalised.

    Attributes:
        architecture: its class, by which recipes are chosen.
        channels: widths of the feature maps, from shallow to deep.
        strides: their strides in pixels.
        mean: per RGB channel, on the scale 0 to 255.
        std: per RGB channel, on the scale 0 to 255.
        parameters: how many it has.
        depth: number of its layers.
        windows: sides of the attention windows per stage, in tokens, of a network whose windows can
            grow without touching its weights; empty for all others.
        is_fixed: whether it takes images of one size only, for which it is built.
    """

    architecture: Architecture
    channels: tuple[int, ...]
    strides: tuple[int, ...]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    parameters: int
    depth: int
    windows: tuple[int, ...] = ()
    is_fixed: bool = False

    @property
    def size(self) -> Size:
        """The size class on which a recipe may depend."""
        return next(size for size, least in _FROM.items() if self.parameters >= least)

    @property
    def width(self) -> int:
        """The channels at the stride nearest to 16 pixels, where most layers of a network are."""
        level = min(range(len(self.strides)), key=lambda i: abs(math.log2(self.strides[i] / 16)))
        return self.channels[level]

    @property
    def network(self) -> str:
        """The usual network of this shape, as in ``'vit-b'``; empty where there is none.

        A Swin whose windows can grow is SwinV2's.
        """
        name: str = _NETWORKS.get((self.architecture, self.channels, self.depth), '')
        return name.replace('swin-', 'swinv2-') if self.windows else name


@dataclass(frozen=True)
class Pretraining:
    """Facts about how a backbone was pretrained; unknown ones stay ``None``.

    Attributes:
        method: as papers write it.
        family: ``'mim'``, ``'supervised'``, ``'contrastive'`` and so on.
        data: what it learnt from.
        epochs: passes over these data.
        labels: whether it saw labels.
    """

    method: str | None = None
    family: str | None = None
    data: str | None = None
    epochs: float | None = None
    labels: bool | None = None


DROP, REINIT = 'drop', 'reinit'
"""What may be done to the last blocks of a network before it is used."""


@dataclass(frozen=True)
class LastBlocks:
    """The last ``count`` blocks of a network, and what is done to them once weights are loaded.

    ``action`` is ``'drop'`` or ``'reinit'``.
    """

    action: str
    count: int

    @property
    def done(self) -> str:
        """What was done, as a sentence says it."""
        return {DROP: 'dropped', REINIT: 're-initialised'}[self.action]

    @property
    def suffix(self) -> str:
        """How an id ends that says so."""
        return f'+{self.action}{self.count}'


@dataclass(frozen=True)
class Backbone:
    """A pretrained feature extractor: where its code and weights come from.

    Attributes:
        id: its name in records.
        source: ``'timm:NAME'``, say.
        is_random: whether it stays at random initialisation.
        checkpoint: file or folder of its weights; ``None`` for the library's own published ones,
            and unused when ``is_random``.
        options: arguments of the architecture by name.
        code: the file of a source ``'file:FILE.py:CLASS'``.
        may_miss: patterns of parameter names that the weights may lack, each with the reason why
            that is right.
        normalisation: mean and standard deviation per RGB channel, 0 to 255; the source's unless
            given.
        title: how tables call it; a part of its id unless given.
        pretraining: how it was pretrained.
        licence: that of its weights.
        reference: the paper.
        last_blocks: set where the network is not used whole.
        copy: key of the copy to take from a file with several, such as ``'teacher'``; empty for the
            one that the file's writer evaluates.
    """

    id: str
    source: str
    is_random: bool = False
    checkpoint: Path | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    code: Path | None = None
    may_miss: Mapping[str, str] = field(default_factory=dict)
    normalisation: tuple[tuple[float, float, float], tuple[float, float, float]] | None = None
    title: str = ''
    pretraining: Pretraining = field(default_factory=Pretraining)
    licence: str | None = None
    reference: str | None = None
    last_blocks: LastBlocks | None = None
    copy: str = ''

    @property
    def draws_weights(self) -> bool:
        """Whether a seed may draw weights of it, all or some."""
        is_bare = self.code is not None and self.checkpoint is None
        starts_anew = self.last_blocks is not None and self.last_blocks.action == REINIT
        return self.is_random or is_bare or starts_anew

    def source_at(self, code: str) -> str:
        """Return the source as a network is opened by it, its file, if any, being at ``code``."""
        return f'file:{code}:{self.source.rpartition(":")[2]}' if self.code else self.source


class CheckResult(NamedTuple):
    """One thing that was checked: whether it is as it must be, and what was seen.

    What can be right but seldom is, ``is_warning``: nothing stops because of it.
    """

    what: str
    is_ok: bool
    detail: str
    is_warning: bool = False


class Role(enum.StrEnum):
    """What a split is for: train learns, val selects, test only reports."""

    TRAIN = 'train'
    VAL = 'val'
    TEST = 'test'


@dataclass(frozen=True)
class DataSource:
    """Where a task's files are.

    ``root`` is a path below the data root; ``provider`` names the built-in
    generator that makes them, ``variable`` the environment variable that holds
    the folder. At most one of the two is set.
    """

    root: str
    provider: str | None = None
    variable: str | None = None


@dataclass(frozen=True)
class Task:
    """A data set with a question: splits by role, names, metric, budget and provenance.

    Attributes:
        name: its name, by which records and commands know it.
        kind: name of its kind.
        version: rises when the same declaration would give other numbers.
        title: how tables call it.
        group: the group in which reports contrast pretrainings.
        input_size: height and width of what a network sees, in pixels.
        classes: their names; mere numbers where the data set itself has the names.
        splits: how many samples each data set holds.
        metric: the headline metric.
        metrics: all that are shown.
        source: where its data are.
        datasets: an OpenMMLab data set dictionary per role, with paths relative to the data root.
        budget: how long training lasts (``iterations``, ``batch_size``).
        head: which of the kind's heads it takes.
        options: the kind's own facts.
        citation: the paper of the data.
        licence: that of the data.
        origin: where its files come from, and which of them are tested.
        path: its declaration.
        tree: patterns of files below the data's folder, each with how many there must be.
        estimated: splits whose number of samples no source states exactly.
        film: regular expression for the names of test pictures: those that agree in its first group
            are of one film, and are drawn together where test examples are.
    """

    name: str
    kind: str
    version: int
    title: str
    group: str
    input_size: tuple[int, int]
    classes: tuple[str, ...]
    splits: Mapping[Role, int]
    metric: Metric
    metrics: tuple[Metric, ...]
    source: DataSource
    datasets: Mapping[Role, Declared]
    budget: Declared
    head: str
    options: Declared
    citation: str
    licence: str
    origin: str
    path: Path
    tree: Mapping[str, int] = field(default_factory=dict)
    estimated: tuple[Role, ...] = ()
    film: str = ''

    def option(self, key: str, default: Any) -> Any:
        """Return the task's own option ``key``, or ``default`` where it declares none."""
        return self.options.get(key, default)

    @property
    def names_classes(self) -> bool:
        """Whether the task itself names its classes, and does not leave that to its data set."""
        return self.classes != tuple(map(str, range(len(self.classes))))


SCHEDULES = ('cosine', 'linear', 'poly', 'step', 'rise-and-fall')
"""How the learning rate falls after warm-up; the last one rises by the same power of time."""

OPTIMIZERS = ('adamw', 'sgd', 'lamb', 'lars')
"""What may train a model."""

DECAYED = ('matrices', 'biases', 'all')
"""What weight decay acts on.

``matrices`` leaves out vectors and all that encodes positions, ``biases`` the norms' parameters
and positions, ``all`` nothing.
"""

PRECISIONS = ('bf16', 'single')
"""What a recipe may say of precision, whatever the policy.

``bf16`` computes the backbone in bfloat16 in training and test; ``single`` keeps a training in
single precision under the policy ``fast`` too, as where its source trained so.
"""

EXACT, FAST = POLICIES = ('exact', 'fast')
"""How numbers are computed.

``exact`` computes in single precision throughout. ``fast`` trains under bfloat16 autocast, lets
what stays in single precision use TF32, and chooses faster kernels.
"""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """The numbers of one training: optimiser, schedule and regularisation.

    The fields are in the order in which documents show them; suites may set each of them, to
    what its type and ``metadata`` allow.

    Attributes:
        lr: learning rate at ``batch_size``.
        optimizer: what trains the model, one of :data:`OPTIMIZERS`.
        betas: decay of the moments of AdamW and LAMB.
        momentum: of SGD and LARS, also in a linear probe.
        nesterov: whether SGD looks ahead.
        weight_decay: of the optimiser, on what ``decayed`` names.
        decayed: what weight decay acts on, one of :data:`DECAYED`.
        layer_decay: factor on the rate per layer, from the head down; 1 leaves it alone.
        backbone_factor: factor on the rate of the backbone; neck and head have the rate itself.
        decay_steps: how often a source that counts layers in its own way multiplies between head
            and stem; the stem keeps the source's rate whatever the depth.
        drop_path: rate of stochastic depth of the last block.
        kept_statistics: whether the backbone's batch norms keep the statistics of pretraining.
        whitened: whether each map is normalised per channel before neck and head.
        clip_norm: largest norm of the gradient.
        batch_size: pictures per step.
        iterations: steps of the optimiser.
        head_first: share of ``iterations`` in which the head alone learns, on a frozen backbone;
            afterwards everything does, and each part has its own warm-up and schedule.
        warmup: share of ``iterations`` with a rising rate.
        warmup_start: share of its peak at which each rate starts to rise.
        schedule: how the rate falls after warm-up, one of :data:`SCHEDULES`.
        milestones: shares of ``iterations`` at which the schedule ``step`` multiplies the rate.
        step_factor: what it multiplies the rate by.
        power: of the schedules ``poly`` and ``rise-and-fall``.
        floor: share of its peak down to which each rate falls; not for the schedule ``step``.
        window: side of attention windows in tokens, for networks that can change it.
        ema: decay of a moving average of the weights that is tested in their place.
        accumulation: in how many parts a batch passes.
        precision: one of :data:`PRECISIONS`; ``None`` leaves it to the policy of the run.
        checkpointing: whether the backbone recomputes its activations.
        compiled: whether the backbone is compiled.
        grid: values by field, the best of which are chosen on the validation split.
        features: what a probe reads; all that there is when empty.
        learning_rates: rates that a linear probe tries, at ``rates_batch`` pictures.
        rates_batch: the batch size to which ``learning_rates`` belong.
        neighbours: numbers of neighbours that a k-NN probe tries.
        temperatures: temperatures that a k-NN probe tries.
        strengths: inverse penalties C that a logistic regression tries.
        held_out: share of the training split on which a probe chooses.
        options: options of the task's kind that belong to the recipe, in place of the task's own.
    """

    optimizer: str = field(default='adamw', metadata={'allowed': OPTIMIZERS})
    lr: float
    betas: tuple[float, ...] = (0.9, 0.999)
    momentum: float = 0.9
    nesterov: bool = False
    weight_decay: float
    decayed: str = field(default='matrices', metadata={'allowed': DECAYED})
    layer_decay: float = 1.0
    backbone_factor: float = 1.0
    decay_steps: int | None = None
    drop_path: float = 0.0
    kept_statistics: bool = False
    whitened: bool = False
    clip_norm: float | None = None
    batch_size: int
    iterations: int
    head_first: float = 0.0
    warmup: float = 0.1
    warmup_start: float = 1e-3
    schedule: str = field(default='cosine', metadata={'allowed': SCHEDULES})
    milestones: tuple[float, ...] = (8 / 9, 26 / 27)
    step_factor: float = 0.1
    power: float = 0.9
    floor: float = 0.0
    window: int | None = None
    ema: float | None = None
    accumulation: int = 1
    precision: str | None = field(default=None, metadata={'allowed': (*PRECISIONS, None)})
    checkpointing: bool = False
    compiled: bool = False
    grid: Declared = field(default_factory=dict)
    features: tuple[str, ...] = ()
    learning_rates: tuple[float, ...] = ()
    rates_batch: int = 256
    neighbours: tuple[int, ...] = ()
    temperatures: tuple[float, ...] = ()
    strengths: tuple[float, ...] = ()
    held_out: float = 0.1
    options: Declared = field(default_factory=dict)


@dataclass(frozen=True)
class Number:
    """A value of a recipe and where it comes from.

    Attributes:
        value: the value.
        source: name of the source that states it; ``None`` where no source does and the value is
            ours.
        place: where in the source.
        says: the source's own value where ours differs.
        reason: why it differs, or why it is ours.
        is_carried: whether the source states it for other data or another network.
    """

    value: Any
    source: str | None = None
    place: str = ''
    says: str = ''
    reason: str = ''
    is_carried: bool = False

    def __post_init__(self) -> None:
        """Refuse a value that is neither attributed nor explained."""
        if not (self.place if self.source else self.reason) or (self.says and not self.reason):
            raise ValueError(f'{self.value!r} needs a source with a place, or a reason')

    @property
    def mark(self) -> str:
        """What the number is.

        ``'stated'`` by its source for these data and this network, ``'carried over'`` from others,
        ``'adapted'`` from what the source says, or ``'ours'``.
        """
        if self.source is None:
            return 'ours'
        if self.says:
            return 'adapted'
        return 'carried over' if self.is_carried else 'stated'


@dataclass(frozen=True)
class Rule:
    """Numbers of a recipe and where they hold; a place that is ``None`` is everywhere.

    Attributes:
        kind: kind of the tasks for which it holds.
        numbers: fields of the recipe by name.
        architecture: class of the backbones.
        size: size class of the backbones.
        tasks: those for which it holds; all when empty.
        trained_on: those on whose data its sources state the numbers; ``tasks`` when empty.
        options: options of the kind's tasks: a general rule's yield to those that a task declares,
            one for named tasks wins over them.
        at_full_length: whether it does not hold for tasks with a budget of their own, whose
            trainings are shorter than those of any source.
        is_short: whether it holds for these alone.
        networks: those that its sources train so, all when empty; for another one the numbers are
            carried over.
        is_exclusive: whether it holds for ``networks`` alone.
        is_random: limits it to backbones at random initialisation, or to pretrained ones.
    """

    kind: str
    numbers: Mapping[str, Number]
    architecture: Architecture | None = None
    size: Size | None = None
    tasks: tuple[str, ...] = ()
    trained_on: tuple[str, ...] = ()
    options: Mapping[str, Number] = field(default_factory=dict)
    at_full_length: bool = False
    is_short: bool = False
    networks: tuple[str, ...] = ()
    is_exclusive: bool = False
    is_random: bool | None = None


class Solver(enum.StrEnum):
    """How a probe predicts from features."""

    NEIGHBOURS = 'knn'
    LINEAR = 'linear'
    LOGISTIC = 'logistic'


class Views(enum.StrEnum):
    """How a probe sees the training pictures: augmented anew each time, or always the same."""

    ONLINE = 'online'
    FIXED = 'fixed'


@dataclass(frozen=True)
class Probe:
    """What is read off frozen features in place of training a head of the OpenMMLab libraries."""

    solver: Solver
    views: Views


class Trains(enum.StrEnum):
    """How much of a model a protocol trains: everything, the head alone, or nothing."""

    ALL = 'all'
    HEAD = 'head'
    NONE = 'none'


@dataclass(frozen=True)
class Names:
    """The part of a backbone that a protocol trains, beside the head, by parameter.

    A parameter trains if one of ``patterns`` matches its name in the network (as in
    ``blocks.11.*``), or if it belongs to one of the network's ``last`` layers.
    """

    patterns: tuple[str, ...] = ()
    last: int = 0

    def __post_init__(self) -> None:
        """Refuse a part that holds nothing."""
        if not self.patterns and self.last < 1:
            raise ValueError('name patterns of parameters, or a number of last layers')


@dataclass(frozen=True)
class Adapter:
    """A module that a protocol adds to a backbone and trains in its place, beside the head.

    ``type`` names it in mmengine's registry of models, as ``'my_scope.LowRank'``; it is built
    with ``arguments``. The module's method ``attach(network)`` is given the network, whose own
    parameters are frozen, and adds itself, by hooks or by replacing modules. What learns
    afterwards are the adapter's parameters and those that ``attach`` made learn.
    """

    type: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Protocol:
    """How a backbone meets a task: what learns, by which procedure and by which recipe.

    Of the ``recipes`` that hold for a cell the later ones win; those for named tasks
    also win over the budget that the task declares.

    Attributes:
        name: its name, in requests and records.
        title: how tables call it.
        recipes: rules for the numbers of a cell.
        trains: what learns: all, the head, nothing, a part of the backbone, or an adapter.
        procedure: how a cell is compiled and run: a name of ours, or ``'module:attribute'`` of
            another package's.
        probe: what is read off frozen features, for the procedure ``'probe'``.
        components: modules that register what the protocol adds, as an adapter.
        fixed_views: in how many views, each drawn once, a training picture is seen; the maps that
            a frozen backbone returns for them are kept, in half precision. 0 draws a view anew
            each time, and keeps nothing.
        numerics: rises when a change of what the protocol does alters results, beside the numbers
            that a configuration shows.
    """

    name: str
    title: str
    trains: Trains | Names | Adapter
    recipes: tuple[Rule, ...]
    procedure: str = 'train'
    probe: Probe | None = None
    components: tuple[str, ...] = ()
    fixed_views: int = 0
    numerics: int = 1

    @property
    def trains_backbone(self) -> bool:
        """Whether gradients pass the backbone: it learns, in part at least, or an adapter does."""
        return not isinstance(self.trains, Trains) or self.trains is Trains.ALL

    @property
    def takes_no_seed(self) -> bool:
        """Whether a seed changes nothing but the weights of a random network."""
        if self.probe is not None:
            return self.probe.solver in (Solver.NEIGHBOURS, Solver.LOGISTIC)
        return self.trains is Trains.NONE

    @property
    def has_recipe(self) -> bool:
        """Whether anything learns by the protocol, so that a recipe has numbers for it."""
        return self.trains is not Trains.NONE or self.probe is not None

    def knows(self, kind: str) -> bool:
        """Whether the protocol has a recipe for tasks of ``kind``."""
        return any(rule.kind == kind for rule in self.recipes)

    def suits(self, task: Task) -> bool:
        """Whether ``task`` has cells of the protocol.

        Probes, and what scores a network's own head, predict one label per picture.
        """
        if self.probe is None and (self.has_recipe or not self.recipes):
            return True
        return self.knows(task.kind) and not task.options.get('multi_label', False)


@dataclass(frozen=True)
class Suite:
    """Named tasks x protocols x seeds, with recipe fields that hold for one task only.

    Attributes:
        name: its name, under which records are kept.
        title: how pages call it.
        tasks: names or files of its tasks.
        protocols: names of its protocols.
        seeds: its random seeds.
        backbones: ids of its backbones.
        recipes: fields of recipes by task, protocol or both.
        path: its declaration.
        groups: the group in which this suite counts a task, where that is not its own.
        cost: what it was measured to take; empty until it was.
        one_seed: tasks that are too costly for more than the first seed.
        reuses: suites whose records count here too where a cell is the same.
        version: rises when tasks, protocols or seeds change.
    """

    name: str
    title: str
    tasks: tuple[str, ...]
    protocols: tuple[str, ...]
    seeds: tuple[int, ...]
    backbones: tuple[str, ...]
    recipes: Mapping[str, Declared]
    path: Path
    groups: Mapping[str, str] = field(default_factory=dict)
    cost: Declared = field(default_factory=dict)
    one_seed: frozenset[str] = frozenset()
    reuses: tuple[str, ...] = ()
    version: int = 1

    @property
    def citation(self) -> str:
        """The name by which results cite the suite, such as ``'quick@2'``."""
        return f'{self.name}@{self.version}'


class CellKey(NamedTuple):
    """A cell of the comparison, whatever the seed, in the order in which tables go through them."""

    protocol: str
    task: str
    backbone: str

    def __str__(self) -> str:
        return f'{self.task} · {self.backbone} · {self.protocol}'


@dataclass(frozen=True, order=True, slots=True)
class RunSpec:
    """One cell of the comparison: a backbone on a task under a protocol with a seed.

    Attributes:
        task: name of the task.
        backbone: id of the backbone.
        protocol: name of the protocol.
        seed: that of all random numbers of the run.
    """

    task: str
    backbone: str
    protocol: str
    seed: int

    @property
    def cell(self) -> CellKey:
        """The cell that all its seeds share."""
        return CellKey(self.protocol, self.task, self.backbone)

    @property
    def id(self) -> str:
        """A readable name, unique among cells, also usable as a file name."""
        parts = (self.task, self.backbone, self.protocol, f'seed{self.seed}')
        return '--'.join(slug(part) for part in parts)
