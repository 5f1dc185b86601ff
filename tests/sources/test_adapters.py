"""Adapters of PEFT: W + s B A where the base is here, and a remedy where it is not."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from benchmark.catalog import find_backbone
from benchmark.errors import CheckpointError
from benchmark.sources import Extractor, load_file
from benchmark.sources.base import Weights as Published
from benchmark.weight_files import locate_weights, weights_hash
from tests.support.networks import network

Weights = dict[str, Tensor]
TARGETS = ('blocks.0.attn.qkv', 'blocks.2.mlp.fc1', 'patch_embed.proj')


@pytest.fixture(scope='module')
def base() -> Weights:
    return {name: value.clone() for name, value in network('timm vit', seed=1).state().items()}


@pytest.fixture
def target() -> Extractor:
    return network('timm vit', seed=2)


def adapter_of(base: Weights, rank: int = 2) -> Weights:
    generator = torch.Generator().manual_seed(3)
    found = {}
    for name in TARGETS:
        weight = base[f'{name}.weight']
        rest = (1,) * (weight.ndim - 2)
        down = torch.randn(rank, *weight.shape[1:], generator=generator)
        up = torch.randn(weight.shape[0], rank, *rest, generator=generator)
        found[f'base_model.model.{name}.lora_A.weight'] = down
        found[f'base_model.model.{name}.lora_B.weight'] = up
    return found


def written(folder: Path, adapter: Weights, base_name: str, **options: Any) -> Path:
    folder.mkdir(exist_ok=True)
    facts = {'peft_type': 'LORA', 'r': 2, 'lora_alpha': 6, 'base_model_name_or_path': base_name}
    (folder / 'adapter_config.json').write_text(json.dumps({**facts, **options}))
    save_file(adapter, folder / 'adapter_model.safetensors')
    return locate_weights(folder)


@pytest.mark.parametrize(
    ('options', 'scale'),
    [
        ({}, 3.0),
        ({'use_rslora': True}, 6 / math.sqrt(2)),
        ({'alpha_pattern': {'attn.qkv': 1}}, None),
    ],
)
def test_an_adapter_is_merged_into_its_base(
    options: dict[str, Any], scale: float | None, base: Weights, target: Extractor, tmp_path: Path
) -> None:
    save_file(base, tmp_path / 'base.safetensors')
    adapter = adapter_of(base)
    path = written(tmp_path / 'adapter', adapter, 'base.safetensors', **options)
    report = load_file(target, str(path), may_miss={})
    assert report.conversion[0] == "merged 3 updates of rank 2 into 'base.safetensors'"
    for name in TARGETS:
        down, up = (adapter[f'base_model.model.{name}.lora_{x}.weight'] for x in 'AB')
        factor = scale or (0.5 if 'qkv' in name else 3.0)
        change = torch.einsum('or,ri->oi', up.flatten(1), down.flatten(1))
        wanted = base[f'{name}.weight'] + factor * change.reshape(base[f'{name}.weight'].shape)
        torch.testing.assert_close(target.state()[f'{name}.weight'], wanted)
    untouched = 'blocks.1.attn.qkv.weight'
    assert torch.equal(target.state()[untouched], base[untouched])


def test_a_base_folder_of_transformers_and_its_prefix(
    base: Weights, target: Extractor, tmp_path: Path
) -> None:
    (tmp_path / 'mine').mkdir()
    save_file({f'vit.{n}': v for n, v in base.items()}, tmp_path / 'mine' / 'model.safetensors')
    path = written(tmp_path / 'adapter', adapter_of(base), str(tmp_path / 'mine'))
    load_file(target, str(path), may_miss={})
    assert not torch.equal(
        target.state()['blocks.0.attn.qkv.weight'], base['blocks.0.attn.qkv.weight']
    )


def test_the_published_weights_are_a_base(
    base: Weights, target: Extractor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(target, 'published', lambda: Published(base, 'published'))
    path = written(tmp_path / 'adapter', adapter_of(base), 'timm/vit_tiny_patch16_224')
    report = load_file(target, str(path), may_miss={})
    assert "the published 'timm/vit_tiny_patch16_224'" in report.conversion[0]


@pytest.mark.parametrize(
    ('options', 'reason'),
    [
        ({'base_model_name_or_path': 'someone/else'}, r"are not here .*'someone/else'"),
        ({'base_model_name_or_path': None}, 'are not here'),
        ({'peft_type': 'IA3'}, "type 'IA3', only LORA is supported"),
        ({'use_dora': True}, "'use_dora' is not supported"),
    ],
)
def test_what_cannot_be_merged_says_how_to(
    options: dict[str, Any], reason: str, base: Weights, target: Extractor, tmp_path: Path
) -> None:
    path = written(tmp_path / 'adapter', adapter_of(base), 'none', **options)
    with pytest.raises(CheckpointError, match=reason) as caught:
        load_file(target, str(path), may_miss={})
    assert 'merge_and_unload' in str(caught.value)


def test_an_adapter_inside_a_checkpoint_is_refused(
    base: Weights, target: Extractor, tmp_path: Path
) -> None:
    inside = {**base, 'blocks.0.attn.qkv.lora_A.default.weight': torch.ones(2, 32)}
    torch.save({'state_dict': inside}, tmp_path / 'w.pth')
    with pytest.raises(CheckpointError, match=r'contains an adapter .*lora_A.*merge_and_unload'):
        load_file(target, str(tmp_path / 'w.pth'), may_miss={})


def test_an_adapter_of_another_network_is_refused(
    base: Weights, target: Extractor, tmp_path: Path
) -> None:
    save_file(base, tmp_path / 'base.safetensors')
    other = {'base_model.model.layer.9.fc.lora_A.weight': torch.ones(2, 8)}
    path = written(tmp_path / 'adapter', other, 'base.safetensors')
    with pytest.raises(CheckpointError, match='adapts modules that the base'):
        load_file(target, str(path), may_miss={})


def test_the_base_is_part_of_what_identifies_an_adapter(base: Weights, tmp_path: Path) -> None:
    save_file(base, tmp_path / 'base.safetensors')
    path = written(tmp_path / 'adapter', adapter_of(base), 'base.safetensors')
    before = weights_hash(path)
    backbone = find_backbone(f'timm:test_vit@{tmp_path / "adapter"}')
    assert (backbone.id, backbone.checkpoint) == (f'timm:test_vit@adapter#{before[:6]}', path)
    save_file({n: v + 1 for n, v in base.items()}, tmp_path / 'base.safetensors')
    assert weights_hash(path) != before
