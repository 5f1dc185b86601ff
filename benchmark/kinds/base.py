"""What a kind is: the one place that knows how a family of tasks is built and scored."""

from __future__ import annotations

import enum
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from benchmark.specs import Features, Metric, Protocol, Recipe, Role, Rule, Task

Config = dict[str, Any]
"""A part of an mmengine configuration: plain dictionaries, lists, strings and numbers."""

DATA = '{data}'
"""Stands for the folder of the task's data in a compiled configuration."""

PYRAMID_STRIDES = (4, 8, 16, 32)
"""The strides at which dense heads expect feature maps, in pixels."""


@dataclass(frozen=True)
class BuildContext:
    """What a model is built from: a task, a backbone's features, a protocol and its recipe.

    Attributes:
        task: what is to be learnt.
        features: facts of the backbone's maps.
        protocol: which parts learn.
        recipe: numbers of the training.
        backbone: compiled configuration of the backbone.
    """

    task: Task
    features: Features
    protocol: Protocol
    recipe: Recipe
    backbone: Config

    def option(self, key: str, default: Any) -> Any:
        """Return the task's own option ``key``, or ``default``."""
        return self.task.option(key, default)


class Readout(NamedTuple):
    """How a probe predicts: ``'module:class'`` and its arguments.

    ``views`` are the transforms that load a training picture with its labels, without
    augmentation.
    """

    predictor: str
    arguments: Config
    views: list[Config]


@dataclass(frozen=True)
class DataParts:
    """The parts of a configuration that follow from the task alone, whatever the backbone.

    Attributes:
        test_pipeline: transforms that load a test sample.
        evaluator: what scores the predictions on the test split.
        gallery: the hook that draws predictions beside the ground truth.
        test_batch_size: samples per batch in testing.
        collate: the function that makes a batch of samples, in training too.
        annotations: transforms that load the labels of a training sample without its picture.
        readout: how a probe predicts; ``None`` where predictions cannot be read off frozen
            features.
        submission: the hook that makes the archive for the server of a test split whose labels
            are withheld; ``None`` where there is no server.
        sampler: what chooses training samples where each does not come once per pass, derived
            from ``benchmark.SampleOrder``.
    """

    test_pipeline: list[Config]
    evaluator: list[Config]
    gallery: Config
    test_batch_size: int = 1
    collate: str = 'pseudo_collate'
    annotations: tuple[Config, ...] = ()
    readout: Readout | None = None
    submission: Config | None = None
    sampler: Config | None = None


class ModelParts(NamedTuple):
    """The parts of a configuration that depend on the backbone, the protocol or the recipe.

    ``train_pipeline`` is the list of transforms of a training sample, up to the targets that the
    model's head learns.
    """

    model: Config
    train_pipeline: list[Config]


class Trivial(NamedTuple):
    """A predictor that never looks at a test image: its title and ``'module:class'``."""

    title: str
    predictor: str


def padded_input(task: Task) -> tuple[int, int]:
    """Return a task's input size (height, width) in pixels, padded to what 32 divides.

    Where pictures are fitted into another size before they are cut, the larger of the two.
    """
    height, width = map(max, zip(task.input_size, task.options.get('resize', (0, 0)), strict=True))
    return height + -height % PYRAMID_STRIDES[-1], width + -width % PYRAMID_STRIDES[-1]


def upright_or_not(task: Task) -> tuple[int, int]:
    """Return a size that holds pictures resized within the input size, turned by 90 degrees too."""
    side = max(padded_input(task))
    return side, side


class Probed(enum.Enum):
    """What a probe predicts from frozen features."""

    PICTURES = 'pictures'
    CELLS = 'cells'


