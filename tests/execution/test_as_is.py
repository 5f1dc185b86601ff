"""Networks scored with their own heads, compared with plain torch."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from benchmark.catalog import find_backbone, find_task
from benchmark.catalog.sources import SOURCE_NUMERICS
from benchmark.compiling import (
    CODE,
    WEIGHTS,
    WORK,
    CellInputs,
    compile_as_is,
    find_procedure,
    localise,
    numerics_of,
    procedure_of,
)
from benchmark.engine.audit import hash_tensor
from benchmark.errors import BenchmarkError, IncompatibleError
from benchmark.execution import jobs
from benchmark.execution.as_is import execute_as_is
from benchmark.kinds.base import DATA, Config
from benchmark.models.inspection import inspect_backbone
from benchmark.protocols import load_protocol
from benchmark.specs import Backbone, RunSpec, Task
from tests.support.compiling_cells import cell
from tests.support.execution_cells import small_task

NETWORK = """
from torch import nn

class Net(nn.Module):
    mean, std = (120.0, 110.0, 100.0), (60.0, 50.0, 40.0)

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 6, 4, 4)
        self.norm = nn.BatchNorm2d(6)
        self.head = nn.Linear(6, OUTPUTS)

    def forward(self, images):
        return self.norm(self.stem(images)).relu()

    def classify(self, images):
        return self.head(self(images).mean(dim=(2, 3)))
