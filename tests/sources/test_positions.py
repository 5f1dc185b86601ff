"""Equal shape is not equal meaning: grids of position tables, windows, kernels and periods."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from torch import Tensor
from torch.nn import functional

from benchmark.errors import CheckpointError
from benchmark.sources import BuildRequest, Extractor, LoadReport, load_file, open_network
from benchmark.sources.positions import resize_absolute

Weights = dict[str, Tensor]


def vit(height: int = 64, width: int = 64, patch: int = 8, **options: Any) -> Extractor:
    torch.manual_seed(0)
    facts = {'img_size': (height, width), 'patch_size': patch, 'embed_dim': 32, 'depth': 2}
    return open_network(
        'timm', BuildRequest('vit_tiny_patch16_224', {**facts, 'num_heads': 2, **options})
    )


def weights_of(extractor: Extractor) -> Weights:
    return {name: value.clone() for name, value in extractor.state().items()}


def waves(rows: int, columns: int, channels: int = 32) -> Tensor:
    """Return a table (1, 1 + rows x columns, channels) of sines and cosines, as MAE fixes it."""
    rates = 10000 ** -(torch.arange(channels // 4) / (channels // 4))
    y, x = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing='ij')
    parts = [f(p.flatten()[:, None] * rates) for p in (x, y) for f in (torch.sin, torch.cos)]
    return functional.pad(torch.cat(parts, 1), (0, 0, 1, 0))[None]


def loaded(extractor: Extractor, content: Any, folder: Path) -> LoadReport:
    torch.save(content, folder / 'w.pth')
    return load_file(extractor, str(folder / 'w.pth'), may_miss={})


def test_a_table_of_as_many_places_on_another_grid_is_refused(tmp_path: Path) -> None:
    weights = {**weights_of(vit()), 'pos_embed': waves(4, 16)}
    with pytest.raises(CheckpointError, match=r"'pos_embed' has 64 places.* 8x8, .*indicate 4x16"):
        loaded(vit(), weights, tmp_path)


def test_a_table_on_the_grid_that_it_seems_to_be_of_is_taken_as_it_is(tmp_path: Path) -> None:
    target, table = vit(), waves(8, 8)
    report = loaded(target, {**weights_of(target), 'pos_embed': table}, tmp_path)
    assert report.resized == ()
    assert torch.equal(target.state()['pos_embed'], table)


@pytest.mark.parametrize(
    'facts',
    [
        {'args': argparse.Namespace(img_size=[32, 128], patch_size=8)},
        {'hyper_parameters': {'image_size': (32, 128), 'patch_size': [8, 8]}},
        {'args': {'input_size': [3, 32, 128]}, 'config': {'patch_size': 8}},
    ],
)
def test_a_grid_that_the_file_states_is_believed(facts: dict[str, Any], tmp_path: Path) -> None:
    target, table = vit(), torch.randn(1, 65, 32)
    content = {'model': {**weights_of(target), 'pos_embed': table}, **facts}
    report = loaded(target, content, tmp_path)
    (told,) = report.resized
    assert told.endswith('bicubic with anti-aliasing, from a grid of 4x16')
    as_map = table[0, 1:].T.reshape(1, 32, 4, 16)
    wanted = functional.interpolate(as_map, (8, 8), mode='bicubic', antialias=True)
    torch.testing.assert_close(target.state()['pos_embed'][0, 1:], wanted[0].flatten(1).T)
    assert torch.equal(target.state()['pos_embed'][0, 0], table[0, 0])


def test_a_stated_grid_makes_a_table_of_another_size_readable(tmp_path: Path) -> None:
    target, table = vit(), torch.randn(1, 1 + 4 * 32, 32)
    weights = {**weights_of(target), 'pos_embed': table}
    with pytest.raises(CheckpointError, match='129 places, not those of a square grid'):
        loaded(target, weights, tmp_path)
    facts = {'img_size': (32, 256), 'patch_size': 8}
    assert 'from a grid of 4x32' in loaded(target, {'model': weights, **facts}, tmp_path).resized[0]


def test_a_square_table_for_a_network_that_is_not_square_is_ambiguous(tmp_path: Path) -> None:
    target = vit(32, 128)
    weights = {**weights_of(target), 'pos_embed': torch.randn(1, 65, 32)}
    with pytest.raises(CheckpointError, match='it could also be 4x16'):
        loaded(target, weights, tmp_path)
    told = loaded(target, {'model': weights, 'args': {'img_size': 64, 'patch_size': 8}}, tmp_path)
    assert 'from a grid of 8x8' in told.resized[0]


@pytest.mark.parametrize(
    ('options', 'places', 'reading'),
    [
        ({'class_token': False, 'global_pool': 'avg'}, 65, '1 leading ones and a grid of 8x8'),
        ({}, 64, '0 leading ones and a grid of 8x8'),
        ({}, 69, '5 leading ones and a grid of 8x8'),
        ({'reg_tokens': 4}, 65, '1 leading ones and a grid of 8x8'),
    ],
)
def test_another_number_of_leading_places_is_named(
    options: dict[str, Any], places: int, reading: str, tmp_path: Path
) -> None:
    target = vit(**options)
    weights = {**weights_of(target), 'pos_embed': torch.randn(1, places, 32)}
    with pytest.raises(CheckpointError, match=rf"'pos_embed'.*{places} places, as of {reading}"):
        loaded(target, weights, tmp_path)


def test_kernels_that_slide_are_never_resized(tmp_path: Path) -> None:
    facts = {'dims': (8, 16, 24, 32), 'depths': (1, 1, 1, 1)}
    small = open_network('timm', BuildRequest('convnext_atto', {**facts, 'kernel_sizes': 7}))
    large = open_network('timm', BuildRequest('convnext_atto', {**facts, 'kernel_sizes': 13}))
    with pytest.raises(CheckpointError, match=r"conv_dw\.weight' .*7, 7\), .*a different network"):
        loaded(large, weights_of(small), tmp_path)


def test_the_stem_of_a_convnet_is_not_resized(tmp_path: Path) -> None:
    """ResNet's first kernel sees pictures but slides."""
    target = open_network('timm', BuildRequest('resnet18', {}))
    weights = weights_of(target)
    weights['conv1.weight'] = torch.randn(64, 3, 3, 3)
    with pytest.raises(CheckpointError, match=r"'conv1\.weight' has shape \(64, 3, 3, 3\)"):
        loaded(target, weights, tmp_path)


