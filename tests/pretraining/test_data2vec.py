"""data2vec: the teacher, its targets, and that learning does not collapse."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from mmengine.registry import DefaultScope
from mmpretrain.registry import MODELS
from torch import Tensor

from benchmark.pretraining import compile_pretraining
from benchmark.pretraining.networks.data2vec import Data2Vec
from tests.support.pretraining_requests import SIZE, request

GRID = SIZE // 16


def model(**changes: Any) -> Data2Vec:
    torch.manual_seed(0)
    config = compile_pretraining(request('data2vec', passes=4000))['model']
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        found: Data2Vec = MODELS.build({**config, **changes})
    return found


def images(count: int = 4) -> Tensor:
    return torch.randn(count, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(1))


def samples(count: int = 4) -> list[Any]:
    generator = torch.Generator().manual_seed(2)
    masks = (torch.rand(count, GRID, GRID, generator=generator) < 0.6).int()
    return [SimpleNamespace(mask=mask) for mask in masks]


def test_the_teacher_forgets_over_an_80th_of_the_training() -> None:
    for passes, decay in ((1_600_000, 0.9998), (4 * 4000, 1 - 80 / 4000), (40, 0.5)):
        config = compile_pretraining(request('data2vec', passes=passes))['model']
        assert config['decay'] == pytest.approx(decay)


def test_targets_are_the_mean_of_the_last_blocks_normalised() -> None:
    network = model(blocks=2)
    body, inputs = network.backbone.body, images()
    outputs = []
    for block in body.blocks[-2:]:
        block.register_forward_hook(lambda *args: outputs.append(args[2][:, 1:]))
    with torch.no_grad():
        body.forward_features(inputs)
    centred = [out - out.mean(-1, keepdim=True) for out in outputs]
    scaled = [c / (c.pow(2).mean(-1, keepdim=True) + 1e-5).sqrt() for c in centred]
    torch.testing.assert_close(network.targets(inputs), (scaled[0] + scaled[1]) / 2)


def test_the_teacher_is_a_moving_average_and_takes_no_gradient() -> None:
    network = model(decay=0.75)
    network.loss(images(), samples())['loss'].backward()
    assert all(p.grad is None for p in network.teacher.parameters())
    first = network.backbone.body.blocks[0].attn.qkv.weight
    assert first.grad.abs().sum() > 0
    assert network.predictor.weight.grad.abs().sum() > 0
    before = first.detach().clone()
    with torch.no_grad():
        first.add_(1)
    network.loss(images(), samples())
    averaged = network.teacher.module.blocks[0].attn.qkv.weight
    torch.testing.assert_close(averaged.detach(), before + 0.25, rtol=1e-5, atol=1e-6)


def test_only_hidden_patches_count() -> None:
    network, inputs, given = model(), images(), samples()
    hidden = torch.stack([sample.mask for sample in given]).flatten(1).bool()
    targets = network.targets(inputs)
    found = network.loss(inputs, given)['loss']
    mask = torch.stack([sample.mask for sample in given])
    with torch.no_grad():
        predicted = network.predictor(network.backbone(inputs, mask)[0].flatten(2).mT)
    # below the turning point the loss is half the square over beta
    difference = (predicted - targets)[hidden].abs()
    expected = torch.where(difference < 2, difference**2 / 4, difference - 1).mean()
    torch.testing.assert_close(found, expected)


def test_learning_beats_a_constant_and_does_not_collapse() -> None:
    """Pictures of one colour: what is hidden can be told from what is seen."""
    network = model(decay=0.9)
    optimiser = torch.optim.AdamW(
        [p for p in network.parameters() if p.requires_grad], lr=5e-3, weight_decay=0.05
    )
    generator = torch.Generator().manual_seed(0)
    for _ in range(45):
        inputs = torch.randn(8, 3, 1, 1, generator=generator).expand(-1, -1, SIZE, SIZE)
        masks = (torch.rand(8, GRID, GRID, generator=generator) < 0.6).int()
        found = network.loss(inputs, [SimpleNamespace(mask=mask) for mask in masks])
        optimiser.zero_grad()
        found['loss'].backward()
        optimiser.step()
    targets = network.targets(inputs)[masks.flatten(1).bool()]
    best_constant = targets.mean(dim=0).expand_as(targets)
    of_constant = torch.nn.functional.smooth_l1_loss(best_constant, targets, beta=2.0)
    assert found['loss'].item() < 0.3 * of_constant.item()
    assert found['spread'].item() > 0.5


def test_a_collapsed_teacher_shows_in_the_spread() -> None:
    collapsed = model()
    with torch.no_grad():
        collapsed.teacher.module.patch_embed.proj.weight.zero_()
        collapsed.teacher.module.pos_embed.zero_()
        assert collapsed.targets(images()).flatten(0, 1).std(dim=0).mean() < 1e-5
