"""The recipes that the networks of arXiv 2205.13543 get on its tasks, as a person reviewed them.

Run ``pytest tests/compiling --regenerate`` after a wanted change, and read the difference.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from benchmark.catalog import find_suite, shipped_tasks
from benchmark.compiling import CellInputs, compile_config
from benchmark.planning import Request, recipe_changes
from benchmark.protocols import RecipeKey, explain_recipe, load_protocol
from benchmark.protocols.document import show
from benchmark.specs import Architecture, Backbone, Features, Number, RunSpec, Task
from tests.support.compiling_cells import HERE

GOLDEN = HERE / 'golden_recipes'
SUITE = find_suite('dark-secrets')

_MEAN, _STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
_STRIDES = (4, 8, 16, 32)
# parameters, depth and windows as timm 1.0.31 builds the networks without a classifier
NETWORKS = {
    'MAE ViT-B': Features(Architecture.PLAIN_VIT, (768,), (16,), _MEAN, _STD, 85_798_656, 12),
    'SimMIM SwinV2-B': Features(
        Architecture.HIERARCHICAL,
        (128, 256, 512, 1024),
        _STRIDES,
        _MEAN,
        _STD,
        86_893_816,
        24,
        (12, 12, 12, 6),
    ),
    'supervised ResNet-50': Features(
        Architecture.CONVNET, (256, 512, 1024, 2048), _STRIDES, _MEAN, _STD, 23_508_032, 16
    ),
}


def cell(task: Task, network: str) -> CellInputs:
    backbone = Backbone(id='it', source='timm:it')
    spec = RunSpec(task.name, backbone.id, 'finetune', 0)
    changes = recipe_changes(SUITE, spec)
    return CellInputs(spec, backbone, NETWORKS[network], task, load_protocol('finetune'), changes)


def compiled(task: Task, network: str) -> dict[str, Any]:
    """Return what the compiled configuration really holds, under the names of a recipe."""
    config = compile_config(cell(task, network))
    wrapper = config['optim_wrapper']
    *rising, falling = config['param_scheduler']
    options = config['model']['backbone']['options']
    return {
        'lr': wrapper['optimizer']['lr'],
        'weight_decay': wrapper['optimizer']['weight_decay'],
        'layer_decay': wrapper['paramwise_cfg']['layer_decay'],
        'drop_path': config['model']['backbone']['drop_path'],
        'clip_norm': wrapper.get('clip_grad', {}).get('max_norm'),
        'batch_size': config['train_dataloader']['batch_size'],
        'iterations': config['train_cfg']['max_iters'],
        'warmup': sum(item['end'] for item in rising),
        'schedule': falling['type'],
        'milestones': tuple(falling['begin'] + step for step in falling.get('milestones', ())),
        'crop': tuple(task.options.get('crop', task.input_size)),
        'window': options.get('window_size'),
    }


def lines(network: str) -> Iterator[str]:
    yield f'# {network}: recipes of suite {SUITE.name} as compiled'
    tasks = shipped_tasks()
    for name in SUITE.tasks:
        task = tasks[name]
        place = RecipeKey.of(task, NETWORKS[network])
        origins = explain_recipe(load_protocol('finetune'), place, task.budget)
        yield f'\n## {name}\n\n| value | compiled | origin |\n| --- | --- | --- |'
        for key, value in compiled(task, network).items():
            if value not in (None, ()) or key in origins:
                yield f'| {key} | {shown(key, value)} | {origin(key, value, origins)} |'


def shown(key: str, value: Any) -> str:
    return ', '.join(map(str, value)) or 'none' if key == 'milestones' else show(value)


def origin(key: str, value: Any, origins: dict[str, Number]) -> str:
    """Return the mark of a number, its source, and what the source says where that differs."""
    number = origins.get(key)
    if number is None:
        return 'ours: the default of a recipe'
    if key == 'crop' and number.value != value:
        return f'ours: set by the task ({number.source} says {show(number.value)})'
    if number.source is None:
        return f'ours: {number.reason}'
    says = f'; says {number.says}; {number.reason}' if number.says else ''
    if key == 'layer_decay' and 'decay_steps' in origins:
        says += f'; {show(number.value)} over {origins["decay_steps"].value} steps to the stem'
    return f'{number.mark}: {number.source}, {number.place}{says}'


@pytest.mark.parametrize('network', NETWORKS)
def test_the_recipes_are_the_reviewed_ones(network: str, request: pytest.FixtureRequest) -> None:
    path = GOLDEN / f'{network.replace(" ", "-").lower()}.md'
    text = '\n'.join(lines(network)) + '\n'
    if request.config.getoption('--regenerate'):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding='utf-8')
    assert path.read_text(encoding='utf-8') == text


CLASSIC = 'coco-detection-classic'
STATED = [
    # network, task, what the source states (layer decay: that of the stem, which is the same)
    ('MAE ViT-B', 'coco-pose', {'lr': 5e-4, 'weight_decay': 0.1, 'drop_path': 0.3}),
    ('MAE ViT-B', 'coco-pose', {'layer_decay': 0.75, 'batch_size': 512, 'crop': (256, 192)}),
    ('MAE ViT-B', 'lasot', {'lr': 5e-4, 'batch_size': 64, 'iterations': 614_400}),
    ('SimMIM SwinV2-B', 'nyuv2', {'lr': 5e-4, 'weight_decay': 0.05, 'drop_path': 0.3}),
    ('SimMIM SwinV2-B', 'nyuv2', {'batch_size': 24, 'iterations': 25_250, 'window': 30}),
    ('SimMIM SwinV2-B', 'nyuv2', {'crop': (480, 480), 'layer_decay': 0.9 ** (28 / 25)}),
    ('SimMIM SwinV2-B', 'kitti-depth', {'crop': (352, 352), 'window': 22}),
    ('SimMIM SwinV2-B', CLASSIC, {'lr': 1e-4, 'batch_size': 16, 'drop_path': 0.3}),
    ('supervised ResNet-50', 'crowdpose', {'lr': 5e-4, 'batch_size': 512, 'weight_decay': 0.0}),
    (
        'supervised ResNet-50',
        'coco-detection-classic',
        {'lr': 2.5e-4, 'layer_decay': 0.6 ** (6 / 17)},
    ),
]


@pytest.mark.parametrize(('network', 'task', 'expected'), STATED)
def test_values_of_the_sources_reach_the_configuration(
    network: str, task: str, expected: dict[str, Any]
) -> None:
    found = compiled(shipped_tasks()[task], network)
    for key, value in expected.items():
        assert found[key] == pytest.approx(value), key


def test_its_groups_are_those_of_the_paper() -> None:
    tasks = Request.read('dark-secrets').tasks
    groups = Counter(task.group for task in tasks)
    # twelve sets, five levels and iNaturalist; pose, depth and tracking; detection
    assert groups == {'semantic': 12 + 5 + 1, 'geometric-motion': 2 + 2 + 3, 'combined': 1}
