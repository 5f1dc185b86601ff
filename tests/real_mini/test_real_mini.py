"""Real pictures and real weights through the whole harness, where they are on this machine.

Their folders are named by the environment variables TBENCH_REAL_MINI and TBENCH_REAL_WEIGHTS.
"""

from __future__ import annotations

import importlib
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.registry import DATASETS, init_default_scope

import benchmark.registry  # noqa: F401  (makes 'benchmark.X' known to mmengine)
from benchmark.catalog import find_backbone, find_task
from benchmark.catalog.tasks import read_task
from benchmark.compiling import WEIGHTS, WORK, CellInputs, compile_config, localise
from benchmark.execution.execute import execute
from benchmark.execution.outcome import Outcome
from benchmark.hashing import file_hash
from benchmark.kinds.base import DATA, Config
from benchmark.models.inspection import build, inspect_backbone
from benchmark.openmmlab import prepare
from benchmark.planning.data import locate
from benchmark.protocols import load_protocol
from benchmark.specs import Backbone, Role, RunSpec, Task

torch.set_num_threads(1)
prepare()

HERE = Path(__file__).parent
KINDS = ('classification', 'segmentation', 'detection', 'depth')
TASKS = [task for task in map(read_task, sorted(HERE.glob('tasks/*.py'))) if task.kind in KINDS]
WEIGHTS_FILES = {
    'dinov2_vits14.py': '15e7afe65a9163a2a8f8bca24a024a13b7cc9c478887b906b092f250b0c0ded5',
    'efficientnet_lite0.py': 'ab710daf04afdc524a5220e3e7c306c0b1e4974523400b8b5893300ff05505d1',
}
"""SHA-256 of the weights file that each backbone declaration names."""

needs_data = pytest.mark.skipif(
    'TBENCH_REAL_MINI' not in os.environ,
    reason='TBENCH_REAL_MINI names no folder of small real data sets',
)
needs_weights = pytest.mark.skipif(
    'TBENCH_REAL_WEIGHTS' not in os.environ,
    reason='TBENCH_REAL_WEIGHTS names no folder of real weights',
)


def compiled(task: Task, backbone: Backbone, folder: Path, **changes: Any) -> Config:
    config = compile_config(
        CellInputs(
            spec=RunSpec(task.name, backbone.id, 'frozen', 0),
            backbone=backbone,
            features=inspect_backbone(backbone),
            task=task,
            protocol=load_protocol('frozen'),
            changes=(changes,),
        )
    )
    data = locate(task, Path('unused')).resolve()
    places = {DATA: str(data), WORK: str(folder), WEIGHTS: str(backbone.checkpoint)}
    return localise(config, places)


def dataset(task: Task, role: Role, config: Config) -> Any:
    """Return the data set of a split, read by the OpenMMLab library of the task's kind."""
    place = 'train_dataloader' if role is Role.TRAIN else 'test_dataloader'
    root = str(locate(task, Path('unused')).resolve())
    declared = localise(dict(task.datasets[role]), {DATA: root})
    pipeline = config[place]['dataset']['pipeline']
    return DATASETS.build({'data_root': root, **declared, 'pipeline': pipeline, 'lazy_init': False})


@needs_data
@pytest.mark.parametrize('task', TASKS, ids=lambda task: task.name)
def test_splits_are_as_large_as_declared(task: Task, tmp_path: Path) -> None:
    backbone = Backbone('test_vit', 'timm:test_vit', is_random=True)
    config = compiled(task, backbone, tmp_path)
    for module in config['custom_imports']:
        importlib.import_module(module)
    library = importlib.import_module(f'{config["default_scope"]}.utils')
    library.register_all_modules(init_default_scope=False)
    init_default_scope(config['default_scope'])
    for role, count in task.splits.items():
        split = dataset(task, role, config)
        assert len(split) == count, role
        assert tuple(split.metainfo['classes']) == task.classes
        sample = split[0]
        image = sample['inputs']
        assert image.dtype == torch.uint8
        assert image.shape[0] == 3
        assert max(image.shape[1:]) <= max(task.input_size)
        # a constant picture would mean that nothing was read
        assert image.float().std() > 1


@needs_weights
@pytest.mark.parametrize('name', WEIGHTS_FILES)
def test_every_tensor_is_loaded(name: str) -> None:
    backbone = find_backbone(str(HERE / 'backbones' / name))
    assert backbone.checkpoint is not None
    assert file_hash(backbone.checkpoint) == WEIGHTS_FILES[name]
    network = build(backbone)
    report = network.load_report
    assert report.missing == ()
    assert report.loaded == report.total > 100
    assert all(parameter.dtype == torch.float32 for parameter in network.parameters())


def accuracy(backbone: Backbone, folder: Path) -> Outcome:
    task = replace(read_task(HERE / 'tasks' / 'flowers5.py'), input_size=(96, 96))
    recipe = {'lr': 3e-3, 'iterations': 40, 'batch_size': 16, 'clip_norm': 5.0}
    return execute(compiled(task, backbone, folder, **recipe), folder)


@needs_data
def test_official_key_point_annotations_are_read() -> None:
    """Four COCO images in COCO's own layout: 12 of their 14 persons have key points."""
    init_default_scope('mmpose')
    importlib.import_module('benchmark.kinds.pose.data')
    folder = Path(os.environ['TBENCH_REAL_MINI']) / 'pose' / 'coco_samples'
    task = find_task('coco-pose')
    persons = DATASETS.build(
        {
            'type': 'benchmark.KeypointDataset',
            'metainfo': dict(task.datasets[Role.TRAIN]['metainfo']),
            'ann_file': str(folder / 'test_coco.json'),
            'data_prefix': {'img': str(folder)},
            'pipeline': [{'type': 'LoadImage'}],
        }
    )
    assert len(persons) == 12
    for sample in persons:
        height, width = sample['img'].shape[:2]
        assert sample['keypoints'].shape == (1, 17, 2)
        seen = sample['keypoints'][sample['keypoints_visible'] > 0]
        assert len(seen) > 0
        assert (seen >= 0).all()
        assert (seen <= (width, height)).all()


@needs_data
@needs_weights
@pytest.mark.slow
def test_pretraining_shows_in_frozen_features(tmp_path: Path) -> None:
    name = str(HERE / 'backbones' / 'efficientnet_lite0.py')
    pretrained, random = (
        accuracy(find_backbone(name + suffix), tmp_path / (suffix or 'pretrained'))
        for suffix in ('', '+random')
    )
    assert pretrained.proof['loaded'] == pretrained.proof['total']
    assert random.proof['is_random']
    # seeds 0, 1 and 2 differ by 31, 18 and 34 points
    assert pretrained.raw['accuracy'] > random.raw['accuracy'] + 10
