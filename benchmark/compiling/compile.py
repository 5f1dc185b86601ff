"""Compile a backbone, a task and a protocol into the configuration of one cell."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import NamedTuple

from benchmark.catalog.sources import SOURCES
from benchmark.compiling.precision import fast_training
from benchmark.errors import IncompatibleError
from benchmark.hashing import file_hash
from benchmark.kinds import KINDS, load_kind
from benchmark.kinds.base import BuildContext, Config, DataParts, Kind, ModelParts, dataset
from benchmark.plugins import foreign_versions
from benchmark.protocols import PROTOCOLS, RecipeKey, choose_recipe
from benchmark.results.identity import WORK as WORK
from benchmark.specs import (
    DECAYED,
    EXACT,
    FAST,
    SCHEDULES,
    Adapter,
    Backbone,
    Declared,
    Features,
    Names,
    Protocol,
    Recipe,
    Role,
    RunSpec,
    Task,
    Trains,
)

WEIGHTS = '{weights}'
"""Placeholder of the backbone's weights file in a compiled configuration."""

CODE = '{code}'
"""Placeholder of the file with the backbone's class in a compiled configuration."""

STEP_DRAWS = {'type': 'benchmark.StepDraws'}
"""The hook that makes the random numbers of a training step follow from seed and step."""

ORDER = {'type': 'benchmark.SampleOrder'}
"""The sampler that makes the order of samples follow from seed and pass."""

FIXED_VIEWS = 'fixed_views'
"""Config key: number of fixed views of each training picture."""

PACKAGES = 'packages'
"""Config key: versions, by name, of other packages that add parts."""

_CHECKPOINTS = 4
_PARTS = 2
"""Parts of a training whose head learns first."""
_MOST_ITERATIONS_LOST = 2000
_CURVE_POINTS = 50
_DECAYED, _BETAS = DECAYED[0], (0.9, 0.999)
_NOTHING = 1e-8
"""Smallest share of the peak rate at which a warm-up starts."""


class Network(NamedTuple):
    """A backbone and the maps that it returns."""

    backbone: Backbone
    features: Features


@dataclass(frozen=True)
class CellInputs:
    """The resolved inputs of one cell: task, backbone, protocol and so on.

    Attributes:
        spec: which cell.
        backbone: what is evaluated; ``None`` where a task's trivial predictor is.
        features: the maps that the backbone returns; ``None`` without one.
        task: what it is evaluated on.
        protocol: what learns, and by which procedure.
        changes: the suite's recipe fields for the cell; later ones win.
        policy: how numbers are computed, one of :data:`benchmark.specs.POLICIES`.
    """

    spec: RunSpec
    backbone: Backbone | None
    features: Features | None
    task: Task
    protocol: Protocol
    changes: tuple[Declared, ...] = ()
    policy: str = EXACT

    @property
    def network(self) -> Network:
        """The backbone with its features; only for cells with a backbone."""
        assert self.backbone is not None, 'a cell with a backbone'
        assert self.features is not None, 'a backbone that was inspected'
        return Network(self.backbone, self.features)

    @property
    def recipe_key(self) -> RecipeKey:
        """The key of a cell in the recipes; only for cells with a backbone."""
        backbone, features = self.network
        return RecipeKey.of(self.task, features, is_random=backbone.is_random)


