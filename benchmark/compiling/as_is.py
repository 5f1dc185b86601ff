"""The configuration of a network that is scored with its own head: network, data, evaluator."""

from __future__ import annotations

from benchmark.compiling.compile import (
    WORK,
    CellInputs,
    added_packages,
    backbone_config,
    testing_loader,
)
from benchmark.compiling.precision import fast_testing
from benchmark.errors import IncompatibleError
from benchmark.kinds import load_kind
from benchmark.kinds.base import BuildContext, Config
from benchmark.protocols import choose_recipe
from benchmark.specs import FAST


def compile_as_is(cell: CellInputs) -> Config:
    """Return the configuration of a network that is scored as it is, with placeholders.

    Raises:
        IncompatibleError: the task does not ask for one label per picture.
    """
    if not cell.protocol.suits(cell.task):
        raise IncompatibleError(
            f"protocol '{cell.protocol.name}' scores a network's own classifier: it is for tasks "
            f"with one label per picture, '{cell.task.name}' is not one"
        )
    kind = load_kind(cell.task.kind)
    recipe = choose_recipe(
        cell.protocol,
        cell.recipe_key,
        cell.task.budget,
        *cell.changes,
    )
    backbone = backbone_config(cell, recipe)
    data = kind.data(cell.task)
    features = cell.network.features
    model = kind.model(BuildContext(cell.task, features, cell.protocol, recipe, backbone))
    config = {
        'default_scope': kind.library,
        'custom_imports': [*kind.components, *cell.protocol.components],
        **added_packages(cell),
        'preprocessor': model.model['data_preprocessor'],
        'backbone': backbone,
        'own_head': {'outputs': len(cell.task.classes)},
        'test_dataloader': testing_loader(cell.task, data),
        'test_evaluator': data.evaluator,
        'gallery': {**data.gallery, 'folder': WORK},
        'randomness': {'seed': cell.spec.seed},
    }
    return fast_testing(config) if cell.policy == FAST else config
