"""Cells of the shipped world tasks in miniature, ready to execute."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from mmengine.runner import Runner
from torch import Tensor

from benchmark.catalog import find_task
from benchmark.compiling import CODE, WEIGHTS, WORK, CellInputs, compile_config, localise
from benchmark.engine.audit import bare
from benchmark.kinds.base import DATA, Config
from benchmark.models.inspection import inspect_backbone
from benchmark.protocols import load_protocol
from benchmark.specs import Backbone, RunSpec, Task

ITERATIONS = 4
TRAINED = {
    'lr': 1e-3,
    'weight_decay': 0.05,
    'layer_decay': 0.9,
    'warmup': 0.0,
    'clip_norm': 5.0,
    # statistics of a batch differ from those of its parts
    'whitened': False,
}
BUDGET = {'iterations': ITERATIONS, 'batch_size': 2}
SMALL_OPTIONS = {
    'classification': {},
    'segmentation': {'width': 16},
    'detection': {
        'width': 16,
        'anchor_scale': 4,
        'finest_scale': 28,
        'mask_convs': 1,
        'proposals': 20,
        'regions': 16,
    },
}


def small_task(name: str, head: str | None = None) -> Task:
    """Return a shipped task at 64 px with narrow heads."""
    task = find_task(name)
    options = SMALL_OPTIONS[task.kind]
    return replace(task, input_size=(64, 64), head=head or task.head, options=options)


def random_backbone(architecture: str) -> Backbone:
    return Backbone(id=architecture, source=f'timm:{architecture}', is_random=True)


@dataclass(frozen=True)
class Cell:
    """One cell of the comparison in a work folder of its own."""

    world: Path
    folder: Path
    task: Task
    backbone: Backbone
    protocol: str = 'finetune'
    seed: int = 0
    changes: Mapping[str, Any] = field(default_factory=dict)

    def config(self) -> Config:
        """Return the compiled configuration with local paths."""
        config = compile_config(
            CellInputs(
                spec=RunSpec(self.task.name, self.backbone.id, self.protocol, self.seed),
                backbone=self.backbone,
                features=inspect_backbone(self.backbone),
                task=self.task,
                protocol=load_protocol(self.protocol),
                changes=({**TRAINED, **BUDGET, **self.changes},),
            )
        )
        places = {
            DATA: str(self.world / self.task.source.root),
            WORK: str(self.folder),
            WEIGHTS: str(self.backbone.checkpoint),
            CODE: str(self.backbone.code),
        }
        return localise(config, places)

    def config_with(self, *hooks: Config) -> Config:
        """Return the configuration with further ``hooks``."""
        config = self.config()
        return {**config, 'custom_hooks': [*config['custom_hooks'], *hooks]}


StateDict = dict[str, Tensor]
KEPT: dict[str, list[StateDict]] = {}
"""State dicts that :class:`KeepStates` took, by its name: before and after training."""


@HOOKS.register_module()
class KeepStates(Hook):
    """Copies the model's state dict before and after training."""

    def __init__(self, name: str) -> None:
        self._states = KEPT.setdefault(name, [])

    def before_train(self, runner: Runner) -> None:
        """Copy the initial state."""
        self._keep(runner)

    def after_train(self, runner: Runner) -> None:
        """Copy the trained state."""
        self._keep(runner)

    def _keep(self, runner: Runner) -> None:
        self._states.append({k: v.detach().clone() for k, v in runner.model.state_dict().items()})


@HOOKS.register_module()
class SaveState(Hook):
    """Writes the trained model's state dict to ``file``, from the first of several processes."""

    def __init__(self, file: str) -> None:
        self._file = file

    def after_train(self, runner: Runner) -> None:
        """Write the trained state."""
        if runner.rank == 0:
            torch.save(bare(runner.model).state_dict(), self._file)


@HOOKS.register_module()
class TouchBackbone(Hook):
    """Changes a number of the backbone during training, as a protocol must not."""

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: object = None, outputs: object = None
    ) -> None:
        """Add 1 to the last batch normalisation's mean."""
        names = [n for n, _ in runner.model.backbone.named_buffers() if n.endswith('running_mean')]
        runner.model.backbone.get_buffer(names[-1]).add_(1)


class Interruption(Exception):
    """The machine goes down."""


@HOOKS.register_module()
class InterruptTraining(Hook):
    """Ends the process's work after ``iteration`` iterations, checkpoint included."""

    priority = 'LOWEST'

    def __init__(self, iteration: int) -> None:
        self._iteration = iteration

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: object = None, outputs: object = None
    ) -> None:
        """Raise :class:`Interruption` when it is time."""
        if runner.iter + 1 == self._iteration:
            raise Interruption


@HOOKS.register_module()
class SignalTraining(Hook):
    """Sends this process a signal before iteration ``iteration`` is over."""

    def __init__(self, iteration: int, number: int) -> None:
        self._iteration, self._number = iteration, number

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: object = None) -> None:
        """Send the signal when it is time."""
        if runner.iter + 1 == self._iteration:
            os.kill(os.getpid(), self._number)


@HOOKS.register_module()
class InterruptTest(Hook):
    """Ends the process's work when testing begins."""

    def before_test(self, runner: Runner) -> None:
        """Raise :class:`Interruption`."""
        raise Interruption


def moved(before: StateDict, after: StateDict, *, backbone: bool) -> list[str]:
    """Return the names of the tensors that differ, of the backbone or of all the rest."""
    return [
        name
        for name in before
        if name.startswith('backbone.') is backbone and not torch.equal(before[name], after[name])
    ]