def compile_config(cell: CellInputs) -> Config:
    """Return the mmengine configuration of a cell, with placeholders for local paths.

    The placeholders are ``{data}``, ``{weights}``, ``{code}`` and ``{work}``; everything
    else determines the numbers and goes into the fingerprint.

    Raises:
        IncompatibleError: the protocol has no recipe for the task's kind.
    """
    kind = load_kind(cell.task.kind)
    recipe = training_recipe(
        cell.protocol,
        cell.recipe_key,
        cell.task.budget,
        *cell.changes,
    )
    cell = replace(cell, task=_with_options(cell.task, recipe, kind))
    context = BuildContext(
        cell.task, cell.network.features, cell.protocol, recipe, backbone_config(cell, recipe)
    )
    data, model = kind.data(cell.task), kind.model(context)
    config = {
        'default_scope': kind.library,
        'custom_imports': [*kind.components, *cell.protocol.components],
        **added_packages(cell),
        'model': model.model,
        'train_dataloader': _train_loader(cell.task, recipe, data, model),
        'test_dataloader': testing_loader(cell.task, data),
        **_loops(recipe),
        **_optimisation(recipe, cell.network.features.depth),
        **_hooks(recipe, data.gallery, learns=cell.protocol.trains_backbone),
        'test_evaluator': data.evaluator,
        'randomness': {'seed': cell.spec.seed},
        'resume': False,
        **({FIXED_VIEWS: cell.protocol.fixed_views} if cell.protocol.fixed_views else {}),
    }
    if cell.policy != FAST:
        return config
    features = cell.network.features
    return fast_training(config, recipe, features, has_fixed_size=kind.has_fixed_size)


def training_recipe(
    protocol: Protocol, place: RecipeKey, budget: Declared, *changes: Declared
) -> Recipe:
    """Return the recipe of a training, with the batch split by gradient accumulation.

    Args:
        protocol: what learns.
        place: task and class of backbone.
        budget: the task's length of training.
        changes: fields that a suite changes; later ones win.

    Raises:
        IncompatibleError: the protocol has no recipe for the task's kind.
    """
    recipe = choose_recipe(protocol, place, budget, *changes)
    if recipe.iterations < 1 or recipe.batch_size < 1 or recipe.lr <= 0:
        raise IncompatibleError(
            f"protocol '{protocol.name}' has no recipe for kind '{place.kind}': "
            'declare lr, iterations and batch_size in the suite'
        )
    return _in_parts(recipe, protocol.name)


def _with_options(task: Task, recipe: Recipe, kind: Kind) -> Task:
    """Return the task with its options overridden by those of the recipe."""
    for key, value in recipe.options.items():
        if not isinstance(value, kind.options.get(key, ())):
            known = ', '.join(sorted(kind.options))
            raise IncompatibleError(
                f'recipe option {key!r} is {value!r}: '
                + ('of another type' if key in kind.options else f'kind {kind.name!r} has {known}')
            )
    return replace(task, options={**task.options, **recipe.options}) if recipe.options else task


def _in_parts(recipe: Recipe, protocol: str) -> Recipe:
    """Return the recipe with each accumulated part of a batch counted as an iteration.

    What is counted in iterations is a share of them, so that the schedule stays the same.
    """
    parts = recipe.accumulation
    if parts < 1 or recipe.batch_size % parts:
        raise IncompatibleError(
            f"recipe of protocol '{protocol}': accumulation is {parts}, but must divide the batch "
            f'size {recipe.batch_size}'
        )
    return replace(
        recipe, iterations=recipe.iterations * parts, batch_size=recipe.batch_size // parts
    )


def backbone_config(cell: CellInputs, recipe: Recipe) -> Config:
    """Return the configuration of the backbone under the protocol."""
    backbone = cell.network.backbone
    frozen = not cell.protocol.trains_backbone
    config: Config = {
        'type': 'benchmark.FeatureBackbone',
        'source': backbone.source_at(CODE),
        'options': {**backbone.options, **_window(cell, recipe)},
        'random': backbone.is_random,
        'checkpoint': WEIGHTS if backbone.checkpoint else None,
        'may_miss': dict(backbone.may_miss),
        'frozen': frozen,
        'drop_path': 0.0 if frozen else recipe.drop_path,
        **_in_parts_of(cell.protocol.trains),
        **({'kept': True} if cell.protocol.fixed_views else {}),
    }
    if recipe.kept_statistics and not frozen:
        config['kept_statistics'] = True
    if backbone.copy:
        config['copy'] = backbone.copy
    if backbone.last_blocks:
        config['last_blocks'] = asdict(backbone.last_blocks)
    if backbone.code:
        config['code'] = file_hash(backbone.code)
    if cell.network.features.is_fixed:
        config['size'] = list(load_kind(cell.task.kind).largest_input(cell.task))
    return config