@dataclass(frozen=True)
class Kind:
    """A family of tasks that share heads, data format and metrics.

    Attributes:
        name: its name, the folder's.
        library: the OpenMMLab package whose registries resolve the types.
        components: modules that register the kind's own parts.
        metrics: the numbers that its evaluators return, by key.
        heads: names that a task may ask for, the first being the default.
        options: keys, with their types, that a task may declare on top of the common ones.
        data: compiles what follows from a task alone, and refuses a task whose options contradict
            each other.
        model: compiles what learns.
        trivial: the floor that every backbone is compared with.
        labels: the ``'module:function'`` that says what is wrong with a sample's annotations.
        largest_input: returns the (height, width) in pixels that no padded picture of a task
            exceeds.
        numerics: rises when a change of the kind's data, heads, losses or metrics alters its
            results, and is part of the fingerprint of its cells.
        order: where tables show tasks of the kind; a smaller number comes first.
        family: the name under which tasks of this kind count together in aggregates; empty for
            the kind's own name.
        is_geometric: whether its tasks ask where things are rather than what they are.
        has_colours: whether drawings show a class by its colour, which a page must then explain.
        has_words: whether a drawn prediction is a word, which a page shows in little room.
        probed: what a probe predicts from frozen features, per picture or per cell of a map;
            ``None`` where the kind cannot be probed.
        counts_films: whether a sample of a split is a film rather than a picture.
        group: the group of its tasks that declare none, by which reports contrast pretrainings.
        draft: the ``'module:function'`` that drafts the declaration of a task from a folder;
            empty where somebody has to write it.
        small: keys of a task that make it small, for CPUs and first trials.
        present: the ``'module:function'`` that returns the numbers of the classes (of pose: the key
            points) that occur in a sample; empty where a kind has none.
        recipes: rules by protocol name, for kinds whose rules are not among the protocols' own.
        has_fixed_size: whether all training batches of a task have the same shape.
        has_normalising_heads: whether its heads normalise per channel what they take.
    """

    name: str
    library: str
    components: tuple[str, ...]
    metrics: Mapping[str, Metric]
    heads: tuple[str, ...]
    options: Mapping[str, tuple[type, ...]]
    data: Callable[[Task], DataParts]
    model: Callable[[BuildContext], ModelParts]
    trivial: Trivial
    labels: str
    largest_input: Callable[[Task], tuple[int, int]] = padded_input
    numerics: int = 1
    order: int = 100
    family: str = ''
    is_geometric: bool = False
    has_words: bool = False
    has_colours: bool = False
    probed: Probed | None = None
    present: str = ''
    counts_films: bool = False
    group: str = 'combined'
    draft: str = ''
    small: Mapping[str, Any] = field(default_factory=dict)
    recipes: Mapping[str, tuple[Rule, ...]] = field(default_factory=dict)
    has_fixed_size: bool = True
    has_normalising_heads: bool = True

    @property
    def counts_as(self) -> str:
        """The family of the kind, by its own name where it declares none."""
        return self.family or self.name


def dataset(task: Task, role: Role, pipeline: list[Config]) -> Config:
    """Return the data set dictionary of one split, reading below the data folder.

    What a task declares as ``None`` is left to the data set.
    """
    config = {
        'data_root': DATA,
        'test_mode': role is not Role.TRAIN,
        **task.datasets[role],
        'pipeline': pipeline,
    }
    return {key: value for key, value in config.items() if value is not None}


def simple_pyramid(context: BuildContext, width: int, strides: tuple[int, ...]) -> Config:
    """Return the neck that turns a plain backbone's map into maps at ``strides`` pixels."""
    return {
        'type': 'benchmark.SimplePyramid',
        'in_channels': context.features.channels[-1],
        'in_stride': context.features.strides[-1],
        'out_channels': width,
        'strides': list(strides),
    }


def has_native_pyramid(features: Features) -> bool:
    """Whether the backbone itself hands out maps at strides 4, 8, 16 and 32."""
    return features.strides == PYRAMID_STRIDES


def necked(context: BuildContext, neck: Config | None = None, *, maps: int = 1) -> Config:
    """Return the part of a model between backbone and head.

    Args:
        context: what the model is built from.
        neck: what the head needs; ``None`` where it takes the backbone's maps as they are.
        maps: how many maps of the deepest one's channels the backbone returns, where it is asked
            for others than its usual ones.
    """
    if context.recipe.whitened:
        features = context.features
        channels = [features.channels[-1]] * maps if maps > 1 else list(features.channels)
        neck = {'type': 'benchmark.WhitenedMaps', 'channels': channels, 'then': neck}
    return {} if neck is None else {'neck': neck}


class DeepestMap(NamedTuple):
    """The deepest map as a head gets it: its stride, a power of two, and the neck before it.

    ``parts`` are those of the model between backbone and head.
    """

    stride: int
    parts: Config

    @property
    def doublings(self) -> int:
        """How often the map must be doubled to reach the pyramid's first stride."""
        return round(math.log2(self.stride / PYRAMID_STRIDES[0]))


def deepest_map(context: BuildContext) -> DeepestMap:
    """Return the backbone's deepest map, resampled where its stride is no power of two from 4."""
    native = context.features.strides[-1]
    stride = max(PYRAMID_STRIDES[0], 2 ** round(math.log2(native)))
    if native == stride:
        return DeepestMap(stride, necked(context))
    neck = {'type': 'benchmark.ResampledMap', 'in_stride': native, 'out_stride': stride}
    return DeepestMap(stride, necked(context, neck))
