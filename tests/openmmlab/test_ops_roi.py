"""Pooling of regions against torchvision, hand-computed cases and numerical gradients."""

from __future__ import annotations

from types import ModuleType

import pytest
import torch
import torchvision
from torch import Tensor

from benchmark.errors import EnvironmentProblem


def random_case(generator: torch.Generator, device: str) -> tuple[Tensor, Tensor]:
    """Return features (2, 3, 20, 24) of a scale of 1/4 and regions (10, 5) of both images."""
    features = torch.randn(2, 3, 20, 24, generator=generator)
    corners = torch.rand(10, 2, generator=generator) * 40
    sizes = 5 + torch.rand(10, 2, generator=generator) * 50
    image = torch.randint(0, 2, (10, 1), generator=generator).float()
    rois = torch.cat([image, corners, corners + sizes], dim=1)
    return features.to(device).requires_grad_(), rois.to(device)


def assert_same(mine: Tensor, reference: Tensor, features: Tensor) -> None:
    """Assert that two outputs and their gradients by ``features`` are the same."""
    torch.testing.assert_close(mine, reference)
    weights = torch.linspace(-1, 1, mine.numel(), device=mine.device).reshape(mine.shape)
    gradients = [torch.autograd.grad(x, features, weights)[0] for x in (mine, reference)]
    torch.testing.assert_close(*gradients)


@pytest.mark.parametrize('aligned', [True, False])
@pytest.mark.parametrize('sampling_ratio', [0, 2])
def test_roi_align_is_that_of_torchvision(
    ops: ModuleType, generator: torch.Generator, device: str, sampling_ratio: int, aligned: bool
) -> None:
    features, rois = random_case(generator, device)
    mine = ops.RoIAlign((5, 7), 0.25, sampling_ratio, 'avg', aligned)(features, rois)
    reference = torchvision.ops.roi_align(features, rois, (5, 7), 0.25, sampling_ratio, aligned)
    assert mine.shape == (10, 3, 5, 7)
    assert_same(mine, reference, features)


def test_roi_align_of_a_ramp_is_its_value_in_the_middle(ops: ModuleType, device: str) -> None:
    ramp = torch.arange(16.0, device=device).expand(1, 1, 16, 16)  # grows with x, not with y
    rois = torch.tensor([[0.0, 4, 2, 8, 10]], device=device)
    pooled = ops.roi_align(ramp, rois, (1, 2), 1.0, 0, 'avg', True)
    assert pooled.flatten().tolist() == pytest.approx([4.5, 6.5])  # centres 5 and 7, minus 0.5


def test_roi_align_gradient_is_the_numerical_one(ops: ModuleType) -> None:
    features = torch.randn(1, 2, 6, 6, dtype=torch.double, requires_grad=True)
    rois = torch.tensor([[0.0, 1, 0, 5, 4]], dtype=torch.double)
    assert torch.autograd.gradcheck(
        lambda x: ops.roi_align(x, rois, (2, 2), 1.0, 2, 'avg', True), (features,)
    )


def test_roi_pool_is_that_of_torchvision(
    ops: ModuleType, generator: torch.Generator, device: str
) -> None:
    features, rois = random_case(generator, device)
    mine = ops.RoIPool((5, 7), 0.25)(features, rois)
    assert_same(mine, torchvision.ops.roi_pool(features, rois, (5, 7), 0.25), features)


def test_roi_pool_takes_the_maximum_of_each_bin(ops: ModuleType, device: str) -> None:
    features = torch.arange(16.0, device=device).reshape(1, 1, 4, 4)
    rois = torch.tensor([[0.0, 0, 0, 3, 3]], device=device)
    assert ops.roi_pool(features, rois, (2, 2), 1.0).flatten().tolist() == [5, 7, 13, 15]


@pytest.mark.parametrize('dtype', [torch.half, torch.bfloat16])
@pytest.mark.parametrize('layer', ['RoIAlign', 'RoIPool'])
def test_low_precision_is_computed_in_single(
    ops: ModuleType, generator: torch.Generator, device: str, layer: str, dtype: torch.dtype
) -> None:
    features, rois = random_case(generator, device)
    low = features.detach().to(dtype).requires_grad_()
    single = low.detach().float().requires_grad_()
    mine, reference = (getattr(ops, layer)(5, 0.25)(x, rois) for x in (low, single))
    assert mine.dtype == dtype
    torch.testing.assert_close(mine, reference.to(dtype), rtol=0, atol=0)
    mine.sum().backward()
    reference.sum().backward()
    torch.testing.assert_close(low.grad, single.grad.to(dtype), rtol=0, atol=0)


@pytest.mark.parametrize('layer', ['RoIAlign', 'RoIPool'])
def test_no_regions_give_an_empty_result_and_no_gradient(
    ops: ModuleType, generator: torch.Generator, device: str, layer: str
) -> None:
    features, rois = random_case(generator, device)
    pooled = getattr(ops, layer)(7, 0.25)(features, rois[:0])
    assert pooled.shape == (0, 3, 7, 7)
    pooled.sum().backward()
    assert not features.grad.any()


def test_maxima_of_roi_align_are_refused(ops: ModuleType, generator: torch.Generator) -> None:
    features, rois = random_case(generator, 'cpu')
    with pytest.raises(EnvironmentProblem, match=r"pool_mode='max'.*set pool_mode='avg'"):
        ops.roi_align(features, rois, (7, 7), 0.25, 2, 'max', True)
