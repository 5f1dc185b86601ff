"""SparK's encoder: hidden places reach nothing, seen ones are as in sparse convolution."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from mmpretrain.models.utils.sparse_modules import SparseConv2d, SparseHelper
from torch import Tensor, nn

from benchmark.errors import IncompatibleError
from benchmark.pretraining import compile_pretraining
from benchmark.pretraining.choosing import choose_encoder
from benchmark.pretraining.networks.sparse import SparseConvNet, _hide, _SeenBatchNorm
from benchmark.specs import Backbone
from tests.support.pretraining_requests import CONVNET, CONVNEXT, SIZE, VIT, request

RESNET = Backbone(
    id='resnet',
    source='timm:resnet10t',
    is_random=True,
    options={'channels': (8, 16, 32, 64), 'stem_width': 8},
)
IMAGES = torch.randn(2, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(0))
ACTIVE = torch.tensor([[[[True, False], [False, True]]], [[[True, True], [False, False]]]])


@pytest.fixture(autouse=True)
def _active() -> Iterator[None]:
    SparseHelper._cur_active = ACTIVE
    yield
    SparseHelper._cur_active = None


def whole(places: Tensor, factor: int) -> Tensor:
    return places.repeat_interleave(factor, 2).repeat_interleave(factor, 3)


@pytest.mark.parametrize('backbone', [CONVNEXT, RESNET], ids=lambda backbone: backbone.id)
def test_hidden_places_reach_no_seen_one(backbone: Backbone) -> None:
    torch.manual_seed(0)
    network = SparseConvNet(source=backbone.source, options=dict(backbone.options))
    others = torch.where(whole(ACTIVE, 32), IMAGES, 7.0)
    with torch.no_grad():
        found, same = network(IMAGES), network(others)
    assert len(found) == len(network.out_indices) == 4
    for index, (a, b) in enumerate(zip(found, same, strict=True)):
        seen = whole(ACTIVE, 8 // 2**index).expand_as(a)
        assert torch.equal(a[seen], b[seen])


def test_seen_places_are_those_of_mmpretrains_sparse_convolution() -> None:
    """Two convolutions with a bias: what the first writes at hidden places is not looked at."""
    torch.manual_seed(0)
    ours = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 4, 3, padding=1))
    theirs = nn.Sequential(SparseConv2d(3, 4, 3, padding=1), nn.ReLU(), SparseConv2d(4, 4, 3, 1, 1))
    theirs.load_state_dict(ours.state_dict())
    for index in (0, 2):
        ours[index].register_forward_pre_hook(_hide)
    masked = torch.where(whole(ACTIVE, 32), IMAGES, 0.0)
    with torch.no_grad():
        found, expected = ours(IMAGES), theirs(masked)
    seen = whole(ACTIVE, 32).expand_as(found)
    torch.testing.assert_close(found[seen], expected[seen])
    assert not expected[~seen].any()


def test_batch_norm_takes_its_statistics_from_what_is_seen() -> None:
    norm = nn.BatchNorm2d(3)
    norm.__class__ = _SeenBatchNorm
    seen = whole(ACTIVE, 32).expand_as(IMAGES)
    with torch.no_grad():
        found = norm(torch.where(seen, IMAGES, 1e6))
    for channel in range(3):
        values = IMAGES[:, channel][seen[:, channel]]
        expected = (values - values.mean()) / (values.var(unbiased=False) + norm.eps).sqrt()
        torch.testing.assert_close(
            found[:, channel][seen[:, channel]], expected, rtol=1e-4, atol=1e-5
        )
        assert norm.running_mean[channel].item() == pytest.approx(
            0.1 * values.mean().item(), abs=1e-5
        )
    assert not found[~seen].any()


def test_networks_that_do_not_fit_are_refused() -> None:
    assert choose_encoder('spark', RESNET) == 'benchmark.SparseConvNet'
    with pytest.raises(
        IncompatibleError, match='vit is not a ResNet or ConvNeXt of timm; spark takes'
    ):
        choose_encoder('spark', VIT)
    with pytest.raises(IncompatibleError, match=r'channels at strides .*: spark needs four'):
        compile_pretraining(request('spark', CONVNET))
