"""Configurations without a model: a task's trivial predictor, annotations and submission."""

from __future__ import annotations

from benchmark.compiling.compile import WORK, testing_loader
from benchmark.kinds import load_kind
from benchmark.kinds.base import Config, dataset
from benchmark.specs import Role, Task

HELD_OUT = 'benchmark.HeldOut'
"""The type of a split that is a slice of another."""


def compile_trivial(task: Task) -> Config:
    """Return the configuration of a task's trivial predictor, with the placeholder ``{data}``.

    It learns from the annotations of the training split and is scored on the test samples, and
    by the evaluator, of every cell of the task.
    """
    kind = load_kind(task.kind)
    data = kind.data(task)
    return {
        'default_scope': kind.library,
        'custom_imports': list(kind.components),
        'predictor': kind.trivial.predictor,
        'train_dataset': dataset(task, Role.TRAIN, list(data.annotations)),
        'test_dataloader': testing_loader(task, data),
        'test_evaluator': data.evaluator,
    }


def annotated_splits(task: Task) -> Config:
    """Return every split of a task with annotations but without pictures, to check its data."""
    kind = load_kind(task.kind)
    annotations = list(kind.data(task).annotations)
    return {
        'default_scope': kind.library,
        'custom_imports': list(kind.components),
        'splits': {role.value: dataset(task, role, annotations) for role in task.datasets},
    }


def drawn_splits(task: Task) -> Config:
    """Return every split of a task with test transforms, and the gallery that draws its samples."""
    kind = load_kind(task.kind)
    data = kind.data(task)
    splits = {role.value: dataset(task, role, data.test_pipeline) for role in task.datasets}
    for split in splits.values():
        if 'test_mode' in split:  # some data sets set it themselves
            split['test_mode'] = True
    return {
        'default_scope': kind.library,
        'custom_imports': list(kind.components),
        'gallery': data.gallery,
        'splits': splits,
    }


def data_request(task: Task) -> Config:
    """Return the request for a check of a task's data, as plain data with ``{data}``."""
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
    hook = load_kind(task.kind).data(task).submission
    return hook and {**hook, 'file': f'{WORK}/{submission_name(task)}'}


def submission_name(task: Task) -> str:
    """Return the file name of the archive for a task's server in a run's work folder."""
    return f'{task.name}-submission.zip'
