"""The configuration of a probe: data, frozen backbone, trials, evaluator; no head."""

from __future__ import annotations

from typing import Any

from benchmark.compiling.compile import (
    WORK,
    CellInputs,
    added_packages,
    backbone_config,
    testing_loader,
)
from benchmark.compiling.precision import PRECISION, fast_reading
from benchmark.errors import DeclarationError, IncompatibleError
from benchmark.kinds import load_kind
from benchmark.kinds.base import BuildContext, Config, Readout, dataset
from benchmark.protocols import RecipeKey, choose_recipe
from benchmark.specs import (
    FAST,
    Declared,
    Features,
    Probe,
    Protocol,
    Recipe,
    Role,
    Solver,
    Task,
    Views,
)

_CELL = 16
"""Side in pixels of the cells of a pyramid's dense features."""

_DIVISOR = 32
"""Sides are padded to multiples of this, so that all maps start at the same pixel."""


def compile_probe(cell: CellInputs) -> Config:
    """Return the configuration of a probe, with the placeholders of a training.

    Raises:
        IncompatibleError: the protocol does not know the task's kind.
        DeclarationError: a number of the recipe is out of its range.
    """
    kind, probe = load_kind(cell.task.kind), cell.protocol.probe
    data = kind.data(cell.task)
    if probe is None or data.readout is None:
        raise IncompatibleError(
            f"protocol '{cell.protocol.name}' has no recipe for kind '{cell.task.kind}'"
        )
    place = cell.recipe_key
    recipe = probing_recipe(cell.protocol, place, cell.task.budget, *cell.changes)
    context = BuildContext(
        cell.task, cell.network.features, cell.protocol, recipe, backbone_config(cell, recipe)
    )
    model = kind.model(context)
    config = {
        'default_scope': kind.library,
        'custom_imports': list(kind.components),
        **added_packages(cell),
        'preprocessor': _preprocessor(model.model['data_preprocessor'], cell.task),
        'backbone': context.backbone,
        'reading': _reading(cell.network.features),
        'readout': {'type': data.readout.predictor, **data.readout.arguments},
        'solver': _solver(probe, recipe),
        **_training_data(cell.task, probe, data.readout, model.train_pipeline),
        **_pool(cell.task, probe, data.readout),
        'test_dataloader': testing_loader(cell.task, data),
        'test_evaluator': data.evaluator,
        'gallery': {**data.gallery, 'folder': WORK},
        'randomness': {'seed': cell.spec.seed},
    }
    return fast_reading(config, cell.network.features) if cell.policy == FAST else config


def probing_recipe(
    protocol: Protocol, place: RecipeKey, budget: Declared, *changes: Declared
) -> Recipe:
    """Return the recipe of a probe.

    Args:
        protocol: which probe.
        place: task and class of backbone.
        budget: the task's length of training.
        changes: fields that a suite changes; later ones win.

    Raises:
        DeclarationError: one of its numbers is out of its range.
    """
    # a task's budget is that of passes through the backbone; on fixed views there is one
    is_online = protocol.probe is not None and protocol.probe.views is Views.ONLINE
    recipe = choose_recipe(protocol, place, budget if is_online else {}, *changes)
    solver = protocol.probe.solver if protocol.probe else None
    if solver is Solver.LOGISTIC and recipe.iterations < 1:
        raise DeclarationError('recipe iterations of a logistic regression must be at least 1')
    if (
        solver is Solver.LINEAR
        and min(recipe.iterations, recipe.batch_size, recipe.rates_batch) < 1
    ):
        raise DeclarationError(
            'recipe iterations, batch_size and rates_batch of a probe must be at least 1'
        )
    if not 0 < recipe.held_out <= 0.5:
        raise DeclarationError(
            f'recipe held_out is {recipe.held_out!r}: must be a share above 0, at most a half'
        )
    return recipe


def _preprocessor(declared: Config, task: Task) -> Config:
    """Return the preprocessor, padding whole pictures where the head's recipe would crop them."""
    if 'size' not in declared:
        return declared
    return {**declared, 'size': tuple(side + -side % _DIVISOR for side in task.input_size)}


def _reading(features: Features) -> Config:
    strides = features.strides
    return {'deepest': strides[-1], 'stride': _CELL if _CELL in strides else strides[-1]}


def _solver(probe: Probe, recipe: Recipe) -> Config:
    common: dict[str, Any] = {'type': probe.solver.value, 'held_out': recipe.held_out}
    if recipe.features:
        common['features'] = list(recipe.features)
    if probe.solver is Solver.NEIGHBOURS:
        return {
            **common,
            'neighbours': list(_some(recipe, 'neighbours')),
            'temperatures': list(_some(recipe, 'temperatures')),
        }
    if probe.solver is Solver.LOGISTIC:
        strengths = list(_some(recipe, 'strengths'))
        return {**common, 'strengths': strengths, 'iterations': recipe.iterations}
    scale = recipe.batch_size / recipe.rates_batch
    return {
        **common,
        'rates': [rate * scale for rate in _some(recipe, 'learning_rates')],
        'momentum': recipe.momentum,
        'iterations': recipe.iterations,
        'batch_size': recipe.batch_size,
    }


def _some(recipe: Recipe, key: str) -> tuple[float, ...]:
    values: tuple[float, ...] = getattr(recipe, key)
    if not values or len(set(values)) != len(values) or not all(value > 0 for value in values):
        raise DeclarationError(f'recipe {key} is {values!r}: must be distinct numbers above 0')
    return values


def _training_data(task: Task, probe: Probe, readout: Readout, augmented: list[Config]) -> Config:
    # labels are read, as in training, even where the pictures are not augmented
    views = {**dataset(task, Role.TRAIN, readout.views), 'test_mode': False}
    if probe.views is Views.FIXED:
        return {'views_dataset': views}
    return {'train_dataset': dataset(task, Role.TRAIN, augmented), 'views_dataset': views}


def _pool(task: Task, probe: Probe, readout: Readout) -> Config:
    """Return the data set of all pictures, if the task draws its splits from one list."""
    listed = task.option('pool', '')
    if not listed or probe.views is not Views.FIXED:
        return {}
    views = dataset(task, Role.TRAIN, readout.views)
    return {'pool_dataset': {**views, 'ann_file': listed, 'test_mode': False}}


def features_of(config: Config) -> Config:
    """Return the part of a compiled probe that determines its features."""
    keys = ('default_scope', 'preprocessor', 'backbone', 'reading', 'readout', PRECISION)
    common = {key: config[key] for key in keys if key in config}
    if 'pool_dataset' in config:  # shared by all splits that are drawn from it
        return {**common, 'pool_dataset': config['pool_dataset']}
    return {
        **common,
        'views_dataset': config['views_dataset'],
        'test': config['test_dataloader'],
    }