"""


def network(folder: Path, outputs: int, code: str = NETWORK) -> Backbone:
    """Return a backbone of a file whose weights, classifier included, lie beside it."""
    path = folder / 'net.py'
    path.write_text(code.replace('OUTPUTS', str(outputs)))
    namespace: dict[str, Any] = {}
    exec(path.read_text(), namespace)
    torch.manual_seed(5)
    built = namespace['Net']()
    built.norm.running_mean.uniform_(-1, 1)
    built.norm.running_var.uniform_(0.5, 2)
    torch.save({'state_dict': built.state_dict()}, folder / 'weights.pth')
    return find_backbone(f'{path}:Net@{folder / "weights.pth"}')


def inputs(task: Task, backbone: Backbone) -> CellInputs:
    spec = RunSpec(task.name, backbone.id, 'as-is', 0)
    features = inspect_backbone(backbone)
    return CellInputs(spec, backbone, features, task, load_protocol('as-is'))


def compiled(world: Path, folder: Path, backbone: Backbone) -> Config:
    task = small_task('world-covered')
    places = {
        DATA: str(world / task.source.root),
        WORK: str(folder),
        WEIGHTS: str(backbone.checkpoint),
        CODE: str(backbone.code),
    }
    return localise(compile_as_is(inputs(task, backbone)), places)


def by_plain_torch(config: Config, folder: Path) -> list[bool]:
    """Return whether each test picture is classified right, without any of the harness."""
    namespace: dict[str, Any] = {}
    exec((folder / 'net.py').read_text(), namespace)
    net = namespace['Net']().eval()
    net.load_state_dict(torch.load(folder / 'weights.pth')['state_dict'])
    dataset = config['test_dataloader']['dataset']
    root = Path(dataset['data_root'], dataset['data_prefix'])
    names = dataset['metainfo']['classes'] if 'metainfo' in dataset else None
    right = []
    for path in sorted(root.glob('*/*')):
        pixels = cv2.imread(str(path))[..., ::-1].astype(np.float32)
        scaled = (torch.from_numpy(pixels.copy()) - torch.tensor(net.mean)) / torch.tensor(net.std)
        with torch.no_grad():
            predicted = int(net.classify(scaled.permute(2, 0, 1)[None]).argmax())
        folders = names or sorted(child.name for child in root.iterdir())
        right.append(list(folders)[predicted] == path.parent.name)
    return right


def test_the_score_is_that_of_plain_torch(tiny_world: Path, tmp_path: Path) -> None:
    count = len(find_task('world-covered').classes)
    config = compiled(tiny_world, tmp_path, network(tmp_path, count))
    outcome = execute_as_is(config)
    right = by_plain_torch(config, tmp_path)
    assert len(right) == outcome.proof['test_samples'] == count
    assert outcome.raw['accuracy'] == pytest.approx(100 * np.mean(right))
    assert 0 < sum(right) < len(right)
    assert json.loads(json.dumps(asdict(outcome)))


def test_the_record_proves_what_was_loaded_and_that_nothing_changed(
    tiny_world: Path, tmp_path: Path
) -> None:
    config = compiled(tiny_world, tmp_path, network(tmp_path, 8))
    weights = torch.load(tmp_path / 'weights.pth')['state_dict']
    before = {name: hash_tensor(value) for name, value in weights.items()}
    outcome = execute_as_is(config)
    assert outcome.proof['is_random'] is False
    assert outcome.proof['loaded'] == outcome.proof['total'] == len(before)
    assert outcome.proof['missing'] == outcome.proof['unexpected'] == []
    assert outcome.proof['backbone_changed'] is False
    assert outcome.proof['normalisation']['mean'] == [120.0, 110.0, 100.0]
    assert outcome.cost['iterations'] == 0
    assert outcome.cost['train_seconds'] == 0
    assert outcome.cost['test_seconds'] > 0
    assert (tmp_path / outcome.pictures[0]).stat().st_size > 100


def test_weights_without_the_head_are_refused(tiny_world: Path, tmp_path: Path) -> None:
    backbone = network(tmp_path, 8)
    weights = torch.load(tmp_path / 'weights.pth')['state_dict']
    torch.save({k: v for k, v in weights.items() if 'head' not in k}, tmp_path / 'weights.pth')
    config = compiled(tiny_world, tmp_path, backbone)
    with pytest.raises(BenchmarkError, match=r'2 of 9 tensors are missing \(head.bias, head.wei'):
        execute_as_is(config)


def test_a_head_for_other_classes_is_refused(tiny_world: Path, tmp_path: Path) -> None:
    config = compiled(tiny_world, tmp_path, network(tmp_path, 5))
    with pytest.raises(IncompatibleError, match=r'returns \(8, 5\), the task has 8 classes'):
        execute_as_is(config)


def test_a_network_without_a_head_is_refused_in_one_line(tiny_world: Path, tmp_path: Path) -> None:
    backbone = network(tmp_path, 8, NETWORK.replace('classify', 'other'))
    config = compiled(tiny_world, tmp_path, backbone)
    answer = jobs.answer({'job': 'as-is', 'config': config, 'folder': str(tmp_path)})
    assert answer['user_error'] is True
    assert 'net.py:Net has no method classify(images)' in answer['error']
    timm = Backbone(id='t', source='timm:test_resnet', is_random=True)
    answer = jobs.answer(
        {'job': 'as-is', 'config': compiled(tiny_world, tmp_path, timm), 'folder': str(tmp_path)}
    )
    assert 'built without its classifier' in answer['error']
    assert '\n' not in answer['error']


def test_a_network_that_changes_while_it_is_scored_is_found(
    tiny_world: Path, tmp_path: Path
) -> None:
    counting = NETWORK.replace(
        'return self.head(', 'self.norm.running_mean += 1\n        return self.head('
    )
    config = compiled(tiny_world, tmp_path, network(tmp_path, 8, counting))
    with pytest.raises(BenchmarkError, match='changed while it was scored'):
        execute_as_is(config)


def test_it_is_for_tasks_with_one_label_per_picture() -> None:
    with pytest.raises(IncompatibleError, match='one label per picture'):
        compile_as_is(cell('depth', 'convnet', 'as-is'))
    one = cell('classification', 'convnet', 'as-is')
    protocol = load_protocol('as-is')
    assert protocol.suits(one.task)
    assert not protocol.suits(replace(one.task, options={'multi_label': True}))
    assert not protocol.suits(cell('depth').task)


def test_its_identity_has_the_numbers_of_its_own_procedure() -> None:
    one = cell('classification', 'convnet', 'as-is')
    name, procedure = procedure_of(one)
    assert procedure == find_procedure('as-is')
    assert name == 'as-is'
    config = compile_as_is(one)
    assert numerics_of(
        config, kind='classification', protocol='as-is', source='file:net.py:Net'
    ) == {
        'reading': 1,
        'networks': 1,
        'as-is': 1,
        'kind classification': 1,
        'protocol as-is': 1,
        'source file': SOURCE_NUMERICS['file'],
    }
    assert config['backbone']['frozen'] is True
