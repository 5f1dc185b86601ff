"""Attention windows larger than in pretraining, as depth recipes have them."""

from __future__ import annotations

import pytest

from benchmark.models.inspection import inspect_backbone
from benchmark.sources import BuildRequest, probe
from benchmark.specs import Backbone


@pytest.mark.parametrize(
    ('side', 'window', 'expected'),
    # arXiv 2205.13543 (official depth code): NYUv2 and KITTI, shifted in the first two stages
    [(480, 30, [30, 30, 30, 15]), (352, 22, [22, 22, 22, 11])],
)
def test_windows_grow_without_touching_the_weights(
    side: int, window: int, expected: list[int]
) -> None:
    name = 'swinv2_base_window12_192'
    native = inspect_backbone(Backbone(id='it', source=f'timm:{name}'))
    assert native.windows == (12, 12, 12, 6)
    grown = {
        'img_size': (side, side),
        'window_size': window,
        'pretrained_window_sizes': native.windows,
    }
    small, large = (
        probe('timm', BuildRequest(name, options)).extractor.network for options in ({}, grown)
    )
    assert [stage.blocks[1].window_size[0] for stage in large.layers] == expected
    assert [stage.blocks[1].shift_size[0] > 0 for stage in large.layers] == [
        True,
        True,
        False,
        False,
    ]
    bias = [stage.blocks[1].attn.pretrained_window_size[0] for stage in large.layers]
    assert bias == [12, 12, 12, 6]
    shapes = [{k: v.shape for k, v in net.state_dict().items()} for net in (small, large)]
    assert shapes[0] == shapes[1]


@pytest.mark.parametrize('name', ['swin_tiny_patch4_window7_224', 'test_vit', 'test_resnet'])
def test_windows_that_cannot_grow_are_not_offered(name: str) -> None:
    assert inspect_backbone(Backbone(id='it', source=f'timm:{name}')).windows == ()
