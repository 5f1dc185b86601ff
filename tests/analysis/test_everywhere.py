"""Every analysis of backbones on every family of networks, small and random."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from benchmark.analysis import attention, cam, cka, erf
from benchmark.analysis.cam import Method
from benchmark.analysis.findings import Finding
from benchmark.analysis.images import ImageSet
from benchmark.errors import IncompatibleError
from benchmark.models.inspection import build
from benchmark.specs import DROP, REINIT, Backbone, LastBlocks

CPU = torch.device('cpu')
LAYERS, HEADS = 4, 2
PLAIN = {'embed_dim': 24, 'depth': LAYERS, 'num_heads': HEADS, 'img_size': 64, 'patch_size': 16}
WINDOWED = {'embed_dim': 8, 'depths': (2, 2), 'num_heads': (2, 2), 'img_size': 64, 'window_size': 4}
TRANSFORMERS: dict[str, tuple[str, dict[str, Any]]] = {
    'timm ViT': ('timm:vit_tiny_patch16_224', PLAIN),
    'DeiT': ('timm:deit_tiny_distilled_patch16_224', PLAIN),
    'BEiT': ('timm:beit_base_patch16_224', PLAIN),
    'EVA-02': ('timm:eva02_tiny_patch14_224', PLAIN),
    'Swin': ('timm:swin_tiny_patch4_window7_224', WINDOWED),
    'SwinV2': ('timm:swinv2_tiny_window8_256', WINDOWED),
    'mmpretrain ViT': (
        'mmpretrain:deit-tiny_4xb256_in1k',
        {
            'arch': {
                'embed_dims': 24, 'num_layers': LAYERS, 'num_heads': HEADS,
                'feedforward_channels': 48,
            },
            'img_size': 64,
        },
    ),
    'HF ViT': (
        'hf:vit',
        {
            'config': {
                'model_type': 'vit', 'hidden_size': 24, 'num_hidden_layers': LAYERS,
                'num_attention_heads': HEADS, 'intermediate_size': 48, 'image_size': 64,
            }
        },
    ),
}  # fmt: skip
CONVNETS = {'ResNet': ('timm:test_resnet', {}), 'ConvNeXt': ('timm:test_convnext', {})}


@pytest.fixture(scope='module')
def pictures() -> ImageSet:
    """Return 6 pictures of 64 px that hold noise."""
    pixels = np.random.default_rng(0).integers(0, 256, (6, 64, 64, 3), dtype=np.uint8)
    return ImageSet('noise', tuple('abcdef'), pixels)


@pytest.fixture(params=[*TRANSFORMERS, *CONVNETS])
def network(request: pytest.FixtureRequest) -> Backbone:
    return declared(request.param)


@pytest.fixture(params=list(TRANSFORMERS))
def transformer(request: pytest.FixtureRequest) -> Backbone:
    return declared(request.param)


def declared(name: str) -> Backbone:
    source, options = {**TRANSFORMERS, **CONVNETS}[name]
    if source.startswith('hf:'):
        pytest.importorskip('transformers')
    return Backbone(id=name, source=source, options=options, is_random=True)


def values(finding: Finding, key: str) -> np.ndarray:
    """Return a column of the finding, checked to be of numbers."""
    found = np.array([row[key] for row in finding.rows], dtype=float)
    assert np.isfinite(found).all()
    return found


def test_attention(transformer: Backbone, pictures: ImageSet) -> None:
    finding = attention.analyse([transformer], pictures, batch_size=3, device=CPU)
    counted = [row['measure'] for row in finding.rows]
    assert counted.count('distance') == counted.count('entropy') == LAYERS * HEADS
    assert counted.count('divergence') == LAYERS * HEADS * (HEADS - 1)
    assert (values(finding, 'value') >= 0).all()


def test_similarity_of_layers(network: Backbone, pictures: ImageSet) -> None:
    finding = cka.analyse([network], pictures, batch_size=6, device=CPU)
    layers = max(row['layer'] for row in finding.rows) + 1
    assert layers >= LAYERS
    assert len(finding.rows) == layers**2
    same = [row['cka'] for row in finding.rows if row['layer'] == row['other_layer']]
    assert same == pytest.approx([1.0] * layers)


@pytest.mark.parametrize('method', list(Method))
def test_activation(network: Backbone, pictures: ImageSet, method: Method) -> None:
    finding = cam.analyse([network], pictures, method=method, batch_size=3, device=CPU)
    assert [row['picture'] for row in finding.rows] == list(pictures.names)
    assert (values(finding, 'regions') >= 1).any()


def test_receptive_field(network: Backbone, pictures: ImageSet) -> None:
    finding = erf.analyse([network], pictures, batch_size=3, device=CPU)
    found = values(finding, 'area_ratio')
    assert ((found > 0) & (found <= 1)).all()


@pytest.mark.parametrize('action', [DROP, REINIT])
def test_last_blocks(transformer: Backbone, action: str) -> None:
    changed = replace(transformer, last_blocks=LastBlocks(action, 2))
    network = build(changed, size=(64, 64)).eval()
    with torch.no_grad():
        maps = network(torch.zeros(1, 3, 64, 64))
    assert all(torch.isfinite(m).all() for m in maps)
    assert network.load_report.conversion[-1].count(',') == 1


@pytest.mark.parametrize('name', list(CONVNETS))
def test_attention_does_not_apply_to_convnets(name: str, pictures: ImageSet) -> None:
    with pytest.raises(IncompatibleError, match=f"'{name}' has no self-attention"):
        attention.analyse([declared(name)], pictures, batch_size=3, device=CPU)
