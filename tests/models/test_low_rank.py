"""LoRA beside the same network with the changes merged into its weights."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import timm
import torch
from torch import nn

from benchmark.models import LowRank


def merged(network: nn.Module, adapter: LowRank, scale: float, kinds: Any) -> nn.Module:
    """Return a copy of ``network`` with W + scale * B A in the place of each W."""
    plain = copy.deepcopy(network)
    layers = [part for part in plain.modules() if isinstance(part, kinds)]
    assert len(layers) == len(adapter.changes) > 1
    for layer, change in zip(layers, adapter.changes, strict=True):
        layer._forward_hooks.clear()
        down, up = (part.weight.detach() for part in change)
        layer.weight.data += scale * torch.einsum('or,r...->o...', up.flatten(1), down)
    return plain


@pytest.mark.parametrize(
    ('name', 'kinds'),
    [('test_vit', nn.Linear), ('test_convnext', nn.Linear), ('test_resnet', nn.Conv2d)],
)
def test_it_computes_what_merged_weights_do(name: str, kinds: Any) -> None:
    torch.manual_seed(0)
    network = timm.create_model(name, num_classes=0).double().eval()
    images = torch.rand(2, 3, 64, 64, dtype=torch.float64)
    before = network.forward_features(images)
    adapter = LowRank(rank=3, scale=0.5)
    adapter.attach(network)
    adapter.double()
    assert torch.equal(network.forward_features(images), before)
    for change in adapter.changes:
        nn.init.normal_(change[1].weight, std=0.1)
    found = network.forward_features(images)
    assert not torch.allclose(found, before)
    torch.testing.assert_close(merged(network, adapter, 0.5, kinds).forward_features(images), found)


def test_what_attention_never_calls_is_left_alone() -> None:
    network = nn.TransformerEncoderLayer(8, 2, 16)
    adapter = LowRank(rank=2, scale=1.0)
    adapter.attach(network)
    assert [change[0].in_features for change in adapter.changes] == [8, 16]
