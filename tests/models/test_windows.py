"""Attention kept to windows, against attention written out, and four maps of a plain network."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from benchmark.errors import IncompatibleError
from benchmark.models import FeatureBackbone

OPTIONS = {'embed_dim': 32, 'depth': 8, 'num_heads': 2}


def build(name: str = 'vit_tiny_patch16_224', **changes: Any) -> FeatureBackbone:
    torch.manual_seed(0)
    arguments = {'source': f'timm:{name}', 'options': OPTIONS, 'random': True, **changes}
    return FeatureBackbone(**arguments).eval()


def noise(height: int, width: int) -> Tensor:
    return torch.randn(1, 3, height, width, generator=torch.Generator().manual_seed(1))


def test_a_window_as_large_as_the_map_changes_nothing() -> None:
    images = noise(64, 64)
    with torch.no_grad():
        (expected,), (found,) = build()(images), build(window=4)(images)
    torch.testing.assert_close(found, expected)


def test_four_blocks_attend_everywhere() -> None:
    backbone = build(window=2)
    kept = [len(block.attn._forward_pre_hooks) for block in backbone.network.blocks]
    # the last of each quarter of the network, arXiv 2203.16527
    assert kept == [1, 0, 1, 0, 1, 0, 1, 0]


def test_windows_do_not_see_each_other() -> None:
    """In a network of windowed blocks alone, a change stays within its window."""
    backbone = build(window=2)
    attention = backbone.network.blocks[0].attn
    backbone.forward(noise(64, 96))  # tells the windows the size
    tokens = torch.randn(1, 1 + 4 * 6, 32, generator=torch.Generator().manual_seed(2))
    changed = tokens.clone()
    changed[:, 1 + 6 * 3 + 5] += 1  # row 3, column 5: the last window
    with torch.no_grad():
        gap = (attention(changed) - attention(tokens)).abs().sum(-1)[0]
    seen = gap[1:].reshape(4, 6) > 1e-6
    assert seen[2:, 4:].all()
    assert not seen[:2].any()
    assert not seen[2:, :4].any()
    assert gap[0] > 1e-6  # the class token takes part in every window


def test_each_window_is_attention_over_its_own_tokens() -> None:
    backbone, plain = build(window=2), build()
    backbone.forward(noise(64, 64))
    tokens = torch.randn(2, 1 + 16, 32, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        found = backbone.network.blocks[0].attn(tokens)
        grid = tokens[:, 1:].reshape(2, 4, 4, 32)
        inside = torch.cat([tokens[:, :1], grid[:, :2, 2:].reshape(2, 4, 32)], dim=1)
        expected = plain.network.blocks[0].attn(inside)[:, 1:]
    torch.testing.assert_close(found[:, 1:].reshape(2, 4, 4, 32)[:, :2, 2:].flatten(1, 2), expected)


def test_odd_maps_are_padded() -> None:
    with torch.no_grad():
        (found,) = build(window=3)(noise(70, 83))
    assert found.shape == (1, 32, 5, 6)
    assert found.isfinite().all()


@pytest.mark.parametrize('name', ['beit_base_patch16_224', 'eva02_tiny_patch14_224', 'test_resnet'])
def test_networks_whose_attention_knows_places_are_refused(name: str) -> None:
    options = {} if name == 'test_resnet' else {'embed_dim': 32, 'depth': 4, 'num_heads': 2}
    with pytest.raises(IncompatibleError, match='not a plain transformer'):
        build(name, options=options, window=2)


def test_four_maps_are_those_of_the_blocks() -> None:
    backbone = build(maps='four', options={**OPTIONS, 'depth': 6})
    images = noise(64, 64)
    seen: list[Tensor] = []
    for index in (1, 2, 3, 5):  # a third, a half, two thirds and all of six blocks
        block = backbone.network.blocks[index]
        block.register_forward_hook(lambda _, inputs, output: seen.append(output))
    with torch.no_grad():
        found = backbone(images)
    expected = [tokens[:, 1:].transpose(1, 2).reshape(1, 32, 4, 4) for tokens in seen]
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other)


def test_four_maps_need_a_plain_network() -> None:
    with pytest.raises(IncompatibleError, match='a plain network of at least 4 blocks'):
        build('test_resnet', options={}, maps='four')
