"""The optimiser's wrapper: mmengine's steps, without a wait and with autocast if asked."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from mmengine.optim import OptimWrapper
from torch import nn

from benchmark.engine import StepWrapper

PICTURES = torch.randn(4, 6, generator=torch.Generator().manual_seed(0))


def model() -> nn.Module:
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 1))


def trained(kind: type[OptimWrapper], **arguments: Any) -> tuple[nn.Module, OptimWrapper]:
    """Return a model after three steps, and the wrapper that took them."""
    network = model()
    optimiser = torch.optim.AdamW(network.parameters(), lr=0.1)
    wrapper = kind(optimiser, **arguments)
    for _ in range(3):
        with wrapper.optim_context(network):
            loss = network(PICTURES).square().mean()
        wrapper.update_params(loss)
    return network, wrapper


@pytest.mark.parametrize(
    'arguments', [{}, {'clip_grad': {'max_norm': 0.01}}, {'accumulative_counts': 3}]
)
def test_the_steps_are_those_of_mmengine(arguments: dict[str, Any]) -> None:
    ours, _ = trained(StepWrapper, **arguments)
    theirs, _ = trained(OptimWrapper, **arguments)
    pairs = zip(ours.parameters(), theirs.parameters(), strict=True)
    assert all(torch.equal(one, other) for one, other in pairs)


def test_the_norm_stays_on_the_device() -> None:
    _, wrapper = trained(StepWrapper, clip_grad={'max_norm': 0.01})
    norm = wrapper.grad_norm  # type: ignore[attr-defined]
    assert isinstance(norm, torch.Tensor)
    assert norm > 0


def test_the_forward_pass_is_cast_and_the_weights_stay_single() -> None:
    network = model()
    wrapper = StepWrapper(torch.optim.SGD(network.parameters(), lr=0.1), autocast='bfloat16')
    with wrapper.optim_context(network):
        assert network(PICTURES).dtype == torch.bfloat16
    assert network(PICTURES).dtype == torch.float32
    network, _ = trained(StepWrapper, autocast='bfloat16')
    exact, _ = trained(StepWrapper)
    for one, other in zip(network.parameters(), exact.parameters(), strict=True):
        assert one.dtype == torch.float32
        assert not torch.equal(one, other)
        assert torch.allclose(one, other, atol=0.2)