def _in_parts_of(trains: Trains | Names | Adapter) -> Config:
    """Return the backbone's arguments if only a part of it, or an adapter, is trained."""
    if isinstance(trains, Names):
        return {'trained': {'patterns': list(trains.patterns), 'last': trains.last}}
    if isinstance(trains, Adapter):
        return {'adapter': {'type': trains.type, 'arguments': dict(trains.arguments)}}
    return {}


def added_packages(cell: CellInputs) -> Config:
    """Return the versions of other packages whose parts the cell uses; empty if there are none."""
    source = cell.network.backbone.source.partition(':')[0]
    parts = (
        (KINDS, cell.task.kind), (PROTOCOLS, cell.protocol.name), (SOURCES, source),
    )  # fmt: skip
    found = foreign_versions(parts)
    return {PACKAGES: found} if found else {}


def _window(cell: CellInputs, recipe: Recipe) -> Config:
    """Return the options that make a network's attention windows larger than in pretraining.

    The position bias is a function of log-spaced distances, normalised by the window of
    pretraining; the last stages clip the window to the side of their maps, as sources do.
    """
    windows = cell.network.features.windows
    if recipe.window is None or not windows:
        return {}
    return {
        'img_size': tuple(cell.task.options.get('crop', cell.task.input_size)),
        'window_size': recipe.window,
        'pretrained_window_sizes': windows,
    }


def _train_loader(task: Task, recipe: Recipe, data: DataParts, model: ModelParts) -> Config:
    samples = dataset(task, Role.TRAIN, model.train_pipeline)
    return {
        **_loader(samples, recipe.batch_size, data.collate),
        'sampler': data.sampler or ORDER,
    }


def testing_loader(task: Task, data: DataParts) -> Config:
    """Return the test loader: each sample once, in order."""
    samples = dataset(task, Role.TEST, data.test_pipeline)
    return {
        **_loader(samples, data.test_batch_size, data.collate),
        'sampler': {'type': 'DefaultSampler', 'shuffle': False},
    }


def _loader(samples: Config, batch_size: int, collate: str) -> Config:
    return {
        'dataset': samples,
        'batch_size': batch_size,
        'num_workers': 0,
        'persistent_workers': False,
        'drop_last': False,
        'collate_fn': {'type': collate},
    }


def _loops(recipe: Recipe) -> Config:
    return {
        # validation never runs during training: val selects recipes, test reports once at the end
        'train_cfg': {
            'type': 'IterBasedTrainLoop',
            'max_iters': recipe.iterations,
            'val_interval': recipe.iterations + 1,
        },
        'test_cfg': {},
        'log_processor': {'by_epoch': False, 'window_size': 10},
    }


def _optimisation(recipe: Recipe, depth: int) -> Config:
    wrapper: Config = {
        'type': 'OptimWrapper',
        'optimizer': _optimizer(recipe),
        'constructor': 'benchmark.LayerDecayConstructor',
        'paramwise_cfg': {
            'layer_decay': layer_decay(recipe, depth),
            **_backbone_factor(recipe),
            **({} if recipe.decayed == _DECAYED else {'decayed': recipe.decayed}),
        },
    }
    if recipe.clip_norm is not None:
        wrapper['clip_grad'] = {'max_norm': recipe.clip_norm}
    if recipe.accumulation > 1:
        wrapper['accumulative_counts'] = recipe.accumulation
    return {'optim_wrapper': wrapper, 'param_scheduler': _schedules(recipe)}


def _backbone_factor(recipe: Recipe) -> Config:
    factor = recipe.backbone_factor
    if factor <= 0:
        raise IncompatibleError(f'recipe backbone_factor is {factor}: must be above 0')
    return {} if factor == 1 else {'backbone_factor': factor}


