"""Checkpoints as pretraining code saves them: repaired and told, or refused; never left random."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from benchmark.errors import CheckpointError
from benchmark.sources import Extractor, load_file
from tests.support.networks import network

Weights = dict[str, Tensor]


def under(prefix: str, weights: Weights) -> Weights:
    return {f'{prefix}{name}': value for name, value in weights.items()}


def other(weights: Weights) -> Weights:
    """Return weights of the same names and shapes, of another copy of the network."""
    return {name: value + 1 for name, value in weights.items()}


def decoder(prefix: str = '') -> Weights:
    return {f'{prefix}decoder_blocks.0.norm1.weight': torch.ones(3)}


WRAPPED: dict[str, tuple[Callable[[Weights], Any], str]] = {
    'MAE': (lambda w: {'model': {**w, 'mask_token': torch.zeros(1, 1, 32), **decoder()}}, 'model'),
    'DDP': (lambda w: {'state_dict': under('module.', w), 'epoch': 3}, 'module.'),
    'compiled DDP': (lambda w: {'model': under('module._orig_mod.', w)}, '_orig_mod.'),
    'mmselfsup': (
        lambda w: {
            'meta': {'epoch': 1},
            'state_dict': {
                **under('backbone.', w),
                'neck.decoder_pred.weight': torch.ones(3),
                'data_preprocessor.mean': torch.ones(3),
            },
        },
        'backbone.',
    ),
    'vissl': (
        lambda w: {
            'classy_state_dict': {
                'base_model': {'model': {'trunk': under('_feature_blocks.', w), 'heads': {}}}
            },
            'optimizer': {'state': {0: {'momentum_buffer': torch.zeros(3)}}},
        },
        '_feature_blocks.',
    ),
    'DINO': (
        lambda w: {
            'student': under('module.backbone.', other(w)),
            'teacher': {**under('backbone.', w), 'head.mlp.0.weight': torch.ones(3)},
        },
        'teacher',
    ),
    'MoCo v3': (
        lambda w: {
            'state_dict': {
                **under('module.momentum_encoder.', other(w)),
                **under('module.base_encoder.', w),
                'module.predictor.0.weight': torch.ones(3),
            }
        },
        'module.base_encoder.',
    ),
    'SimMIM': (
        lambda w: {'model': {**under('encoder.', w), 'decoder.0.weight': torch.ones(3)}},
        'encoder.',
    ),
    'ViTDet': (
        lambda w: {
            'model': {
                **under('backbone.net.', w),
                'backbone.simfp_2.0.weight': torch.ones(3),
                'roi_heads.box_head.conv1.weight': torch.ones(3),
            }
        },
        'backbone.net.',
    ),
    'EMA of timm': (lambda w: {'state_dict': other(w), 'state_dict_ema': w}, 'state_dict_ema'),
    'EMA alone': (lambda w: {'model_ema': w, 'args': {'lr': 0.1}}, 'model_ema'),
    'BEiT': (lambda w: {'model': {**w, 'head.weight': torch.ones(3)}}, 'model'),
}


@pytest.fixture(scope='module')
def weights() -> Weights:
    return {name: value.clone() for name, value in network('timm vit', seed=1).state().items()}


@pytest.fixture
def target() -> Extractor:
    return network('timm vit', seed=2)


@pytest.mark.parametrize(('wrap', 'step'), WRAPPED.values(), ids=WRAPPED)
def test_wrapped_weights_are_found(
    wrap: Callable[[Weights], Any], step: str, weights: Weights, target: Extractor, tmp_path: Path
) -> None:
    torch.save(wrap(weights), tmp_path / 'w.pth')
    report = load_file(target, str(tmp_path / 'w.pth'), may_miss={})
    assert all(torch.equal(target.state()[name], value) for name, value in weights.items())
    assert (report.loaded, report.missing) == (report.total, ())
    assert any(step in done for done in report.conversion)


def test_what_lies_beside_the_backbone_is_told(
    weights: Weights, target: Extractor, tmp_path: Path
) -> None:
    torch.save(WRAPPED['mmselfsup'][0](weights), tmp_path / 'w.pth')
    report = load_file(target, str(tmp_path / 'w.pth'), may_miss={})
    assert report.unexpected == ('data_preprocessor.mean', 'neck.decoder_pred.weight')
    assert report.conversion == ("opened 'state_dict'", "removed the prefix 'backbone.'")


def test_an_unknown_prefix_is_removed_and_told(
    weights: Weights, target: Extractor, tmp_path: Path
) -> None:
    torch.save(under('my.strange.network.', weights), tmp_path / 'w.pth')
    report = load_file(target, str(tmp_path / 'w.pth'), may_miss={})
    assert report.conversion == ("removed the prefix 'my.strange.network.'",)
    assert report.loaded == report.total


def test_other_names_are_refused_and_change_nothing(
    weights: Weights, target: Extractor, tmp_path: Path
) -> None:
    before = {name: value.clone() for name, value in target.state().items()}
    torch.save({f'x{name}': value for name, value in weights.items()}, tmp_path / 'w.pth')
    with pytest.raises(CheckpointError, match='tensors are missing'):
        load_file(target, str(tmp_path / 'w.pth'), may_miss={})
    assert all(torch.equal(target.state()[name], value) for name, value in before.items())


def test_part_of_a_network_is_refused(weights: Weights, target: Extractor, tmp_path: Path) -> None:
    kept = {name: value for name, value in weights.items() if not name.startswith('blocks.3')}
    torch.save({'state_dict': under('backbone.', kept)}, tmp_path / 'w.pth')
    with pytest.raises(CheckpointError, match=r'tensors are missing \(blocks\.3\.'):
        load_file(target, str(tmp_path / 'w.pth'), may_miss={})


def test_position_table_of_another_grid(
    weights: Weights, target: Extractor, tmp_path: Path
) -> None:
    """A constant table stays constant; the class token's place is not mixed into it."""
    table = torch.full((1, 1 + 14 * 14, 32), 0.5)
    table[:, 0] = 9.0
    torch.save({**weights, 'pos_embed': table}, tmp_path / 'w.pth')
    report = load_file(target, str(tmp_path / 'w.pth'), may_miss={})
    loaded = target.state()['pos_embed']
    assert loaded.shape == (1, 1 + 4 * 4, 32)
    assert torch.equal(loaded[:, 0], table[:, 0])
    torch.testing.assert_close(loaded[:, 1:], torch.full((1, 16, 32), 0.5))
    (told,) = report.resized
    assert told == 'pos_embed: 1x197x32 to 1x17x32, bicubic with anti-aliasing'


