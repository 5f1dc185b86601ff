"""The order of samples and what is drawn for each, over passes, processes, workers and skips."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from benchmark.kinds.common.order import SampleOrder, SeededSamples, Turn
from benchmark.openmmlab.randomness import seeds_of

COUNT = 10


class Drawing:
    """Ten samples, each with a number of every generator that transforms draw with."""

    metainfo = 'ten'

    def __len__(self) -> int:
        """Return the number of samples."""
        return COUNT

    def __getitem__(self, index: int) -> tuple[int, float, float, float]:
        """Return a sample."""
        return index, random.random(), float(np.random.rand()), float(torch.rand(1))


def turns(wanted: int, skipped: int = 0, seed: int = 4, **place: int) -> list[Turn]:
    order = SampleOrder(range(COUNT), seed=seed, **place)
    order.skip(skipped)
    return list(islice(iter(order), wanted))


def loaded(batch: int, workers: int, count: int = 12) -> list[Any]:
    """Return the first samples that a loader gives, one by one."""
    samples = SeededSamples(Drawing(), seed=4)
    loader = DataLoader(
        samples,
        batch,
        sampler=SampleOrder(samples, seed=4),
        num_workers=workers,
        collate_fn=list,
    )
    return list(islice((sample for part in loader for sample in part), count))


def test_every_pass_has_each_sample_once_in_an_order_of_its_own() -> None:
    found = turns(30)
    passes = [found[i : i + COUNT] for i in range(0, 30, COUNT)]
    for number, one in enumerate(passes):
        assert [turn.round for turn in one] == [number] * COUNT
        assert [turn.position for turn in one] == list(range(COUNT))
        assert sorted(turn.sample for turn in one) == list(range(COUNT))
    assert len({tuple(turn.sample for turn in one) for one in passes}) == 3
    assert turns(30, seed=5) != found


@pytest.mark.parametrize('skipped', [1, 7, 10, 23])
def test_skipping_goes_on_at_the_exact_sample(skipped: int) -> None:
    assert turns(30, skipped) == turns(30 + skipped)[skipped:]


@pytest.mark.parametrize('skipped', [0, 3, 4, 9])
def test_processes_together_follow_the_order_of_one(skipped: int) -> None:
    whole = turns(48)
    for rank in range(2):
        batches = [whole[i + 3 * rank : i + 3 * rank + 3] for i in range(0, 48, 6)]
        own = [turn for batch in batches for turn in batch]
        assert turns(24 - skipped, skipped, share=3, rank=rank, count=2) == own[skipped:]


def test_a_sample_looks_the_same_in_any_batch_and_from_any_worker() -> None:
    alone = loaded(batch=1, workers=0)
    # the eleventh sample shows, in another pass, one of the ten in another way
    assert len({sample[1:] for sample in alone}) == 12
    assert loaded(batch=4, workers=0) == alone
    assert loaded(batch=3, workers=2) == alone


def test_all_else_is_the_data_sets_own() -> None:
    samples = SeededSamples(Drawing(), seed=4)
    assert samples.metainfo == 'ten'
    assert len(samples) == COUNT
    random.seed(1)
    expected = random.random()
    random.seed(1)
    assert samples[3][:2] == (3, expected)
    assert not hasattr(samples, '__getitems__')


def test_seeds_of_neighbours_have_nothing_in_common() -> None:
    def every() -> Iterator[int]:
        for seed in range(10):
            for position in range(100):
                yield from seeds_of('sample', seed, 0, position)

    found = list(every())
    assert len(set(found)) == len(found)
    highest = [value.bit_length() for value in found]
    assert max(highest[::3]) == 64
    assert max(highest[1::3]) == 32
    assert max(highest[2::3]) == 63
