"""Layers told by the names of parameters, against layers counted by hand."""

from __future__ import annotations

import pytest

from benchmark.sources.layers import layers_by_name

NAMES: dict[str, tuple[list[tuple[str, int]], int]] = {
    'transformers ViT': (
        [
            ('embeddings.cls_token', 0),
            ('embeddings.patch_embeddings.projection.weight', 0),
            ('encoder.layer.0.attention.attention.query.weight', 1),
            ('encoder.layer.1.output.dense.bias', 2),
            ('encoder.layer.11.output.dense.bias', 3),
            ('layernorm.weight', 3),
        ],
        0,
    ),
    'transformers Swin': (
        [
            ('embeddings.norm.weight', 0),
            ('encoder.layers.0.blocks.0.attention.self.query.weight', 1),
            ('encoder.layers.0.blocks.1.attention.self.query.weight', 2),
            ('encoder.layers.0.downsample.reduction.weight', 3),
            ('encoder.layers.1.blocks.0.attention.self.query.weight', 3),
            ('layernorm.weight', 3),
        ],
        0,
    ),
    'transformers ConvNeXt': (
        [
            ('embeddings.layernorm.weight', 0),
            ('encoder.stages.0.layers.0.dwconv.weight', 1),
            ('encoder.stages.1.downsampling_layer.0.weight', 2),
            ('encoder.stages.1.layers.0.dwconv.weight', 2),
            ('encoder.stages.1.layers.1.dwconv.weight', 3),
            ('layernorm.weight', 3),
        ],
        0,
    ),
    'mmpretrain ConvNeXt': (
        [
            ('downsample_layers.0.0.weight', 0),
            ('downsample_layers.1.0.weight', 2),
            ('stages.0.0.depthwise_conv.weight', 1),
            ('stages.1.0.depthwise_conv.weight', 2),
            ('stages.1.1.depthwise_conv.weight', 3),
            ('norm3.weight', 3),
        ],
        0,
    ),
    'mmpretrain RepLKNet': (
        [
            ('stem.0.conv.weight', 0),
            ('stages.0.blocks.0.pw1.conv.weight', 1),
            ('stages.1.blocks.0.pw1.conv.weight', 2),
            ('transitions.0.0.conv.weight', 2),
        ],
        1,
    ),
    'ResNet': (
        [
            ('conv1.weight', 0),
            ('layer1.0.conv1.weight', 1),
            ('layer1.1.downsample.0.weight', 2),
            ('layer2.0.conv1.weight', 3),
        ],
        0,
    ),
    'torchvision ViT': (
        [
            ('class_token', 0),
            ('conv_proj.weight', 0),
            ('encoder.pos_embedding', 0),
            ('encoder.layers.encoder_layer_0.ln_1.weight', 1),
            ('encoder.layers.encoder_layer_10.mlp.0.weight', 2),
            ('encoder.ln.weight', 2),
        ],
        0,
    ),
    'torchvision RegNet': (
        [
            ('stem.0.weight', 0),
            ('trunk_output.block1.block1-0.f.a.0.weight', 1),
            ('trunk_output.block2.block2-0.f.a.0.weight', 2),
            ('trunk_output.block2.block2-1.f.a.0.weight', 3),
        ],
        0,
    ),
}


@pytest.mark.parametrize(('expected', 'between_from'), NAMES.values(), ids=NAMES)
def test_layers(expected: list[tuple[str, int]], between_from: int) -> None:
    found = layers_by_name([name for name, _ in expected], between_from=between_from)
    assert found == dict(expected)
