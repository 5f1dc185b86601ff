"""Cells of small declared tasks, compiled and executed on pictures written by a test."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from mmengine.registry import DefaultScope

from benchmark.catalog.tasks import read_task
from benchmark.compiling import WORK, CellInputs, compile_config, localise
from benchmark.execution.execute import execute
from benchmark.execution.outcome import Outcome
from benchmark.kinds.base import DATA, BuildContext, Config
from benchmark.models.inspection import inspect_backbone
from benchmark.openmmlab import prepare
from benchmark.protocols import load_protocol
from benchmark.specs import Architecture, Backbone, Features, Recipe, RunSpec, Task

torch.set_num_threads(1)
prepare()

FACTS = {'version': 1, 'title': 'tiny', 'group': 'geometric-motion', 'budget': {}}
SOURCE = {'citation': 'nobody', 'licence': 'CC0-1.0', 'origin': 'written by a test'}
RECIPE = {'lr': 1e-3, 'weight_decay': 0.05, 'batch_size': 2, 'clip_norm': 5.0}


def declare(folder: Path, task: Mapping[str, Any], data: Mapping[str, Any]) -> Task:
    """Return a task whose file is written to ``folder``."""
    path = folder / 'tiny.py'
    path.write_text(f'task = { ({**FACTS, **SOURCE, **task})!r}\ndata = {dict(data)!r}\n')
    return read_task(path)


def context(task: Task, *, stride: int, channels: int = 24) -> BuildContext:
    """Return where ``task`` meets a plain backbone with one map of ``stride`` pixels."""
    features = Features(
        architecture=Architecture.PLAIN_VIT,
        channels=(channels,),
        strides=(stride,),
        mean=(100.0, 110.0, 120.0),
        std=(50.0, 55.0, 60.0),
        parameters=0,
        depth=1,
    )
    recipe = Recipe(lr=1.0, weight_decay=0.0, iterations=1, batch_size=1)
    return BuildContext(task, features, load_protocol('frozen'), recipe, {'type': 'unused'})


@contextlib.contextmanager
def scope(library: str) -> Iterator[None]:
    """Resolve names of parts in an OpenMMLab library, as a runner does."""
    with DefaultScope.overwrite_default_scope(library):
        yield


@dataclass(frozen=True)
class Trial:
    """One cell of a tiny task with a randomly initialised backbone."""

    task: Task
    architecture: str
    protocol: str
    data: Path
    folder: Path
    iterations: int = 2

    def config(self) -> Config:
        """Return the compiled configuration with local paths."""
        backbone = Backbone(self.architecture, f'timm:{self.architecture}', is_random=True)
        cell = CellInputs(
            spec=RunSpec(self.task.name, backbone.id, self.protocol, 0),
            backbone=backbone,
            features=inspect_backbone(backbone),
            task=self.task,
            protocol=load_protocol(self.protocol),
            changes=({**RECIPE, 'iterations': self.iterations},),
        )
        return localise(compile_config(cell), {DATA: str(self.data), WORK: str(self.folder)})

    def run(self) -> Outcome:
        """Return the outcome of training and testing."""
        torch.manual_seed(0)
        return execute(self.config(), self.folder)
