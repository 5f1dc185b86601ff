"""What several processes draw for a shared batch, beside what one draws for the whole."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from mmcv.cnn.bricks import drop as mmcv_drop
from mmdet.models.task_modules.assigners import AssignResult
from mmdet.models.task_modules.samplers import RandomSampler
from mmengine.structures import InstanceData
from mmpretrain.models import RandomBatchAugment
from mmpretrain.models.selfsup import SparK
from timm.layers import DropPath
from torch import Tensor, nn
from torchvision.ops import StochasticDepth

from benchmark.engine import sharing
from benchmark.engine.sharing import StepDraws, draw_for_all, hide_for_all, mix_all
from benchmark.openmmlab import detectors, randomness
from benchmark.openmmlab.detectors import SeededRegions

IMAGES, COUNT = 6, 3
SIZE = IMAGES // COUNT
SHARES = [slice(rank * SIZE, (rank + 1) * SIZE) for rank in range(COUNT)]

LAYERS: dict[str, Callable[[], nn.Module]] = {
    'timm': lambda: DropPath(0.4),
    'mmcv': lambda: mmcv_drop.DropPath(0.4),
    'torchvision': lambda: StochasticDepth(0.4, mode='row'),
    'dropout': lambda: nn.Dropout(0.4),
    'channels': lambda: nn.Dropout2d(0.4),
}

Ranks = Callable[[int], None]


@pytest.fixture
def be_rank(monkeypatch: pytest.MonkeyPatch) -> Ranks:
    """Return a function that lets this process be one of ``COUNT``."""

    def be(rank: int) -> None:
        for module in (randomness, detectors):
            monkeypatch.setattr(module, 'get_dist_info', lambda: (rank, COUNT))

    return be


def drawn(layer: Callable[[Tensor], Tensor], x: Tensor) -> tuple[Tensor, Tensor]:
    """Return the layer's output and the next random number, from one seed."""
    torch.manual_seed(3)
    return layer(x), torch.rand(1)


@pytest.mark.parametrize('layer', [make() for make in LAYERS.values()], ids=LAYERS)
def test_shares_of_a_batch_are_masked_as_the_whole(layer: nn.Module, be_rank: Ranks) -> None:
    x = torch.randn(IMAGES, 4, 5, 5)
    whole, after = drawn(layer, x)
    assert whole.eq(0).any()
    assert whole.ne(0).any()
    for rank, share in enumerate(SHARES):
        be_rank(rank)
        found, then = drawn(draw_for_all(layer), x[share])
        torch.testing.assert_close(found, whole[share])
        assert torch.equal(then, after)


def test_windows_of_an_image_are_masked_as_in_the_whole_batch(be_rank: Ranks) -> None:
    x = torch.randn(IMAGES * 4, 9, 8)  # four windows per image
    layer = nn.Dropout(0.5)
    whole, _ = drawn(layer, x)
    be_rank(1)
    found, _ = drawn(draw_for_all(layer), x[SIZE * 4 : 2 * SIZE * 4])
    torch.testing.assert_close(found, whole[SIZE * 4 : 2 * SIZE * 4])


def test_a_layer_that_drops_nothing_draws_nothing(be_rank: Ranks) -> None:
    be_rank(0)
    x = torch.randn(SIZE, 4)
    for layer in (nn.Dropout(0.5).eval(), DropPath(0.0)):
        before = torch.get_rng_state()
        assert torch.equal(draw_for_all(layer)(x), x)
        assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize('kind', ['Mixup', 'CutMix'])
