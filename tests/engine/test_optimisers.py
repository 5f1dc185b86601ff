"""Optimisers of the recipes against torch, timm and one step computed by hand."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from mmengine.optim import build_optim_wrapper

from benchmark.compiling import compile_config
from benchmark.specs import Declared
from tests.support.compiling_cells import cell


class Model(torch.nn.Module):
    """A head alone: what a rate and a weight decay do to it is easy to say."""

    def __init__(self) -> None:
        super().__init__()
        self.head = torch.nn.Linear(2, 1, bias=False)
        torch.nn.init.constant_(self.head.weight, 2.0)


def stepped(changes: Declared, steps: int = 1) -> tuple[Any, list[float]]:
    """Return the optimiser that a recipe with ``changes`` builds, and the weights after steps."""
    config = compile_config(cell('segmentation', 'plain-vit', 'finetune', changes))
    wrapper = dict(config['optim_wrapper'], type='OptimWrapper')
    wrapper.pop('clip_grad', None)
    model = Model()
    optimiser = build_optim_wrapper(model, wrapper).optimizer
    for _ in range(steps):
        model.head.weight.grad = torch.tensor([[1.0, -1.0]])
        optimiser.step()
    return optimiser, model.head.weight.detach().flatten().tolist()


BASE = {'lr': 0.1, 'weight_decay': 0.5}


def test_sgd_decays_through_the_gradient_and_has_momentum() -> None:
    optimiser, after = stepped(BASE | {'optimizer': 'sgd', 'momentum': 0.9}, steps=2)
    assert type(optimiser) is torch.optim.SGD
    # step 1: gradient 1 + 0.5 * 2 = 2; step 2: 0.9 * 2 + 1 + 0.5 * 1.8 = 3.7
    assert after[0] == pytest.approx(2 - 0.2 - 0.37)


def test_nesterov_looks_ahead() -> None:
    _, after = stepped(BASE | {'optimizer': 'sgd', 'nesterov': True})
    # gradient 2 and momentum 2: a step along 2 + 0.9 * 2
    assert after[0] == pytest.approx(2 - 0.38)


def test_betas_reach_the_optimiser() -> None:
    optimiser, _ = stepped(BASE | {'betas': (0.9, 0.95)})
    assert type(optimiser) is torch.optim.AdamW
    assert optimiser.param_groups[0]['betas'] == (0.9, 0.95)


def test_lamb_steps_by_its_trust_ratio() -> None:
    _, after = stepped(BASE | {'optimizer': 'lamb', 'weight_decay': 0.0})
    # the update has the direction of the gradient's sign and, scaled, the length of the weights
    assert after == pytest.approx([2 - 0.1 * 2, 2 + 0.1 * 2], rel=1e-4)


def test_lars_steps_by_its_trust_ratio() -> None:
    _, after = stepped(BASE | {'optimizer': 'lars', 'momentum': 0.0})
    # trust: 0.001 * |w| / (|g| + 0.5 * |w|), of the gradient with the decay: 1 + 1 and -1 + 1
    size, gradient = 8**0.5, 2**0.5
    trust = 0.001 * size / (gradient + 0.5 * size)
    assert after == pytest.approx([2 - 0.1 * trust * 2, 2.0], abs=1e-6)


@pytest.mark.parametrize('name', ['adamw', 'sgd', 'lamb', 'lars'])
def test_layers_keep_their_share_of_the_rate_under_every_optimiser(name: str) -> None:
    class Backbone(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem = torch.nn.Linear(2, 2)

        def layer_of(self, name: str) -> tuple[int, int]:
            return 0, 1

    model = Model()
    model.backbone = Backbone()
    changes = BASE | {'optimizer': name, 'layer_decay': 0.5}
    config = compile_config(cell('segmentation', 'plain-vit', 'finetune', changes))
    groups = build_optim_wrapper(model, dict(config['optim_wrapper'])).optimizer.param_groups
    rates = {group['name']: group['lr'] for group in groups}
    assert rates['head'] == pytest.approx(0.1)
    assert rates['backbone layer 0'] == pytest.approx(0.1 * 0.25)
