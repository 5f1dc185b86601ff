"""The rate that each layer really got, against values counted by hand from the papers' figures.

With a decay of 1/2 a rate is a power of two: its exponent is how many layers, the head not
counted, the parameter lies below the head.
"""

from __future__ import annotations

import math

import pytest
import torch
from mmengine.optim import OptimWrapper
from torch import nn

from benchmark.engine import LayerDecayConstructor
from benchmark.engine.audit import audited
from benchmark.models import FeatureBackbone

WEIGHT_DECAY = 0.05

# stages of 2, 2, 6, 2 blocks: a patch merging goes with the block that follows it
SWIN = {
    'patch_embed.proj.weight': 13,
    'layers.0.blocks.0.attn.qkv.weight': 12,
    'layers.0.blocks.1.mlp.fc2.weight': 11,
    'layers.1.downsample.reduction.weight': 10,
    'layers.1.blocks.0.attn.proj.weight': 10,
    'layers.2.downsample.reduction.weight': 8,
    'layers.2.blocks.5.mlp.fc1.weight': 3,
    'layers.3.blocks.0.attn.qkv.weight': 2,
    'layers.3.blocks.1.mlp.fc2.weight': 1,
    'norm.weight': 1,
}
EXPONENTS = {
    # 12 blocks on a stem of patches, class token and positions
    'vit_tiny_patch16_224': {
        'patch_embed.proj.weight': 13,
        'cls_token': 13,
        'pos_embed': 13,
        'blocks.0.attn.qkv.weight': 12,
        'blocks.5.mlp.fc1.weight': 7,
        'blocks.11.attn.proj.weight': 1,
        'norm.weight': 1,
    },
    'swin_tiny_patch4_window7_224': {
        **SWIN,
        'layers.0.blocks.0.attn.relative_position_bias_table': 12,
    },
    'swinv2_tiny_window8_256': {
        **SWIN,
        'layers.0.blocks.0.attn.cpb_mlp.0.weight': 12,
        'layers.3.blocks.1.attn.logit_scale': 1,
    },
    # stages of 3, 3, 9, 3 blocks
    'convnext_tiny': {
        'stem.0.weight': 19,
        'stages.0.blocks.0.conv_dw.weight': 18,
        'stages.1.downsample.1.weight': 15,
        'stages.1.blocks.0.mlp.fc1.weight': 15,
        'stages.2.blocks.8.mlp.fc2.weight': 4,
        'stages.3.blocks.0.conv_dw.weight': 3,
        'stages.3.blocks.2.mlp.fc2.weight': 1,
    },
    # stages of 3, 4, 6, 3 blocks
    'resnet50': {
        'conv1.weight': 17,
        'layer1.0.conv1.weight': 16,
        'layer1.2.conv3.weight': 14,
        'layer2.0.downsample.0.weight': 13,
        'layer2.3.conv2.weight': 10,
        'layer3.5.conv2.weight': 4,
        'layer4.2.conv3.weight': 1,
    },
}
DEEPEST = {
    'vit_tiny_patch16_224': 13,
    'swin_tiny_patch4_window7_224': 13,
    'swinv2_tiny_window8_256': 13,
    'convnext_tiny': 19,
    'resnet50': 17,
}


class Model(nn.Module):
    """A backbone below a head."""

    def __init__(self, architecture: str) -> None:
        super().__init__()
        self.backbone = FeatureBackbone(source=f'timm:{architecture}', random=True)
        self.head = nn.Linear(8, 3)


@pytest.mark.parametrize('architecture', EXPONENTS)
def test_rates_are_those_counted_by_hand(architecture: str) -> None:
    with torch.device('meta'):
        model = Model(architecture)
    optimiser = {'type': 'AdamW', 'lr': 1.0, 'weight_decay': WEIGHT_DECAY}
    constructor = LayerDecayConstructor(
        {'type': 'OptimWrapper', 'optimizer': optimiser}, {'layer_decay': 0.5}
    )
    wrapper: OptimWrapper = constructor(model)
    groups = wrapper.optimizer.param_groups
    rate_of = {id(p): g['lr'] for g in groups for p in g['params']}
    for name, exponent in EXPONENTS[architecture].items():
        found = rate_of[id(model.get_parameter(f'backbone.body.{name}'))]
        assert -math.log2(found) == exponent, name
    # and the record tells the same
    told = audited(wrapper.optimizer)
    rates = {g['name'].partition('/')[0]: g['lr'] for g in told}
    assert rates.pop('head') == 1.0
    deepest = DEEPEST[architecture]
    assert rates == {f'backbone layer {i}': 0.5 ** (deepest - i) for i in range(deepest)}
    assert sum(g['parameters'] for g in told) == sum(p.numel() for p in model.parameters())
    assert {g['weight_decay'] for g in told if '/no weight decay' in g['name']} == {0.0}
    assert {g['weight_decay'] for g in told if '/' not in g['name']} == {WEIGHT_DECAY}
