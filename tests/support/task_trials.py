"""Shipped tasks in miniature: their fake copy, small pictures, narrow heads."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import torch

from benchmark.catalog import find_task
from benchmark.compiling import WORK, CellInputs, compile_config, localise
from benchmark.execution.execute import execute
from benchmark.execution.outcome import Outcome
from benchmark.kinds.base import DATA, Config
from benchmark.models.inspection import inspect_backbone
from benchmark.openmmlab import prepare
from benchmark.protocols import load_protocol
from benchmark.specs import EXACT, Backbone, Declared, RunSpec, Task
from tests.support.fakes.copies import COPIES

torch.set_num_threads(1)
prepare()

RECIPE = {'lr': 1e-3, 'weight_decay': 0.05, 'batch_size': 2, 'iterations': 2, 'clip_norm': 5.0}

_BOXES = {'width': 16, 'anchor_scale': 4, 'finest_scale': 28, 'proposals': 20, 'regions': 16}
_DETECTOR = {**_BOXES, 'mask_convs': 1}
SMALL: dict[str, tuple[tuple[int, int], Declared]] = {
    'classification': ((64, 64), {}),
    'segmentation': ((32, 48), {'width': 16, 'resize': (48, 64)}),
    'detection': ((64, 64), _DETECTOR),
    'mot': ((64, 64), {**_BOXES, 'start_score': 0.01}),
    'pose': ((64, 64), {'width': 8}),
    'tracking': (
        (64, 64),
        {'template_size': 32, 'width': 16, 'heads': 2, 'encoder_layers': 1, 'max_gap': 4},
    ),
    'depth': ((96, 128), {'width': 8, 'crop': (64, 64), 'photometric': False}),
}
"""Input size and options per kind; what a task declares beyond these stays as it is."""

SMALLER: dict[str, Declared] = {
    'coco-detection-classic': {'short_sides': (40, 56)},
    'coco-detection-cascade': {'short_sides': (40, 56), 'training_proposals': 40},
    'ade20k': {'slide_stride': (24, 32), 'auxiliary_width': 16},
    'voc-detection': {'short_sides': (40, 56)},
    'nyuv2': {'test_window': (96, 96), 'window_stride': (96, 32)},
    'sun-rgbd': {'test_window': (96, 128), 'window_stride': (96, 128)},
    'kitti-depth': {'crop': (96, 96), 'test_window': (352, 352), 'window_stride': (352, 352)},
}
"""Options that hold for one task only."""

SIZES = {'kitti-depth': (352, 1216), 'coco-detection-classic': (64, 96)}


def small_task(name: str) -> Task:
    """Return the shipped task ``name`` on small pictures, with a narrow head."""
    task = find_task(name)
    size, options = SMALL[task.kind]
    if task.kind == 'segmentation' and 'slide_stride' in task.options:
        options = {**options, 'slide_stride': (24, 32)}
    return replace(
        task,
        datasets={role: _fewer(declared) for role, declared in task.datasets.items()},
        input_size=SIZES.get(name, size),
        options={**task.options, **options, **SMALLER.get(name, {})},
    )


def _fewer(declared: Declared) -> Declared:
    """Return a data set of which no more files are chosen than a fake copy has."""
    if declared['type'] == 'benchmark.HeldOut':
        return {**declared, 'of': _fewer(declared['of'])}
    return {**declared, 'count': 2} if declared['type'] == 'benchmark.Chosen' else declared


def fake_root(name: str, folder: Path) -> Path:
    """Return where the fake copy of a task's data lies below ``folder``, after writing it."""
    root = folder / name
    if not root.exists():
        COPIES[name](root)
    return root


@dataclass(frozen=True)
class Trial:
    """One cell of a shipped task in miniature, with a randomly initialised backbone."""

    task: Task
    data: Path
    folder: Path
    architecture: str = 'test_vit'
    protocol: str = 'finetune'
    changes: Declared = field(default_factory=dict)
    policy: str = EXACT

    def config(self) -> Config:
        """Return the compiled configuration with local paths."""
        backbone = Backbone(self.architecture, f'timm:{self.architecture}', is_random=True)
        cell = CellInputs(
            spec=RunSpec(self.task.name, backbone.id, self.protocol, 0),
            backbone=backbone,
            features=inspect_backbone(backbone),
            task=self.task,
            protocol=load_protocol(self.protocol),
            # the task's small options, also where the recipe sets larger ones
            changes=({**RECIPE, 'options': dict(self.task.options), **self.changes},),
            policy=self.policy,
        )
        return localise(compile_config(cell), {DATA: str(self.data), WORK: str(self.folder)})

    def run(self) -> Outcome:
        """Return the outcome of training and testing."""
        torch.manual_seed(0)
        return execute(self.config(), self.folder)


def measured(task: Task) -> set[str]:
    """Return the keys of the metrics that a task asks for."""
    return {metric.key for metric in (task.metric, *task.metrics)}
