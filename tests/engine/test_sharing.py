"""What several processes draw for a shared batch, beside what one draws for the whole."""

from __future__ import annotations

import random
from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmcv.cnn.bricks import drop as mmcv_drop
from mmengine.dataset.utils import worker_init_fn
from mmengine.runner import set_random_seed
from timm.layers import DropPath
from torch import Tensor, nn
from torchvision.ops import StochasticDepth

from benchmark.engine.sharing import OwnDraws, WholeBatches, draw_for_all, own_share, seed_loader

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


def drawn(layer: Callable[[Tensor], Tensor], x: Tensor) -> tuple[Tensor, Tensor]:
    """Return the layer's output and the next random number, from one seed."""
    torch.manual_seed(3)
    return layer(x), torch.rand(1)


@pytest.mark.parametrize('layer', [make() for make in LAYERS.values()], ids=LAYERS)
def test_shares_of_a_batch_are_masked_as_the_whole(layer: nn.Module) -> None:
    x = torch.randn(IMAGES, 4, 5, 5)
    whole, after = drawn(layer, x)
    assert whole.eq(0).any()
    assert whole.ne(0).any()
    for rank, share in enumerate(SHARES):
        found, then = drawn(draw_for_all(layer, rank, COUNT), x[share])
        torch.testing.assert_close(found, whole[share])
        assert torch.equal(then, after)


def test_windows_of_an_image_are_masked_as_in_the_whole_batch() -> None:
    x = torch.randn(IMAGES * 4, 9, 8)  # four windows per image
    layer = nn.Dropout(0.5)
    whole, _ = drawn(layer, x)
    found, _ = drawn(draw_for_all(layer, 1, COUNT), x[SIZE * 4 : 2 * SIZE * 4])
    torch.testing.assert_close(found, whole[SIZE * 4 : 2 * SIZE * 4])


def test_a_layer_that_drops_nothing_draws_nothing() -> None:
    x = torch.randn(SIZE, 4)
    for layer in (nn.Dropout(0.5).eval(), DropPath(0.0)):
        before = torch.get_rng_state()
        assert torch.equal(draw_for_all(layer, 0, COUNT)(x), x)
        assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize('collate', ['default_collate', 'pseudo_collate'])
def test_shares_together_are_the_batch(collate: str) -> None:
    batch = [{'inputs': torch.tensor([number])} for number in range(IMAGES)]
    shares = [own_share(batch, collate=collate, rank=rank, count=COUNT) for rank in range(COUNT)]
    assert {type(share['inputs']) for share in shares} == {
        Tensor if collate == 'default_collate' else list
    }
    assert [int(i) for share in shares for i in share['inputs']] == list(range(IMAGES))


def test_workers_of_every_process_draw_as_those_of_one() -> None:
    def drawn_after(seed: Callable[[], None]) -> tuple[float, float, float]:
        seed()
        return random.random(), float(np.random.rand()), float(torch.rand(1))

    own = drawn_after(lambda: seed_loader(2, seed=5))
    assert own == drawn_after(lambda: worker_init_fn(2, num_workers=4, rank=0, seed=5))
    assert own != drawn_after(lambda: seed_loader(1, seed=5))


def test_every_process_follows_the_order_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def order(skipped: int = 0) -> list[int]:
        sampler = WholeBatches(range(10), seed=4)
        if skipped:
            sampler.skip(skipped)
        numbers = iter(sampler)
        return [next(numbers) for _ in range(25 - skipped)]

    alone = order()
    assert sorted(alone[:10]) == list(range(10))
    monkeypatch.setattr('mmengine.dataset.sampler.get_dist_info', lambda: (1, 2))
    assert order() == alone
    assert order(skipped=7) == alone[7:]


def test_processes_that_load_apart_draw_apart() -> None:
    def drawn_after(rank: int) -> tuple[float, float, float]:
        set_random_seed(5)
        OwnDraws().before_train(SimpleNamespace(rank=rank, seed=5))  # type: ignore[arg-type]
        return random.random(), float(np.random.rand()), float(torch.rand(1))

    set_random_seed(5)
    alone = random.random(), float(np.random.rand()), float(torch.rand(1))
    assert drawn_after(0) == alone
    others = [drawn_after(rank) for rank in (1, 2)]
    assert all(len(set(numbers)) == 3 for numbers in zip(alone, *others, strict=True))
