"""Configurations without a model: a task's trivial predictor, annotations and submission."""

from __future__ import annotations

from typing import NamedTuple

from benchmark.compiling.compile import WORK, testing_loader
from benchmark.kinds import load_kind
from benchmark.kinds.base import Config, Meeting, Parts, dataset
from benchmark.protocols import TRIVIAL
from benchmark.specs import Architecture, Backbone, Features, Recipe, Role, Task


class StandIn(NamedTuple):
    """What stands for a backbone where none takes part."""

    backbone: Backbone
    features: Features


# a kind builds its parts for a backbone; those taken here depend on none
_FEATURES = Features(
    architecture=Architecture.PLAIN_VIT,
    channels=(192,),
    strides=(16,),
    mean=(127.5, 127.5, 127.5),
    std=(127.5, 127.5, 127.5),
    parameters=0,
    depth=12,
)
HELD_OUT = 'benchmark.HeldOut'
"""The type of a split that is a slice of another."""

STAND_IN = StandIn(Backbone(id='', source=''), _FEATURES)
"""The backbone of a trivial predictor, which never looks at an image."""

_RECIPE = Recipe(lr=0.0, weight_decay=0.0, iterations=0, batch_size=0)


def compile_trivial(task: Task) -> Config:
    """Return what a task's trivial predictor needs, with the placeholder ``{data}``.

    It learns from the annotations of the training split and is scored on the test samples, and
    by the evaluator, of every cell of the task.
    """
    kind = load_kind(task.kind)
    parts = _parts(task)
    return {
        'default_scope': kind.library,
        'custom_imports': list(kind.components),
        'predictor': kind.trivial.predictor,
        'train_dataset': dataset(task, Role.TRAIN, list(parts.annotations)),
        'test_dataloader': testing_loader(task, parts),
        'test_evaluator': parts.evaluator,
    }


def annotated_splits(task: Task) -> Config:
    """Return every split of a task with its annotations but no pictures, to look at its data."""
    kind = load_kind(task.kind)
    annotations = list(_parts(task).annotations)
    return {
        'default_scope': kind.library,
        'custom_imports': list(kind.components),
        'splits': {role.value: dataset(task, role, annotations) for role in task.datasets},
    }


def drawn_splits(task: Task) -> Config:
    """Return every split of a task as it is tested, and the gallery that draws its samples."""
    kind, parts = load_kind(task.kind), _parts(task)
    splits = {role.value: dataset(task, role, parts.test_pipeline) for role in task.datasets}
    for split in splits.values():
        if 'test_mode' in split:  # some data sets set it themselves
            split['test_mode'] = True
    return {
        'default_scope': kind.library,
        'custom_imports': list(kind.components),
        'gallery': parts.gallery,
        'splits': splits,
    }


def data_request(task: Task) -> Config:
    """Return what a look at a task's data needs, as plain data with the placeholder ``{data}``."""
    return {
        **annotated_splits(task),
        'kind': task.kind,
        'classes': list(task.classes),
        'declared': {role.value: count for role, count in task.splits.items()},
        'estimated': [role.value for role in task.estimated],
        'options': dict(task.options),
        'held_out': [role.value for role in task.datasets if _is_slice(task, role)],
    }


def _is_slice(task: Task, role: Role) -> bool:
    return task.datasets[role].get('type') == HELD_OUT


def compile_submission(task: Task) -> Config | None:
    """Return the hook that writes the archive for a task's server to ``{work}``, if it has one."""
    hook = _parts(task).submission
    return hook and {**hook, 'file': f'{WORK}/{submission_name(task)}'}


def submission_name(task: Task) -> str:
    """Return how the archive for a task's server is called in a run's work folder."""
    return f'{task.name}-submission.zip'


def _parts(task: Task) -> Parts:
    return load_kind(task.kind).parts(Meeting(task, _FEATURES, TRIVIAL, _RECIPE, {}))
