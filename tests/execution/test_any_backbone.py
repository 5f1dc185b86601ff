"""Networks of every source, unedited, in the kinds: one training step and one prediction.

Each network meets two kinds and each kind two networks; with ``--all-pairs`` all meet all.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import default_collate, pseudo_collate
from mmengine.registry import DATASETS, DefaultScope

from benchmark.catalog import find_backbone, find_task
from benchmark.registry import MODELS
from benchmark.world import SplitCounts, WorldSpec, ensure_world
from tests.support.execution_cells import Cell

KINDS = ('covered', 'segmentation', 'detection', 'pose', 'depth', 'tracking')

NETWORK = '''
from torch import nn


class Net(nn.Module):
    """Two maps of a network that nobody knows."""

    mean = (120.0, 120.0, 120.0)
    std = (60.0, 60.0, 60.0)

    def __init__(self, width=16):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 8, 8)
        self.blocks = nn.Sequential(nn.Conv2d(width, 2 * width, 2, 2), nn.ReLU())

    def forward(self, images):
        first = self.stem(images)
        return first, self.blocks(first)
'''


def folder_of_transformers(folder: Path) -> str:
    transformers = pytest.importorskip('transformers')
    config = transformers.ViTConfig(
        hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64
    )
    transformers.ViTModel(config).save_pretrained(folder / 'my_vit')
    return f'hf:{folder / "my_vit"}'


def file_of_ones_own(folder: Path) -> str:
    (folder / 'my_net.py').write_text(NETWORK)
    declared = {'name': 'mine', 'source': 'my_net.py:Net', 'random': True, 'options': {'width': 8}}
    (folder / 'my_backbone.py').write_text(f'backbone = {declared!r}\n')
    return str(folder / 'my_backbone.py')


IDS = {
    'convnet': lambda folder: 'timm:convnextv2_atto+random',
    'one size': lambda folder: 'timm:hiera_tiny_224+random',
    'one size, windows': lambda folder: 'timm:swinv2_cr_tiny_ns_224+random',
    'transformers': folder_of_transformers,
    'torchvision': lambda folder: 'torchvision:resnet18+random',
    'file': file_of_ones_own,
}
MEETINGS = {
    'convnet': ('covered', 'detection'),
    'one size': ('segmentation', 'tracking'),
    'one size, windows': ('detection', 'pose'),
    'transformers': ('covered', 'depth'),
    'torchvision': ('segmentation', 'pose'),
    'file': ('depth', 'tracking'),
}


def sample(config: dict[str, Any], loader: str) -> Any:
    """Return a batch of two samples as a loader of the configuration makes it."""
    described = config[loader]
    dataset = DATASETS.build(Config({'it': described['dataset']})['it'])
    collate = {'default_collate': default_collate, 'pseudo_collate': pseudo_collate}
    return collate[described['collate_fn']['type']]([dataset[0], dataset[1]])


@pytest.fixture(scope='module')
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    spec = WorldSpec(
        size=64,
        scenes=SplitCounts(2, 1, 2),
        covered_per_class=SplitCounts(1, 1, 1),
        fine_per_class=SplitCounts(0, 0, 0),
        sequences=SplitCounts(2, 0, 2),
        sequence_length=2,
    )
    return ensure_world(tmp_path_factory.mktemp('worlds'), spec)


@pytest.mark.slow
@pytest.mark.parametrize('network', IDS)
def test_it_learns_and_predicts(
    network: str, world: Path, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    backbone = find_backbone(IDS[network](tmp_path))
    for kind in KINDS if pytestconfig.getoption('all_pairs') else MEETINGS[network]:
        cell = Cell(world, tmp_path, find_task(f'world-{kind}'), backbone)
        config = cell.config()
        for module in config['custom_imports']:
            importlib.import_module(module)
        with DefaultScope.overwrite_default_scope(config['default_scope']):
            model = MODELS.build(Config({'it': config['model']})['it'])
            learn(model, sample(config, 'train_dataloader'))
            predict(model, sample(config, 'test_dataloader'))


def test_every_kind_meets_two_networks() -> None:
    met = [kind for kinds in MEETINGS.values() for kind in kinds]
    assert sorted(met) == sorted(2 * KINDS)
    assert MEETINGS.keys() == IDS.keys()


def learn(model: Any, batch: Any) -> None:
    """Check that a training step moves the backbone."""
    losses = model.train()(**model.data_preprocessor(batch, True), mode='loss')
    total, _ = model.parse_losses(losses)
    total.backward()
    assert total.isfinite()
    assert any(p.grad is not None and p.grad.any() for p in model.backbone.parameters())


def predict(model: Any, batch: Any) -> None:
    with torch.no_grad():
        found = model.eval()(**model.data_preprocessor(batch, False), mode='predict')
    assert len(found) == 2