def _optimizer(recipe: Recipe) -> Config:
    """Return the optimiser; arguments at the library's defaults are left out."""
    common = {'lr': recipe.lr, 'weight_decay': recipe.weight_decay}
    betas = {} if recipe.betas == _BETAS else {'betas': tuple(recipe.betas)}
    momentum = {'momentum': recipe.momentum}
    nesterov = {'nesterov': True} if recipe.nesterov else {}
    known = {
        'adamw': {'type': 'AdamW', **common, **betas},
        'sgd': {'type': 'SGD', **common, **momentum, **nesterov},
        'lamb': {'type': 'benchmark.Lamb', **common, **betas},
        'lars': {'type': 'benchmark.Lars', **common, **momentum, **nesterov},
    }
    for key, value, allowed in (
        ('optimizer', recipe.optimizer, known), ('decayed', recipe.decayed, DECAYED)
    ):  # fmt: skip
        if value not in allowed:
            raise IncompatibleError(f'recipe {key} is {value!r}, allowed are {", ".join(allowed)}')
    return known[recipe.optimizer]


def layer_decay(recipe: Recipe, depth: int) -> float:
    """Return the factor per layer of a network whose stem is ``depth`` layers below its last one.

    Where the source counts layers in its own way, the stem keeps the source's rate.
    """
    if recipe.decay_steps is None:
        return recipe.layer_decay
    return float(recipe.layer_decay ** (recipe.decay_steps / (depth + 1)))


def _head_first(recipe: Recipe) -> int:
    """Return how many iterations train the head alone; whole steps of the optimiser."""
    if not recipe.head_first:
        return 0
    if not 0 < recipe.head_first < 1:
        raise IncompatibleError(
            f'recipe head_first is {recipe.head_first}: must be a share of the iterations, from '
            '0 to below 1'
        )
    steps = recipe.iterations // recipe.accumulation
    if steps < _PARTS:
        raise IncompatibleError(
            f'recipe head_first is {recipe.head_first}: {steps} iteration cannot be divided '
            'between the head and the whole model; raise iterations, or set head_first=0'
        )
    first = round(recipe.head_first * steps)
    return min(max(first, 1), steps - 1) * recipe.accumulation


def _schedules(recipe: Recipe) -> list[Config]:
    """Return the schedule of the rate, or one for each part of the training."""
    first = _head_first(recipe)
    if not first:
        return _schedule(recipe)
    rest = replace(recipe, iterations=recipe.iterations - first)
    peak = {'type': 'benchmark.PeakLR', 'by_epoch': False, 'begin': 0, 'end': recipe.accumulation}
    return [
        *_schedule(replace(recipe, iterations=first)),
        *(
            {**item, 'begin': item['begin'] + first, 'end': item['end'] + first}
            for item in (peak, *_schedule(rest))
        ),
    ]


def _schedule(recipe: Recipe) -> list[Config]:
    warmup = _warmup(recipe)
    if recipe.schedule == 'rise-and-fall':
        return [_rise_and_fall(recipe)]
    _check_ends(recipe)
    rising = {
        'type': 'LinearLR',
        # mmengine's ramp multiplies from step to step, and cannot leave 0
        'start_factor': max(recipe.warmup_start, _NOTHING),
        'by_epoch': False,
        'begin': 0,
        'end': warmup,
    }
    falling = {
        'cosine': {
            'type': 'CosineAnnealingLR',
            **({'eta_min_ratio': recipe.floor} if recipe.floor else {'eta_min': 0.0}),
        },
        'linear': {'type': 'PolyLR', 'power': 1.0, 'eta_min': recipe.floor * recipe.lr},
        'poly': {'type': 'PolyLR', 'power': recipe.power, 'eta_min': recipe.floor * recipe.lr},
        'step': {
            'type': 'MultiStepLR',
            'milestones': _milestones(recipe, warmup),
            'gamma': recipe.step_factor,
        },
    }
    if recipe.schedule not in falling:
        raise IncompatibleError(
            f'recipe schedule is {recipe.schedule!r}, allowed are {", ".join(SCHEDULES)}'
        )
    span = {'by_epoch': False, 'begin': warmup, 'end': recipe.iterations}
    return [*([rising] if warmup else []), {**falling[recipe.schedule], **span}]


