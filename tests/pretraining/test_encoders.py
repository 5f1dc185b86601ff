"""The masked encoders, compared with the networks that they mask."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
import torch

from benchmark.errors import IncompatibleError
from benchmark.pretraining.choosing import choose_encoder
from benchmark.pretraining.networks.masked import (
    MaskedInput,
    MaskedSwin,
    MaskedTokens,
    MaskedViT,
    mask_patches,
)
from benchmark.specs import Backbone
from tests.support.pretraining_requests import CONVNET, CONVNEXT, SIZE, SWIN, SWIN_V2, VIT

IMAGES = torch.randn(3, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(0))


def masked_vit(ratio: float) -> MaskedViT:
    torch.manual_seed(0)
    return MaskedViT(source=VIT.source, options=dict(VIT.options), mask_ratio=ratio).eval()


def masked(kind: Any, backbone: Backbone) -> Any:
    torch.manual_seed(0)
    return kind(source=backbone.source, options=dict(backbone.options)).eval()


def test_masking_keeps_the_share_and_can_be_undone() -> None:
    torch.manual_seed(0)
    patches = torch.arange(2 * 16.0).reshape(2, 16, 1).expand(-1, -1, 3)
    kept, hidden, restore = mask_patches(patches, 0.75)
    assert kept.shape == (2, 4, 3)
    assert hidden.sum(dim=1).tolist() == [12, 12]
    assert not torch.equal(hidden[0], hidden[1])
    for image in range(2):
        seen = sorted(kept[image, :, 0].tolist())
        assert seen == patches[image][hidden[image] == 0][:, 0].tolist()
        # the shuffled sequence begins with what was kept
        shuffled = torch.cat([kept[image], torch.full((12, 3), -1.0)])
        whole = shuffled[restore[image]][:, 0]
        assert torch.equal(whole, torch.where(hidden[image] == 1, -1.0, patches[image, :, 0]))


def test_without_masks_the_vit_encoder_is_the_network() -> None:
    encoder = masked_vit(0.0)
    with torch.no_grad():
        latent, hidden, restore = encoder(IMAGES)
        expected = encoder.body.forward_features(IMAGES)
    assert not hidden.any()
    patches = latent[:, 1:].gather(1, restore[..., None].expand(-1, -1, latent.shape[-1]))
    torch.testing.assert_close(patches, expected[:, 1:], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(latent[:, 0], expected[:, 0], rtol=1e-4, atol=1e-5)


def test_hidden_patches_reach_nothing() -> None:
    encoder = masked_vit(0.75)
    torch.manual_seed(3)
    with torch.no_grad():
        latent, hidden, _ = encoder(IMAGES)
    covered = hidden.reshape(3, 1, 4, 4).repeat_interleave(16, 2).repeat_interleave(16, 3)
    torch.manual_seed(3)
    with torch.no_grad():
        again, _, _ = encoder(IMAGES + 100 * covered)
    assert torch.equal(latent, again)


def test_the_position_table_is_fixed_to_sines_and_cosines() -> None:
    encoder = masked_vit(0.75)
    table = encoder.body.pos_embed
    assert not table.requires_grad
    assert not table[0, 0].any()
    # a quarter each of sin and cos over the row, then over the column
    row, column, width = 2, 3, table.shape[-1]
    rates = [10_000 ** (-4 * i / width) for i in range(width // 4)]
    expected = [f(p * r) for p in (row, column) for f in (math.sin, math.cos) for r in rates]
    found = table[0, 1 + 4 * row + column]
    torch.testing.assert_close(found, torch.tensor(expected), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize('backbone', [SWIN, SWIN_V2], ids=lambda backbone: backbone.id)
def test_without_masks_the_swin_encoder_is_the_network(backbone: Backbone) -> None:
    encoder = masked(MaskedSwin, backbone)
    with torch.no_grad():
        (found,) = encoder(IMAGES, torch.zeros(3, SIZE // 4, SIZE // 4))
        expected = encoder.body.forward_features(IMAGES).permute(0, 3, 1, 2)
    assert torch.equal(found, expected)


@pytest.mark.parametrize('options', [{}, {'reg_tokens': 4, 'no_embed_class': True}])
def test_without_masks_the_token_encoder_is_the_vit(options: dict[str, Any]) -> None:
    backbone = replace(VIT, options={**VIT.options, **options})
    encoder = masked(MaskedTokens, backbone)
    with torch.no_grad():
        (found,) = encoder(IMAGES, torch.zeros(3, SIZE // 16, SIZE // 16))
        tokens = encoder.body.forward_features(IMAGES)[:, encoder.body.num_prefix_tokens :]
    torch.testing.assert_close(found.flatten(2).transpose(1, 2), tokens)


def test_without_masks_the_input_encoder_is_the_convnet() -> None:
    encoder = masked(MaskedInput, CONVNET)
    with torch.no_grad():
        (found,) = encoder(IMAGES, torch.zeros(3, SIZE // 4, SIZE // 4))
        assert torch.equal(found, encoder.body.forward_features(IMAGES))


ENCODERS = [(MaskedSwin, SWIN, 4), (MaskedSwin, SWIN_V2, 4), (MaskedTokens, VIT, 16)]


@pytest.mark.parametrize(('kind', 'backbone', 'patch'), [*ENCODERS, (MaskedInput, CONVNET, 4)])
def test_what_is_masked_is_not_seen(kind: Any, backbone: Backbone, patch: int) -> None:
    encoder = masked(kind, backbone)
    mask = torch.zeros(3, SIZE // patch, SIZE // patch)
    mask[0], mask[1, :, :2] = 1, 1
    # the first picture wholly, of the second the left columns
    others = IMAGES.clone()
    others[0], others[1, :, :, : 2 * patch] = 5, -5
    with torch.no_grad():
        (found,), (same,) = encoder(IMAGES, mask), encoder(others, mask)
        (unmasked,) = encoder(others, torch.zeros_like(mask))
    assert torch.equal(found, same)
    assert not torch.equal(found[1], unmasked[1])


@pytest.mark.parametrize(('kind', 'backbone', 'patch'), [*ENCODERS, (MaskedInput, CONVNET, 4)])
def test_what_replaces_the_masked_is_learnt(kind: Any, backbone: Backbone, patch: int) -> None:
    encoder = masked(kind, backbone)
    (found,) = encoder(IMAGES, torch.ones(3, SIZE // patch, SIZE // patch))
    (found * torch.randn(found.shape)).sum().backward()
    token = encoder.mask_colour if kind is MaskedInput else encoder.mask_token
    assert token.grad.abs().sum() > 0
    names = {f'{part}.{name}' for part, name in [('body', n) for n in encoder._layers]}
    assert {name for name, _ in encoder.named_parameters()} - names in (
        {'mask_token'},
        {'mask_colour'},
    )
    assert encoder.layer_of('mask_token' if kind is not MaskedInput else 'mask_colour')[0] == 0


@pytest.mark.parametrize(
    ('method', 'backbone', 'encoder'),
    [
        ('mae', VIT, 'MaskedViT'),
        ('data2vec', VIT, 'MaskedTokens'),
        ('maskfeat', VIT, 'MaskFeatTokens'),
        ('spark', CONVNEXT, 'SparseConvNet'),
        ('simmim', VIT, 'MaskedTokens'),
        ('simmim', SWIN, 'MaskedSwin'),
        ('simmim', SWIN_V2, 'MaskedSwin'),
        ('simmim', CONVNET, 'MaskedInput'),
        ('supervised', VIT, 'FeatureBackbone'),
    ],
)
def test_each_network_gets_the_encoder_for_it(
    method: str, backbone: Backbone, encoder: str
) -> None:
    assert choose_encoder(method, backbone) == f'benchmark.{encoder}'


def test_another_architecture_is_refused() -> None:
    with pytest.raises(IncompatibleError, match='test_resnet is not a plain ViT of timm'):
        MaskedViT(source='timm:test_resnet', options={}, mask_ratio=0.75)
    with pytest.raises(IncompatibleError, match='test_vit is not a Swin'):
        MaskedSwin(source='timm:test_vit', options={})
    with pytest.raises(
        IncompatibleError, match=r'^swin is not a plain ViT of timm; mae takes plain'
    ):
        choose_encoder('mae', SWIN)
    with_registers = replace(VIT, options={**VIT.options, 'reg_tokens': 4})
    with pytest.raises(IncompatibleError, match='vit has no position table and class token'):
        choose_encoder('mae', with_registers)
    with pytest.raises(IncompatibleError, match='data2vec takes plain ViTs of timm'):
        choose_encoder('data2vec', CONVNET)
    narrow = replace(VIT, options={**VIT.options, 'embed_dim': 12})
    with pytest.raises(IncompatibleError, match='vit is 12 wide, not a multiple of 8'):
        choose_encoder('mae', narrow)
