"""The masked encoders, compared with the networks that they mask."""

from __future__ import annotations

import math

import pytest
import torch

from benchmark.errors import IncompatibleError
from benchmark.pretraining.encoders import MaskedSwin, MaskedViT, mask_patches
from pretraining.requests import SIZE, SWIN, VIT

IMAGES = torch.randn(3, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(0))


def masked_vit(ratio: float) -> MaskedViT:
    torch.manual_seed(0)
    return MaskedViT(source=VIT.source, options=dict(VIT.options), mask_ratio=ratio).eval()


def masked_swin() -> MaskedSwin:
    torch.manual_seed(0)
    return MaskedSwin(source=SWIN.source, options=dict(SWIN.options)).eval()


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


def test_without_masks_the_swin_encoder_is_the_network() -> None:
    encoder = masked_swin()
    with torch.no_grad():
        (found,) = encoder(IMAGES, torch.zeros(3, SIZE // 4, SIZE // 4))
        expected = encoder.body.forward_features(IMAGES).permute(0, 3, 1, 2)
    assert torch.equal(found, expected)


def test_all_masked_the_swin_encoder_sees_nothing() -> None:
    encoder = masked_swin()
    with torch.no_grad():
        (found,) = encoder(IMAGES, torch.ones(3, SIZE // 4, SIZE // 4))
    assert torch.equal(found[0], found[1])
    assert encoder.mask_token.any()


def test_another_architecture_is_refused() -> None:
    with pytest.raises(IncompatibleError, match='test_resnet'):
        MaskedViT(source='timm:test_resnet', options={}, mask_ratio=0.75)
    with pytest.raises(IncompatibleError, match='test_vit'):
        MaskedSwin(source='timm:test_vit', options={})
    with pytest.raises(IncompatibleError, match='only networks of timm'):
        MaskedViT(source='torchvision:resnet18', options={}, mask_ratio=0.75)
