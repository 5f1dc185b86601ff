"""MaskFeat's targets, compared with mmpretrain's own, and its encoder."""

from __future__ import annotations

import torch
from mmpretrain.models.selfsup.maskfeat import HOGGenerator

from benchmark.pretraining.networks.masked import MaskedTokens
from benchmark.pretraining.networks.maskfeat import MaskFeatTokens, PatchHOG
from tests.support.pretraining_requests import SIZE, VIT

HOG = {'nbins': 9, 'pool': 8, 'gaussian_window': 16}


def test_on_14_patches_a_side_the_targets_are_mmpretrains() -> None:
    images = torch.randn(2, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    assert torch.equal(PatchHOG(patch=16, **HOG)(images), HOGGenerator(**HOG)(images))


def test_a_patch_has_the_histograms_of_its_cells() -> None:
    """A vertical edge: only the patches that it crosses have gradients."""
    images = torch.zeros(1, 3, 64, 64)
    images[..., 20:] = 1
    found = PatchHOG(patch=16, **HOG)(images)
    assert found.shape == (1, 16, 3 * 9 * 4)
    has_edge = found[0].abs().sum(dim=1) > 0
    assert has_edge.nonzero().flatten().tolist() == [1, 5, 9, 13]


def test_the_encoder_hands_out_the_patches_after_a_leading_place() -> None:
    torch.manual_seed(0)
    encoder = MaskFeatTokens(source=VIT.source, options=dict(VIT.options))
    plain = MaskedTokens(source=VIT.source, options=dict(VIT.options))
    plain.load_state_dict(encoder.state_dict())
    images, mask = torch.randn(2, 3, SIZE, SIZE), torch.rand(2, 4, 4) < 0.5
    with torch.no_grad():
        found, (expected,) = encoder(images, mask.flatten(1)), plain(images, mask)
    assert torch.equal(found[:, 1:], expected.flatten(2).transpose(1, 2))
    assert not found[:, 0].any()
