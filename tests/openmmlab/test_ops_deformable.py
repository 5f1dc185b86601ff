"""Deformable convolutions and attention against torchvision, mmcv and numerical gradients."""

from __future__ import annotations

from types import ModuleType
from typing import NamedTuple

import pytest
import torch
from torch import Tensor
from torchvision.ops import deform_conv2d

GROUPS = [(1, 1), (2, 1), (1, 2), (2, 2)]
# height and width differ in all of these
STRIDE, PADDING, DILATION = (2, 1), (1, 2), (1, 2)
OUT = (5, 9)


class Case(NamedTuple):
    """The tensors of a deformable convolution, all with gradient."""

    x: Tensor
    offset: Tensor
    mask: Tensor
    weight: Tensor
    bias: Tensor


def random_case(
    generator: torch.Generator,
    *,
    groups: int,
    offset_groups: int,
    device: str = 'cpu',
    dtype: torch.dtype = torch.double,
) -> Case:
    """Return a convolution of 4 channels of 9 x 9 to 6 channels of 5 x 9 with kernels of 3 x 3."""
    shapes = Case(
        x=(2, 4, 9, 9),
        offset=(2, offset_groups * 18, *OUT),
        mask=(2, offset_groups * 9, *OUT),
        weight=(6, 4 // groups, 3, 3),
        bias=(6,),
    )
    tensors = [torch.randn(shape, generator=generator).to(device, dtype) for shape in shapes]
    return Case(*(tensor.requires_grad_() for tensor in tensors))


def assert_same(mine: Tensor, reference: Tensor, inputs: list[Tensor]) -> None:
    """Assert that two outputs and their gradients by all ``inputs`` are the same."""
    torch.testing.assert_close(mine, reference)
    weights = torch.linspace(-1, 1, mine.numel()).reshape(mine.shape).to(mine)
    gradients = [torch.autograd.grad(x, inputs, weights) for x in (mine, reference)]
    torch.testing.assert_close(*gradients)


@pytest.mark.parametrize(('groups', 'offset_groups'), GROUPS)
def test_deform_conv_is_that_of_torchvision(
    ops: ModuleType, generator: torch.Generator, device: str, groups: int, offset_groups: int
) -> None:
    case = random_case(generator, groups=groups, offset_groups=offset_groups, device=device)
    mine = ops.deform_conv2d(
        case.x, case.offset, case.weight, STRIDE, PADDING, DILATION, groups, offset_groups
    )
    reference = deform_conv2d(case.x, case.offset, case.weight, None, STRIDE, PADDING, DILATION)
    assert mine.shape == (2, 6, *OUT)
    assert_same(mine, reference, [case.x, case.offset, case.weight])


@pytest.mark.parametrize('with_bias', [True, False])
@pytest.mark.parametrize(('groups', 'offset_groups'), GROUPS)
def test_modulated_deform_conv_is_that_of_torchvision(
    ops: ModuleType,
    generator: torch.Generator,
    device: str,
    groups: int,
    offset_groups: int,
    with_bias: bool,
) -> None:
    case = random_case(generator, groups=groups, offset_groups=offset_groups, device=device)
    bias = case.bias if with_bias else None
    mine = ops.modulated_deform_conv2d(
        case.x,
        case.offset,
        case.mask,
        case.weight,
        bias,
        STRIDE,
        PADDING,
        DILATION,
        groups,
        offset_groups,
    )
    reference = deform_conv2d(
        case.x, case.offset, case.weight, bias, STRIDE, PADDING, DILATION, case.mask
    )
    inputs = [case.x, case.offset, case.mask, case.weight, *([case.bias] if with_bias else [])]
    assert_same(mine, reference, inputs)


def test_without_offsets_it_is_a_plain_convolution(
    ops: ModuleType, generator: torch.Generator, device: str
) -> None:
    case = random_case(generator, groups=2, offset_groups=1, device=device)
    still, half = torch.zeros_like(case.offset), torch.full_like(case.mask, 0.5)
    geometry = (STRIDE, PADDING, DILATION, 2)
    plain = torch.nn.functional.conv2d(case.x, case.weight, case.bias, *geometry)
    modulated = ops.modulated_deform_conv2d(
        case.x, still, half, case.weight, case.bias, *geometry, 1
    )
    bias = case.bias[:, None, None]
    torch.testing.assert_close(
        ops.deform_conv2d(case.x, still, case.weight, *geometry, 1), plain - bias
    )
    torch.testing.assert_close(modulated, (plain - bias) / 2 + bias)


def test_offsets_move_rows_before_columns(ops: ModuleType, device: str) -> None:
    image = torch.arange(25.0, device=device).reshape(1, 1, 5, 5)  # 5 per row, 1 per column
    offset = torch.zeros(1, 2, 5, 5, device=device)
    offset[:, 0] = 1
    moved = ops.deform_conv2d(image, offset, torch.ones(1, 1, 1, 1, device=device))
    assert moved[0, 0, 2, 2] == image[0, 0, 3, 2]


@pytest.mark.parametrize('dtype', [torch.half, torch.bfloat16])
def test_low_precision_convolutions_are_computed_in_single(
    ops: ModuleType, generator: torch.Generator, device: str, dtype: torch.dtype
) -> None:
    case = random_case(generator, groups=1, offset_groups=1, device=device, dtype=dtype)
    wide = Case(*(tensor.detach().float().requires_grad_() for tensor in case))
    results = []
    for x, offset, mask, weight, bias in (case, wide):
        out = ops.modulated_deform_conv2d(
            x, offset, mask, weight, bias, STRIDE, PADDING, DILATION, 1, 1
        )
        out = out + ops.deform_conv2d(x, offset, weight, STRIDE, PADDING, DILATION)
        results.append((out, *torch.autograd.grad(out.sum(), (x, offset, mask, weight, bias))))
    for low, single in zip(*results, strict=True):
        assert low.dtype == dtype
        error = (low.float() - single).abs().max() / single.abs().max()
        assert error < 0.03


def attention_case(device: str = 'cpu') -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Return value, shapes, starts, locations and weights of 2 levels, 3 heads and 4 points."""
    generator = torch.Generator().manual_seed(1)
    value = torch.randn(2, 39, 3, 5, generator=generator, dtype=torch.double)
    locations = torch.rand(2, 7, 3, 2, 4, 2, generator=generator, dtype=torch.double)
    weights = torch.rand(2, 7, 3, 2, 4, generator=generator, dtype=torch.double)
    shapes = torch.tensor([[4, 6], [3, 5]], device=device)
    starts = torch.tensor([0, 24], device=device)
    inputs = [tensor.to(device) for tensor in (value, locations * 1.4 - 0.2, weights)]
    value, locations, weights = (tensor.requires_grad_() for tensor in inputs)
    return value, shapes, starts, locations, weights


def attend(ops: ModuleType, *arguments: Tensor) -> Tensor:
    """Return mmcv's attention by way of its extension."""
    return ops.multi_scale_deform_attn.MultiScaleDeformableAttnFunction.apply(*arguments, 64)


def test_attention_is_that_of_mmcv_in_python(ops: ModuleType, device: str) -> None:
    value, shapes, starts, locations, weights = attention_case(device)
    module = ops.multi_scale_deform_attn
    reference = module.multi_scale_deformable_attn_pytorch(value, shapes, locations, weights)
    mine = attend(ops, value, shapes, starts, locations, weights)
    assert mine.shape == (2, 7, 15)
    assert_same(mine, reference, [value, locations, weights])


def test_attention_gradient_is_the_numerical_one(ops: ModuleType) -> None:
    value, shapes, starts, locations, weights = attention_case()
    queries = (locations[:, :2], weights[:, :2])
    inputs = [x.detach().requires_grad_() for x in (value, *queries)]
    assert torch.autograd.gradcheck(
        lambda v, loc, w: attend(ops, v, shapes, starts, loc, w), inputs, fast_mode=True
    )


def test_attention_at_the_middle_of_a_pixel_returns_it(ops: ModuleType, device: str) -> None:
    value = torch.arange(6.0, device=device).reshape(1, 6, 1, 1)  # 2 rows of 3
    shapes, starts = torch.tensor([[2, 3]], device=device), torch.tensor([0], device=device)
    middle = torch.tensor([2.5 / 3, 0.5 / 2], device=device).reshape(1, 1, 1, 1, 1, 2)
    weights = torch.full((1, 1, 1, 1, 1), 0.5, device=device)
    sampled = attend(ops, value, shapes, starts, middle, weights)
    assert sampled.item() == pytest.approx(1.0)  # half of the pixel in row 0, column 2


@pytest.mark.parametrize('dtype', [torch.half, torch.bfloat16])
def test_low_precision_attention_is_computed_in_single(
    ops: ModuleType, device: str, dtype: torch.dtype
) -> None:
    value, shapes, starts, locations, weights = attention_case(device)
    low = [x.detach().to(dtype).requires_grad_() for x in (value, locations, weights)]
    single = [x.detach().float().requires_grad_() for x in low]
    mine, reference = (attend(ops, v, shapes, starts, loc, w) for v, loc, w in (low, single))
    torch.testing.assert_close(mine, reference.to(dtype), rtol=0, atol=0)
    mine.float().sum().backward()
    reference.sum().backward()
    torch.testing.assert_close(low[0].grad, single[0].grad.to(dtype), rtol=0.02, atol=1e-3)
