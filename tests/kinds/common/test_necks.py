"""Sizes of the maps that heads get, and that what is seen stays where it was."""

from __future__ import annotations

import pytest
import torch
from mmengine.registry import DefaultScope
from torch import Tensor, nn
from torch.nn import functional

from benchmark.kinds.common.necks import (
    PooledFeatures,
    ResampledMap,
    SimplePyramid,
    WhitenedMaps,
    resample,
)
from benchmark.kinds.segmentation.head import LinearSegmentationHead

LEVELS = (4, 8, 16, 32, 64)


def cell_centres(count: int, stride: int) -> Tensor:
    return (torch.arange(count) + 0.5) * stride


def centre_map(height: int, width: int, stride: int) -> Tensor:
    """Return a map (1, 2, h, w) whose values are its cells' centres (y, x) in pixels."""
    rows = cell_centres(height, stride)[:, None].expand(height, width)
    columns = cell_centres(width, stride)[None].expand(height, width)
    return torch.stack([rows, columns])[None]


@pytest.mark.parametrize('stride', [4, 8, 12, 14, 16, 32])
@pytest.mark.parametrize(('height', 'width'), [(128, 128), (64, 192)])
def test_levels_have_their_strides(stride: int, height: int, width: int) -> None:
    cells = (-(-height // stride), -(-width // stride))
    neck = SimplePyramid(in_channels=8, in_stride=stride, out_channels=6, strides=LEVELS)
    with torch.no_grad():
        maps = neck((torch.zeros(2, 3, 1, 1), torch.randn(2, 8, *cells)))
    assert [tuple(m.shape) for m in maps] == [(2, 6, height // s, width // s) for s in LEVELS]
    assert all(m.isfinite().all() for m in maps)


def test_levels_are_normalised_over_channels() -> None:
    neck = SimplePyramid(in_channels=8, in_stride=16, out_channels=32, strides=(8, 16))
    for level in neck((5 + 3 * torch.randn(2, 8, 4, 4),)):
        assert level.mean(1).abs().max() < 1e-4
        spread = level.std(1, unbiased=False)
        torch.testing.assert_close(spread, torch.ones_like(spread), atol=1e-2, rtol=0)


@pytest.mark.parametrize(('stride', 'target'), [(14, 16), (12, 16), (16, 14), (10, 8), (14, 28)])
def test_resampled_cells_stand_where_their_centres_are(stride: int, target: int) -> None:
    source = centre_map(20, 30, stride)
    found = resample(source, stride, target)
    height, width = 20 * stride // target, 30 * stride // target
    assert found.shape == (1, 2, height, width)
    # the outermost cells lie beyond the outermost source centres
    inside = (..., slice(1, -1), slice(1, -1))
    torch.testing.assert_close(
        found[inside], centre_map(height, width, target)[inside], atol=1e-4, rtol=0
    )


def test_equal_stride_changes_nothing() -> None:
    features = torch.randn(1, 2, 5, 5)
    assert resample(features, 16, 16) is features


class Averages(nn.Module):
    """A backbone of stride 14: the mean of every patch, padded as the real ones are."""

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        height, width = images.shape[-2:]
        padded = functional.pad(images, (0, -width % 14, 0, -height % 14))
        return (functional.avg_pool2d(padded, 14),)


def test_bright_square_stays_in_place() -> None:
    side, places = 48, torch.arange(16, 128)
    images = torch.zeros(len(places), 1, 192, 192)
    for image, top in zip(images, places, strict=True):
        left = 143 - top
        image[0, top : top + side, left : left + side] = 1
    (found,) = ResampledMap(in_stride=14, out_stride=16)(Averages()(images))
    share = found[:, 0] / found.sum(dim=(1, 2, 3))[:, None, None]
    y = (share.sum(2) * cell_centres(found.shape[2], 16)).sum(1)
    x = (share.sum(1) * cell_centres(found.shape[3], 16)).sum(1)
    for centroid, start in ((y, places), (x, 143 - places)):
        error = centroid - (start + side / 2)
        # patches of 14 px and a stride of 16 px blur each place a little, but not all one way
        assert error.abs().max() < 2
        assert error.mean().abs() < 0.2


def test_layer_norm_of_pooled_features() -> None:
    maps = (torch.zeros(1), 3 + 2 * torch.randn(4, 16, 5, 7))
    (found,) = PooledFeatures(channels=16, norm='layer')(maps)
    pooled = maps[-1].flatten(2).mean(2)
    scale = pooled.var(1, unbiased=False, keepdim=True).add(1e-6).sqrt()
    torch.testing.assert_close(found, (pooled - pooled.mean(1, keepdim=True)) / scale)


def test_batch_norm_of_pooled_features() -> None:
    neck = PooledFeatures(channels=16, norm='batch').train()
    assert not list(neck.parameters())
    maps = (3 + 2 * torch.randn(8, 16, 5, 7),)
    pooled = maps[0].flatten(2).mean(2)
    (found,) = neck(maps)
    scale = pooled.var(0, unbiased=False).add(1e-6).sqrt()
    torch.testing.assert_close(found, (pooled - pooled.mean(0)) / scale)
    (tested,) = neck.eval()(maps)
    running = pooled.mean(0) * 0.1, 0.9 + 0.1 * pooled.var(0)
    torch.testing.assert_close(tested, (pooled - running[0]) / (running[1] + 1e-6).sqrt())


def test_linear_head_classifies_every_cell_by_itself() -> None:
    with DefaultScope.overwrite_default_scope('mmseg'):
        head = LinearSegmentationHead(
            in_channels=8, channels=8, num_classes=5, in_index=1, dropout_ratio=0.0
        ).eval()
    maps = (torch.randn(2, 3, 8, 8), torch.randn(2, 8, 4, 6))
    with torch.no_grad():
        logits = head(maps)
        assert logits.shape == (2, 5, 4, 6)
        changed = maps[1].clone()
        changed[0, :, 1, 2] += 1
        differs = (head((maps[0], changed)) != logits).any(1)
    assert differs.nonzero().tolist() == [[0, 1, 2]]
    assert sum(p.numel() for p in head.conv_seg.parameters()) == 8 * 5 + 5


@pytest.mark.parametrize('scale', [0.01, 1.0, 100.0])
def test_whitened_maps_have_one_scale(scale: float) -> None:
    generator = torch.Generator().manual_seed(0)
    maps = tuple(
        scale * (3 + torch.randn(4, channels, 8, 8, generator=generator)) for channels in (6, 5)
    )
    found = WhitenedMaps(channels=[6, 5])(maps)
    for whitened in found:
        assert whitened.mean(dim=(0, 2, 3)).abs().max() < 1e-4
        assert whitened.std(dim=(0, 2, 3)).allclose(torch.ones(whitened.shape[1]), atol=0.02)


def test_whitened_maps_go_through_the_neck_that_follows() -> None:
    then = {'type': 'benchmark.ResampledMap', 'in_stride': 14, 'out_stride': 16}
    neck = WhitenedMaps(channels=[5], then=then)
    (found,) = neck((torch.randn(2, 5, 16, 16),))
    assert found.shape == (2, 5, 14, 14)
    assert not list(neck.parameters())


def test_pooled_features_take_a_batch_of_one() -> None:
    neck = PooledFeatures(channels=3, norm='batch').train()
    neck((2 + torch.randn(16, 3, 2, 2, generator=torch.Generator().manual_seed(0)),))
    before = neck.norm.running_mean.clone()
    maps = (torch.ones(1, 3, 2, 2),)
    (found,) = neck(maps)
    (expected,) = neck.eval()(maps)
    assert torch.equal(found, expected)
    assert torch.equal(neck.norm.running_mean, before)
