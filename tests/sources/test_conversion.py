"""Weights of one library in another's network: the outputs of the two implementations agree."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from benchmark.sources import Extractor, LoadReport, load_file
from benchmark.sources.layouts import OFFICIAL_CONVNEXT, OFFICIAL_SWIN
from tests.support.networks import deepest, network

# (from, to, side of the images in pixels)
TWINS = [
    ('mm vit', 'timm vit', 64),
    ('timm vit', 'mm vit', 64),
    ('mm beit', 'timm beit', 64),
    ('mm swin', 'timm swin', 128),
    ('timm swin', 'mm swin', 128),
    ('mm swinv2', 'timm swinv2', 128),
    ('mm convnext', 'timm convnext', 64),
    ('timm convnext', 'mm convnext', 64),
    ('mm resnet', 'timm resnet', 64),
    ('tv resnet', 'timm resnet', 64),
    ('tv vit', 'timm vit', 64),
    ('tv swin', 'timm swin', 128),
    ('timm convnext', 'tv convnext', 64),
]
TRANSFORMERS = [
    ('hf vit', 'timm vit', 64),
    ('timm vit', 'hf vit', 64),
    ('hf beit', 'timm beit', 64),
    ('hf swin', 'timm swin', 128),
    ('hf swin', 'mm swin', 128),
    ('hf swinv2', 'timm swinv2', 128),
    ('hf convnext', 'timm convnext', 64),
    ('hf convnextv2', 'timm convnextv2', 64),
    ('mm convnext', 'hf convnext', 64),
]


def transfer(source: Extractor, target: Extractor, folder: Path) -> LoadReport:
    torch.save({'state_dict': dict(source.state())}, folder / 'weights.pth')
    # timm has this norm behind the pooling, so that it is no part of the backbone
    excused = {'norm3.*': 'ConvNeXt'} if 'norm3.weight' in target.state() else {}
    return load_file(target, str(folder / 'weights.pth'), may_miss=excused)


def assert_same(first: str, second: str, side: int, folder: Path) -> None:
    source, target = network(first, seed=1), network(second, seed=2)
    before = deepest(target, (side, side))
    report = transfer(source, target, folder)
    _without_last_norm(source, target)
    expected, found = deepest(source, (side, side)), deepest(target, (side, side))
    assert report.loaded == report.total - len(report.missing)
    assert set(report.missing) <= {'norm3.weight', 'norm3.bias'}
    assert not torch.allclose(before, expected, atol=1e-2)
    torch.testing.assert_close(found, expected, atol=2e-4, rtol=1e-3)


def _without_last_norm(*extractors: Extractor) -> None:
    """Leave out the norm that mmpretrain's ConvNeXt alone applies to its last map."""
    for extractor in extractors:
        if 'ConvNeXt' in type(extractor.network).__name__ and hasattr(extractor.network, 'norm3'):
            extractor.network.norm3 = nn.Identity()


@pytest.mark.parametrize(('first', 'second', 'side'), TWINS)
def test_outputs_agree(first: str, second: str, side: int, tmp_path: Path) -> None:
    assert_same(first, second, side, tmp_path)


@pytest.mark.parametrize(('first', 'second', 'side'), TRANSFORMERS)
def test_outputs_agree_with_transformers(
    first: str, second: str, side: int, tmp_path: Path
) -> None:
    pytest.importorskip('transformers')
    assert_same(first, second, side, tmp_path)


def weights_of(name: str) -> dict[str, Tensor]:
    return {key: value.clone() for key, value in network(name, seed=3).state().items()}


def test_official_swin_merges_at_the_end_of_a_stage(tmp_path: Path) -> None:
    ours = weights_of('timm swin')
    official = OFFICIAL_SWIN.from_common(ours)
    # the names of the official repository (github.com/microsoft/Swin-Transformer)
    assert 'layers.0.downsample.reduction.weight' in official
    assert 'layers.3.downsample.reduction.weight' not in official
    torch.save({'model': {**official, 'head.weight': torch.zeros(5, 128)}}, tmp_path / 'w.pth')
    target = network('timm swin', seed=4)
    report = load_file(target, str(tmp_path / 'w.pth'), may_miss={})
    assert report.unexpected == ('head.weight',)
    assert all(torch.equal(target.state()[name], value) for name, value in ours.items())


def test_official_convnext_v2(tmp_path: Path) -> None:
    ours = weights_of('timm convnextv2')
    classifier = {'head.norm.weight': torch.ones(40), 'head.norm.bias': torch.zeros(40)}
    official = OFFICIAL_CONVNEXT.from_common(ours | classifier)
    # the names of the official repository (github.com/facebookresearch/ConvNeXt-V2)
    assert official['stages.2.1.grn.gamma'].shape == (1, 1, 1, 128)
    for name in ('downsample_layers.0.0.weight', 'stages.0.0.pwconv1.bias', 'norm.weight'):
        assert name in official
    torch.save({'model': official}, tmp_path / 'w.pth')
    target = network('timm convnextv2', seed=4)
    report = load_file(target, str(tmp_path / 'w.pth'), may_miss={})
    assert report.loaded == report.total
    assert all(torch.equal(target.state()[name], value) for name, value in ours.items())
