"""Feature maps, loading, freezing and layers of timm architectures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from mmengine.model import BaseModel
from timm.layers import DropPath
from torch import Tensor

from benchmark.errors import IncompatibleError, UnknownNameError
from benchmark.models import FeatureBackbone
from benchmark.models.inspection import inspect_backbone
from benchmark.registry import MODELS
from benchmark.specs import Architecture, Backbone

SMALL: dict[str, tuple[str, dict[str, Any]]] = {
    'vit': ('test_vit', {}),
    'vit14': (
        'vit_tiny_patch16_224',
        {'embed_dim': 32, 'depth': 3, 'num_heads': 2, 'patch_size': 14},
    ),
    'swin': (
        'swin_tiny_patch4_window7_224',
        {'embed_dim': 16, 'depths': (1, 1, 2, 1), 'num_heads': (1, 2, 2, 2), 'window_size': 4},
    ),
    'convnext': ('test_convnext', {}),
    'resnet': ('test_resnet', {}),
    'efficientnet': ('test_efficientnet', {}),
}
SHAPES = {
    'vit': [(64, 16)],
    'vit14': [(32, 14)],
    'swin': [(16, 4), (32, 8), (64, 16), (128, 32)],
    'convnext': [(24, 4), (32, 8), (48, 16), (64, 32)],
    'resnet': [(32, 4), (48, 8), (192, 16), (96, 32)],
    'efficientnet': [(24, 4), (32, 8), (48, 16), (64, 32)],
}
"""Channels and stride of every map, as timm's model definitions have them."""


def build(name: str, **changes: Any) -> FeatureBackbone:
    architecture, options = SMALL[name]
    arguments = {'source': f'timm:{architecture}', 'options': options, 'random': True, **changes}
    backbone: FeatureBackbone = MODELS.build({'type': 'benchmark.FeatureBackbone', **arguments})
    return backbone


