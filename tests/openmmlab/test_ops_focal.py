"""Focal losses against torchvision, autograd and numerical gradients."""

from __future__ import annotations

from types import ModuleType

import pytest
import torch
import torchvision
from torch import Tensor
from torch.nn.functional import one_hot

GAMMAS = [0.0, 0.5, 2.0]


def random_case(
    generator: torch.Generator, device: str, *, highest: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Return logits (30, 5), targets from 0 to ``highest`` and weights of the five classes."""
    logits = 3 * torch.randn(30, 5, generator=generator, dtype=torch.double)
    target = torch.randint(0, highest + 1, (30,), generator=generator)
    weight = torch.rand(5, generator=generator, dtype=torch.double)
    return logits.to(device).requires_grad_(), target.to(device), weight.to(device)


def assert_same(mine: Tensor, reference: Tensor, logits: Tensor) -> None:
    """Assert that two losses and their gradients by ``logits`` are the same."""
    torch.testing.assert_close(mine, reference)
    gradients = [torch.autograd.grad(loss.sum(), logits)[0] for loss in (mine, reference)]
    torch.testing.assert_close(*gradients)


@pytest.mark.parametrize('gamma', GAMMAS)
def test_sigmoid_loss_is_that_of_torchvision(
    ops: ModuleType, generator: torch.Generator, device: str, gamma: float
) -> None:
    logits, target, _ = random_case(generator, device, highest=5)  # 5 is the background
    truth = one_hot(target, 6)[:, :5].to(logits)
    reference = torchvision.ops.sigmoid_focal_loss(logits, truth, alpha=0.25, gamma=gamma)
    mine = ops.sigmoid_focal_loss(logits, target, gamma, 0.25, None, 'none')
    assert_same(mine, reference, logits)


def test_sigmoid_loss_weighs_rows_by_their_class(
    ops: ModuleType, generator: torch.Generator, device: str
) -> None:
    logits, target, weight = random_case(generator, device, highest=5)
    row_weights = torch.cat([weight, weight.new_ones(1)])[target][:, None]
    truth = one_hot(target, 6)[:, :5].to(logits)
    reference = torchvision.ops.sigmoid_focal_loss(logits, truth, alpha=0.25, gamma=2.0)
    mine = ops.sigmoid_focal_loss(logits, target, 2.0, 0.25, weight, 'none')
    assert_same(mine, reference * row_weights, logits)


@pytest.mark.parametrize('gamma', GAMMAS)
@pytest.mark.parametrize('weighted', [True, False])
def test_softmax_loss_is_that_of_autograd(
    ops: ModuleType, generator: torch.Generator, device: str, gamma: float, weighted: bool
) -> None:
    logits, target, weight = random_case(generator, device, highest=4)
    log_p = logits.log_softmax(dim=1).gather(1, target[:, None])[:, 0]
    reference = -0.25 * (1 - log_p.exp()) ** gamma * log_p
    reference = reference * weight[target] if weighted else reference
    loss = ops.softmax_focal_loss(logits, target, gamma, 0.25, weight if weighted else None, 'sum')
    assert_same(loss, reference.sum(), logits)


def test_softmax_loss_ignores_negative_targets(
    ops: ModuleType, generator: torch.Generator, device: str
) -> None:
    logits, target, weight = random_case(generator, device, highest=4)
    target[::2] = -1
    loss = ops.softmax_focal_loss(logits, target, 2.0, 0.25, weight, 'none')
    assert not loss[::2].any()
    assert (loss[1::2] > 0).all()
    ops.softmax_focal_loss(logits, target, 2.0, 0.25, weight, 'sum').backward()
    assert not logits.grad[::2].any()
    assert logits.grad[1::2].all()


def test_loss_of_an_even_choice_is_the_one_computed_by_hand(ops: ModuleType) -> None:
    even, first = torch.zeros(1, 2), torch.tensor([0])
    # p = 1/2: 0.25 * 0.5^2 * ln 2 for the class, 0.75 * 0.5^2 * ln 2 against the other
    sigmoid = ops.sigmoid_focal_loss(even, first, 2.0, 0.25, None, 'none')
    assert sigmoid.flatten().tolist() == pytest.approx([0.0433217, 0.1299651], abs=1e-6)
    softmax = ops.softmax_focal_loss(even, first, 2.0, 0.25, None, 'none')
    assert softmax.tolist() == pytest.approx([0.0433217], abs=1e-6)


@pytest.mark.parametrize('name', ['sigmoid_focal_loss', 'softmax_focal_loss'])
def test_gradient_is_the_numerical_one(
    ops: ModuleType, generator: torch.Generator, name: str
) -> None:
    logits, target, weight = random_case(generator, 'cpu', highest=4)
    loss = getattr(ops, name)
    assert torch.autograd.gradcheck(lambda x: loss(x, target, 2.0, 0.25, weight, 'sum'), (logits,))


@pytest.mark.parametrize('name', ['sigmoid_focal_loss', 'softmax_focal_loss'])
@pytest.mark.parametrize('gamma', GAMMAS)
def test_certainty_has_finite_loss_and_gradient(ops: ModuleType, name: str, gamma: float) -> None:
    logits = torch.tensor([[200.0, -200.0], [-200.0, 200.0]], requires_grad=True)
    loss = getattr(ops, name)(logits, torch.tensor([0, 0]), gamma, 0.25, None, 'sum')
    loss.backward()
    assert loss > 1
    assert logits.grad.isfinite().all()


@pytest.mark.parametrize('name', ['sigmoid_focal_loss', 'softmax_focal_loss'])
@pytest.mark.parametrize('dtype', [torch.half, torch.bfloat16])
def test_low_precision_is_taken(
    ops: ModuleType, generator: torch.Generator, device: str, name: str, dtype: torch.dtype
) -> None:
    logits, target, _ = random_case(generator, device, highest=4)
    low = logits.detach().to(dtype).requires_grad_()
    loss = getattr(ops, name)(low, target, 2.0, 0.25, None, 'mean')
    reference = getattr(ops, name)(low.detach().double(), target, 2.0, 0.25, None, 'mean')
    assert loss.item() == pytest.approx(reference.item(), rel=0.03)
    loss.backward()
    assert low.grad.dtype == dtype


@pytest.mark.parametrize('name', ['sigmoid_focal_loss', 'softmax_focal_loss'])
def test_no_rows_have_no_loss(ops: ModuleType, device: str, name: str) -> None:
    logits = torch.zeros(0, 5, device=device, requires_grad=True)
    target = torch.zeros(0, dtype=torch.long, device=device)
    loss = getattr(ops, name)(logits, target, 2.0, 0.25, None, 'sum')
    loss.backward()
    assert loss == 0
    assert logits.grad.shape == (0, 5)