def test_patch_embeddings_are_resized_as_flexivit_does(tmp_path: Path) -> None:
    target = vit()
    kernel = torch.randn(32, 3, 16, 16)
    report = loaded(target, {**weights_of(target), 'patch_embed.proj.weight': kernel}, tmp_path)
    assert report.resized == (
        'patch_embed.proj.weight: 32x3x16x16 to 32x3x8x8, resized by pseudo-inverse',
    )
    wanted = timm.layers.resample_patch_embed(kernel, [8, 8])
    assert torch.equal(target.state()['patch_embed.proj.weight'], wanted)


BEIT = {'embed_dim': 32, 'depth': 2, 'num_heads': 2}


def beit(height: int, width: int) -> Extractor:
    torch.manual_seed(0)
    return open_network(
        'timm', BuildRequest('beit_base_patch16_224', {**BEIT, 'img_size': (height, width)})
    )


def test_a_window_that_is_not_known_is_refused(tmp_path: Path) -> None:
    """Windows of 5x5 and of 2x14 have 81 offsets."""
    target = beit(32, 224)
    with pytest.raises(CheckpointError, match=r'81 offsets, as windows of 5x5 and of 2x14'):
        loaded(target, weights_of(beit(80, 80)), tmp_path)


def test_a_window_that_is_not_square_is_not_resized_as_if_it_were(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r'relative_position_bias_table.*a different network'):
        loaded(beit(64, 64), weights_of(beit(32, 64)), tmp_path)


def test_a_window_of_the_networks_own_shape_is_taken(tmp_path: Path) -> None:
    target = beit(32, 64)
    assert loaded(target, weights_of(beit(32, 64)), tmp_path).resized == ()


def test_other_periods_of_rotary_positions_are_refused(tmp_path: Path) -> None:
    options = {'embed_dim': 64, 'depth': 1, 'num_heads': 2, 'img_size': 64}
    target = open_network('timm', BuildRequest('vit_small_patch16_dinov3', options))
    (periods,) = (v for n, v in target.network.named_buffers() if n.endswith('.periods'))
    weights = weights_of(target)
    loaded(target, {**weights, 'rope.periods': periods.bfloat16()}, tmp_path)
    with pytest.raises(CheckpointError, match=r"'rope\.periods' holds other periods"):
        loaded(target, {**weights, 'rope.periods': 2 * periods}, tmp_path)


def test_a_transposed_matrix_is_refused(tmp_path: Path) -> None:
    target = vit()
    weights = weights_of(target)
    weights['blocks.0.mlp.fc1.weight'] = weights['blocks.0.mlp.fc1.weight'].T.contiguous()
    with pytest.raises(CheckpointError, match=r'fc1\.weight.*shape \(32, 128\).*needs \(128, 32\)'):
        loaded(target, weights, tmp_path)


@pytest.mark.parametrize('option', [{'init_values': 0.1}, {'qk_norm': True}])
def test_parts_that_the_file_lacks_or_has_too_many_are_refused(
    option: dict[str, Any], tmp_path: Path
) -> None:
    plain, richer = vit(), vit(**option)
    with pytest.raises(CheckpointError, match=r'tensors are missing'):
        loaded(richer, weights_of(plain), tmp_path)
    with pytest.raises(CheckpointError, match=r'have no place'):
        loaded(plain, weights_of(richer), tmp_path)


@pytest.mark.parametrize('dtype', [torch.float32, torch.float16])
def test_a_table_is_resampled_as_timm_does(dtype: torch.dtype) -> None:
    table = torch.randn(1, 2 + 9 * 9, 16).to(dtype)
    found = resize_absolute('pos_embed', table, torch.zeros(1, 2 + 20, 16), (4, 5), None, 'file')
    assert found is not None
    wanted = timm.layers.resample_abs_pos_embed(table, [4, 5], num_prefix_tokens=2)
    assert torch.equal(found.value, wanted)