def test_pictures_are_mixed_with_those_of_other_processes(
    kind: str, be_rank: Ranks, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mixed(augment: Callable[..., Any], pictures: Tensor, scores: Tensor) -> tuple[Tensor, ...]:
        np.random.seed(1)
        torch.manual_seed(1)
        found: tuple[Tensor, ...] = augment(pictures.clone(), scores.clone())
        return found

    augment = RandomBatchAugment({'type': kind, 'alpha': 0.8})
    pictures, scores = torch.rand(IMAGES, 3, 8, 8), torch.eye(IMAGES)
    whole = mixed(augment, pictures, scores)
    assert not torch.equal(whole[0], pictures)
    for rank, share in enumerate(SHARES):
        be_rank(rank)
        parts = iter([pictures, scores])
        gathered = lambda _, parts=parts: list(next(parts).split(SIZE))  # noqa: E731
        monkeypatch.setattr(sharing, 'all_gather', gathered)
        found = mixed(mix_all(augment), pictures[share], scores[share])
        for own, expected in zip(found, whole, strict=True):
            assert torch.equal(own, expected[share])


def test_spark_hides_in_a_share_what_it_hides_in_the_batch(be_rank: Ranks) -> None:
    def hidden(mask: Callable[..., Tensor], count: int) -> Tensor:
        torch.manual_seed(3)
        return mask((count, 3, 64, 64), 'cpu')

    model: Any = SimpleNamespace(feature_map_size=2, len_keep=2)
    mask = lambda *arguments: SparK.mask(model, *arguments)  # noqa: E731
    whole = hidden(mask, IMAGES)
    be_rank(2)
    assert torch.equal(hidden(hide_for_all(mask), SIZE), whole[SHARES[2]])


class Detector(nn.Module):
    """A module with a sampler of regions."""

    def __init__(self) -> None:
        super().__init__()
        self.bbox_sampler = RandomSampler(num=8, pos_fraction=0.5, add_gt_as_proposals=False)


def regions(draws: SeededRegions, detector: Detector, images: int, step: int) -> list[list[int]]:
    """Return which of 40 regions, half of them of an object, are sampled in each of the images."""
    draws.begin(step)
    found = []
    for _ in range(images):
        truth = InstanceData(bboxes=torch.rand(1, 4), labels=torch.zeros(1, dtype=torch.long))
        near = torch.arange(40) % 2
        assigned = AssignResult(1, near, near.float(), labels=torch.zeros(40, dtype=torch.long))
        priors = InstanceData(priors=torch.rand(40, 4))
        result = detector.bbox_sampler.sample(assigned, priors, truth)
        found.append([*result.pos_inds.tolist(), *result.neg_inds.tolist()])
    return found


def test_regions_follow_from_the_place_of_a_picture_in_the_batch(be_rank: Ranks) -> None:
    detector = Detector()
    alone = SeededRegions(detector, IMAGES, seed=4)
    before = torch.get_rng_state()
    whole = regions(alone, detector, IMAGES, step=7)
    assert len({tuple(found) for found in whole}) == IMAGES
    assert regions(alone, detector, IMAGES, step=7) == whole
    assert regions(alone, detector, IMAGES, step=8) != whole
    for rank, share in enumerate(SHARES):
        be_rank(rank)
        detector = Detector()
        draws = SeededRegions(detector, SIZE, seed=4)
        torch.set_rng_state(before)
        assert regions(draws, detector, SIZE, step=7) == whole[share]


def test_sampling_of_regions_leaves_other_draws_as_they_are() -> None:
    detector = Detector()
    draws = SeededRegions(detector, 1, seed=4)
    torch.manual_seed(3)
    expected = torch.rand(9)  # a box and 40 priors would draw more
    torch.manual_seed(3)
    near = torch.arange(40) % 2
    assigned = AssignResult(1, near, near.float(), labels=torch.zeros(40, dtype=torch.long))
    truth = InstanceData(bboxes=torch.zeros(1, 4), labels=torch.zeros(1, dtype=torch.long))
    draws.begin(0)
    detector.bbox_sampler.sample(assigned, InstanceData(priors=torch.zeros(40, 4)), truth)
    assert torch.equal(torch.rand(9), expected)


def test_a_step_draws_the_same_whatever_was_drawn_before() -> None:
    def drawn_in(step: int, seed: int = 5) -> tuple[float, float]:
        runner: Any = SimpleNamespace(
            model=nn.Linear(1, 1),
            train_dataloader=SimpleNamespace(batch_size=2),
            seed=seed,
            iter=step,
        )
        hook = StepDraws()
        hook.before_train(runner)
        hook.before_train_iter(runner, step)
        return float(np.random.rand()), float(torch.rand(1))

    first = drawn_in(3)
    torch.rand(17)
    assert drawn_in(3) == first
    others = [drawn_in(4), drawn_in(3, seed=6)]
    assert all(len(set(numbers)) == 3 for numbers in zip(first, *others, strict=True))
