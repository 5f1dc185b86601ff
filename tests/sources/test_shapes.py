"""What is found of a network without its weights, once or again."""

from __future__ import annotations

import pytest
import torch

from benchmark.models.backbone import FeatureBackbone
from benchmark.sources import BuildRequest, probe, probe_once, shapes

OPTIONS = {'embed_dim': 48, 'depth': 4, 'num_heads': 3, 'img_size': 64}


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapes, '_probed', {})


@pytest.mark.parametrize(
    ('source', 'name', 'options'),
    [
        ('timm', 'vit_tiny_patch16_224', OPTIONS),
        ('timm', 'resnet10t', {}),
        ('torchvision', 'swin_t', {}),
        ('mmpretrain', 'resnet18_8xb32_in1k', {}),
    ],
)
def test_a_second_look_finds_what_the_first_did(
    source: str, name: str, options: dict[str, object]
) -> None:
    request = BuildRequest(name, options)
    fresh, first = probe(source, request), probe_once(source, request)
    assert first[1:] == fresh[1:]
    assert probe_once(source, request) is first


def test_networks_of_other_options_or_sizes_are_told_apart() -> None:
    requests = [
        BuildRequest('vit_tiny_patch16_224', OPTIONS),
        BuildRequest('vit_tiny_patch16_224', {**OPTIONS, 'depth': 2}),
        BuildRequest('vit_tiny_patch16_224', OPTIONS, size=(96, 96)),
    ]
    found = [probe_once('timm', request) for request in requests]
    assert [len(one.levels) for one in found] == [4, 2, 4]
    assert len({id(one) for one in found}) == len(requests)


def test_a_class_in_a_file_is_looked_at_every_time(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    monkeypatch.setattr(shapes, 'probe', lambda source, request: looked.append(source))
    for source in ('file', 'file', 'hf', 'hf', 'memory', 'memory'):
        probe_once(source, BuildRequest('net'))
    assert looked == ['file', 'file', 'hf', 'hf', 'memory', 'memory']


def test_a_look_that_draws_random_numbers_is_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    def draw(source: str, request: BuildRequest) -> object:
        return torch.rand(1)

    monkeypatch.setattr(shapes, 'probe', draw)
    one, two = (probe_once('timm', BuildRequest('net')) for _ in range(2))
    assert one is not two


def test_weights_are_those_of_a_network_built_first() -> None:
    built = []
    for _ in range(2):
        torch.manual_seed(7)
        built.append(
            FeatureBackbone(source='timm:vit_tiny_patch16_224', options=OPTIONS, random=True)
        )
    first, second = (one.state_dict() for one in built)
    assert all(torch.equal(first[name], second[name]) for name in first)