def noise(*size: int, seed: int = 0) -> Tensor:
    return torch.randn(2, 3, *size, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize('size', [(64, 64), (96, 64), (70, 83)])
@pytest.mark.parametrize('name', SMALL)
def test_maps_cover_the_image_at_declared_channels_and_strides(
    name: str, size: tuple[int, int]
) -> None:
    height, width = size
    deepest = SHAPES[name][-1][1]
    padded = [-(-side // deepest) * deepest for side in size]
    with torch.no_grad():
        maps = build(name).eval()(noise(height, width))
    expected = [(2, c, padded[0] // s, padded[1] // s) for c, s in SHAPES[name]]
    assert [tuple(m.shape) for m in maps] == expected
    architecture, options = SMALL[name]
    declared = Backbone('x', f'timm:{architecture}', is_random=True, options=options)
    features = inspect_backbone(declared)
    assert list(zip(features.channels, features.strides, strict=True)) == SHAPES[name]


@pytest.mark.parametrize('name', ['vit', 'swin', 'resnet'])
def test_deepest_map_is_what_timm_computes(name: str) -> None:
    backbone = build(name).eval()
    images = noise(64, 96)
    with torch.no_grad():
        features = backbone.network.forward_features(images)
        deepest = backbone(images)[-1]
    if name == 'vit':
        prefix = backbone.network.num_prefix_tokens
        features = features[:, prefix:].transpose(1, 2).reshape(2, -1, 4, 6)
    if name == 'swin':
        features = features.permute(0, 3, 1, 2)
    torch.testing.assert_close(deepest, features)


def test_padding_is_on_the_right_and_below() -> None:
    backbone = build('resnet').eval()
    images = noise(50, 70)
    padded = torch.zeros(2, 3, 64, 96)
    padded[..., :50, :70] = images
    with torch.no_grad():
        for found, expected in zip(backbone(images), backbone(padded), strict=True):
            assert torch.equal(found, expected)


def test_same_seed_same_parameters() -> None:
    states = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        states.append(build('vit').state_dict())
    assert all(torch.equal(a, b) for a, b in zip(*(s.values() for s in states[:2]), strict=True))
    weight = 'body.blocks.0.attn.qkv.weight'
    assert not torch.equal(states[0][weight], states[2][weight])


class Holder(BaseModel):
    """A model as mmengine initialises it: from the top, through all its modules."""

    def __init__(self, backbone: FeatureBackbone) -> None:
        super().__init__()
        self.backbone = backbone

    def forward(self, inputs: Tensor) -> Tensor:
        return self.backbone(inputs)[-1]


def test_loaded_weights_survive_initialisation(tmp_path: Path) -> None:
    source = timm.create_model('test_vit', num_classes=0)
    torch.save(source.state_dict(), tmp_path / 'vit.pth')
    model = Holder(build('vit', random=False, checkpoint=str(tmp_path / 'vit.pth')))
    model.init_weights()
    loaded = model.backbone.network.state_dict()
    assert loaded.keys() == source.state_dict().keys()
    assert all(torch.equal(loaded[name], value) for name, value in source.state_dict().items())
    report = model.backbone.load_report
    assert (report.is_random, report.loaded, report.total) == (False, len(loaded), len(loaded))


def test_random_backbone_says_so() -> None:
    report = build('vit').load_report
    assert report.is_random
    assert report.loaded == 0


@pytest.mark.parametrize('name', ['vit', 'resnet'])
def test_frozen_backbone_stays_as_it_is(name: str) -> None:
    backbone = build(name, frozen=True)
    before = {key: value.clone() for key, value in backbone.state_dict().items()}
    Holder(backbone).train()
    maps = backbone(noise(64, 64))
    assert not any(module.training for module in backbone.modules())
    assert not any(parameter.requires_grad for parameter in backbone.parameters())
    assert not any(m.requires_grad for m in maps)
    after = backbone.state_dict()
    assert all(torch.equal(after[key], value) for key, value in before.items())


def test_trained_backbone_updates_statistics_and_gets_gradients() -> None:
    backbone = build('resnet').train()
    before = {key: value.clone() for key, value in backbone.named_buffers()}
    sum(m.square().mean() for m in backbone(noise(64, 64))).backward()  # type: ignore[union-attr]
    means = [key for key in before if key.endswith('running_mean')]
    buffers = dict(backbone.named_buffers())
    assert means
    assert not any(torch.equal(buffers[key], before[key]) for key in means)
    assert backbone.get_parameter('body.conv1.0.weight').grad is not None


@pytest.mark.parametrize(
    ('name', 'stem', 'middle', 'last'),
    [
        ('vit', 'patch_embed.proj.weight', 'blocks.2.mlp.fc1.weight', 'blocks.5.mlp.fc2.weight'),
        ('vit', 'pos_embed', 'blocks.0.norm1.bias', 'norm.weight'),
        (
            'convnext',
            'stem.0.weight',
            'stages.1.blocks.0.conv_dw.weight',
            'stages.3.blocks.1.mlp.fc2.weight',
        ),
        ('resnet', 'conv1.0.weight', 'layer2.0.conv1.weight', 'layer4.0.conv2.weight'),
        (
            'swin',
            'patch_embed.proj.weight',
            'layers.1.blocks.0.attn.qkv.weight',
            'layers.3.blocks.0.mlp.fc2.weight',
        ),
    ],
)
def test_layers_rise_from_stem_to_last_block(name: str, stem: str, middle: str, last: str) -> None:
    backbone = build(name)
    found = [backbone.layer_of(f'body.{key}') for key in (stem, middle, last)]
    (lowest, between, highest), counts = zip(*found, strict=True)
    assert lowest == 0 < between < highest
    assert set(counts) == {highest}


@pytest.mark.parametrize('name', SMALL)
def test_every_parameter_has_a_layer_and_depth_orders_them(name: str) -> None:
    backbone = build(name)
    layers = [backbone.layer_of(key)[0] for key, _ in backbone.named_parameters()]
    assert set(layers) == set(range(max(layers) + 1))
    body = [
        backbone.layer_of(key)[0]
        for key, _ in backbone.named_parameters()
        if any(part in key for part in ('blocks.', 'stages.', 'layers.', 'layer'))
    ]
    assert body == sorted(body)


def test_blocks_of_a_vit_are_its_layers() -> None:
    backbone = build('vit')
    found = [backbone.layer_of(f'body.blocks.{i}.attn.qkv.weight') for i in range(6)]
    assert found == [(i + 1, 6) for i in range(6)]


@pytest.mark.parametrize('name', ['vit', 'swin', 'convnext', 'resnet', 'efficientnet'])
def test_drop_path_rises_to_its_rate(name: str) -> None:
    backbone = build(name, drop_path=0.3)
    rates = [m.drop_prob for m in backbone.modules() if isinstance(m, DropPath)]
    # convolutional blocks of some families take the rate as their own attribute
    rates += [
        m.drop_path_rate
        for m in backbone.modules()
        if isinstance(getattr(m, 'drop_path_rate', None), float)
    ]
    assert rates == sorted(rates)
    assert max(rates) <= 0.3 + 1e-6
    if name != 'efficientnet':
        assert max(rates) == pytest.approx(0.3)
    assert not [m for m in build(name).modules() if getattr(m, 'drop_prob', 0)]


@pytest.mark.parametrize(
    ('architecture', 'expected'),
    [
        ('test_vit', Architecture.PLAIN_VIT),
        ('swin_tiny_patch4_window7_224', Architecture.HIERARCHICAL),
        ('test_convnext', Architecture.CONVNET),
        # their squeeze-and-excitation goes by the name 'attn'
        ('test_byobnet', Architecture.CONVNET),
        ('test_nfnet', Architecture.CONVNET),
        ('resnet50_clip', Architecture.CONVNET),
        ('efficientformer_l1', Architecture.HIERARCHICAL),
    ],
)
def test_architecture_class(architecture: str, expected: Architecture) -> None:
    features = inspect_backbone(Backbone('x', f'timm:{architecture}', is_random=True))
    assert features.architecture is expected


def test_inspection_tells_timm_facts() -> None:
    features = inspect_backbone(Backbone('x', 'timm:test_efficientnet', is_random=True))
    network = timm.create_model('test_efficientnet', num_classes=0)
    assert features.parameters == sum(p.numel() for p in network.parameters())
    assert features.mean == pytest.approx([123.675, 116.28, 103.53])
    assert features.std == pytest.approx([58.395, 57.12, 57.375])
    own = ((1.0, 2.0, 3.0), (4.0, 5.0, 6.0))
    declared = Backbone('x', 'timm:test_vit', is_random=True, normalisation=own)
    assert (inspect_backbone(declared).mean, inspect_backbone(declared).std) == own


def test_unknown_architecture_names_a_close_one() -> None:
    with pytest.raises(UnknownNameError, match=r"'test_vitt'; did you mean .*test_vit"):
        FeatureBackbone(source='timm:test_vitt', random=True)


def test_option_that_the_architecture_lacks() -> None:
    with pytest.raises(IncompatibleError, match=r'test_vit cannot be built .*windows'):
        build('vit', options={'windows': 7})


def test_batch_norms_can_keep_the_statistics_of_pretraining() -> None:
    backbone = FeatureBackbone(source='timm:resnet18', random=True, kept_statistics=True).train()
    before = {name: buffer.clone() for name, buffer in backbone.named_buffers()}
    backbone(torch.randn(2, 3, 64, 64))[-1].sum().backward()
    assert before.keys() == dict(backbone.named_buffers()).keys()
    assert all(torch.equal(before[name], buffer) for name, buffer in backbone.named_buffers())
    # everything else still trains
    assert backbone.body.layer4.training
    assert all(parameter.grad is not None for parameter in backbone.parameters())