def test_window_of_another_size(tmp_path: Path) -> None:
    """A table of relative positions in windows of 7 in a network of windows of 4."""
    weights = {name: value.clone() for name, value in network('timm swin').state().items()}
    tables = [name for name in weights if name.endswith('relative_position_bias_table')]
    for name in tables:
        weights[name] = torch.full((13 * 13, weights[name].shape[1]), 0.25)
    torch.save(weights, tmp_path / 'w.pth')
    target = network('timm swin', seed=3)
    report = load_file(target, str(tmp_path / 'w.pth'), may_miss={})
    assert len(report.resized) == len(tables)
    for name in tables:
        found = target.state()[name]
        assert found.shape[0] == 49
        torch.testing.assert_close(found, torch.full_like(found, 0.25))


def test_shared_table_and_biases_of_beit(tmp_path: Path) -> None:
    """A pretraining checkpoint of BEiT has one table of relative positions for all blocks."""
    weights = {n: v.clone() for n, v in network('timm beit', seed=1).state().items()}
    tables = [n for n in weights if n.endswith('relative_position_bias_table')]
    shared = weights[tables[0]]
    kept = {name: value for name, value in weights.items() if name not in tables}
    kept['rel_pos_bias.relative_position_bias_table'] = shared
    torch.save({'model': kept}, tmp_path / 'w.pth')
    target = network('timm beit', seed=2)
    report = load_file(target, str(tmp_path / 'w.pth'), may_miss={})
    assert all(torch.equal(target.state()[name], shared) for name in tables)
    assert 'copied the shared table of relative positions to every block' in report.conversion


def test_biases_apart_go_into_one(weights: Weights, target: Extractor, tmp_path: Path) -> None:
    """BEiT keeps the biases of query and value; a plain ViT has one of all three."""
    apart = {n: v for n, v in weights.items() if not n.endswith('attn.qkv.bias')}
    for index in range(4):
        bias = weights[f'blocks.{index}.attn.qkv.bias']
        apart[f'blocks.{index}.attn.q_bias'], apart[f'blocks.{index}.attn.v_bias'] = (
            bias[:32],
            bias[64:],
        )
    torch.save(apart, tmp_path / 'w.pth')
    load_file(target, str(tmp_path / 'w.pth'), may_miss={})
    found = target.state()['blocks.2.attn.qkv.bias']
    bias = weights['blocks.2.attn.qkv.bias']
    assert torch.equal(found, torch.cat([bias[:32], torch.zeros(32), bias[64:]]))