def _rise_and_fall(recipe: Recipe) -> Config:
    return {
        'type': 'benchmark.RiseAndFallLR',
        'rise': max(1, round(recipe.warmup * recipe.iterations)),
        'power': recipe.power,
        'floor': recipe.floor,
        'by_epoch': False,
        'begin': 0,
        'end': recipe.iterations,
    }


def _check_ends(recipe: Recipe) -> None:
    """Raise if the start or the end of the rate is out of range."""
    for key in ('warmup_start', 'floor'):
        if not 0 <= getattr(recipe, key) <= 1:
            raise IncompatibleError(
                f'recipe {key} is {getattr(recipe, key)}: must be a share of the rate, 0 to 1'
            )
    # mmengine's polynomial falls to one rate for all layers, its steps to none
    if recipe.floor and (
        recipe.schedule == 'step'
        or (recipe.schedule in ('linear', 'poly') and recipe.layer_decay != 1)
    ):
        raise IncompatibleError(
            f'recipe floor is {recipe.floor}: the schedule {recipe.schedule!r} has none'
            + (' with layer_decay' if recipe.schedule != 'step' else '')
            + '; set floor=0, or the schedule cosine'
        )


def _warmup(recipe: Recipe) -> int:
    steps = round(recipe.warmup * recipe.iterations)
    # mmengine's ramp ends at its last step: one of a single step would never rise
    return steps if steps > 1 else 0


def _milestones(recipe: Recipe, begin: int) -> list[int]:
    """Return the steps in iterations; mmengine counts them from ``begin``."""
    return [max(1, round(share * recipe.iterations) - begin) for share in recipe.milestones]


def _hooks(recipe: Recipe, gallery: Config, *, learns: bool) -> Config:
    checkpoint = {
        'type': 'CheckpointHook',
        'by_epoch': False,
        'interval': min(-(-recipe.iterations // _CHECKPOINTS), _MOST_ITERATIONS_LOST),
        'max_keep_ckpts': 1,
        'save_last': False,
        'out_dir': WORK,
    }
    interval = max(1, recipe.iterations // _CURVE_POINTS)
    return {
        'default_hooks': {
            'runtime_info': {'type': 'RuntimeInfoHook'},
            'timer': {'type': 'IterTimerHook'},
            'sampler_seed': {'type': 'DistSamplerSeedHook'},
            'logger': {'type': 'LoggerHook', 'interval': interval},
            'param_scheduler': {'type': 'ParamSchedulerHook'},
            'checkpoint': checkpoint,
        },
        'custom_hooks': [
            STEP_DRAWS,
            {'type': 'benchmark.ParameterAudit'},
            {'type': 'benchmark.LossHistory', 'interval': interval},
            {**gallery, 'folder': WORK},
            *_extras(recipe, learns=learns),
        ],
    }


def _extras(recipe: Recipe, *, learns: bool) -> list[Config]:
    """Return the hooks of optional features that the recipe switches on."""
    execution = {
        'precision': recipe.precision if recipe.precision != 'single' else None,
        # a frozen backbone keeps no activations anyway
        'checkpointing': recipe.checkpointing and learns,
        'compiled': recipe.compiled,
    }
    asked = {key: value for key, value in execution.items() if value}
    hooks: list[Config] = []
    if first := _head_first(recipe):
        if not learns:
            raise IncompatibleError(
                f'recipe head_first is {recipe.head_first}: the protocol trains the head alone in '
                'any case; set head_first=0, or take a protocol that trains the backbone'
            )
        hooks.append({'type': 'benchmark.HeadFirst', 'iterations': first})
    if asked:
        hooks.append({'type': 'benchmark.BackboneExecution', **asked})
    if recipe.ema is not None:
        if not 0 < recipe.ema < 1:
            raise IncompatibleError(f'recipe ema is {recipe.ema}: must be a decay between 0 and 1')
        average = {'type': 'benchmark.WeightAverage', 'decay': recipe.ema}
        hooks.append({**average, 'parts': recipe.accumulation})
    return hooks
