"""Views that are drawn once: the same in every pass, and different from each other."""

from __future__ import annotations

import pickle
import random

import numpy as np
import torch

from benchmark.kinds.common.views import FixedViews


class Drawing:
    """A data set of three samples that draws from all generators."""

    metainfo = 'about'

    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: int) -> tuple[float, ...]:
        return index, random.random(), np.random.rand(), float(torch.rand(()))

    def get_cat_ids(self, index: int) -> list[int]:
        return [index]


def test_a_view_is_the_same_whatever_was_drawn_before() -> None:
    views = FixedViews(Drawing(), 2)
    assert len(views) == 6
    random.seed(1)
    first = [views[i] for i in range(6)]
    random.seed(2)
    np.random.rand(7)
    assert [views[i] for i in reversed(range(6))] == first[::-1]
    assert [sample[0] for sample in first] == [0, 1, 2, 0, 1, 2]
    for drawn in zip(*first, strict=True):
        assert len(set(drawn)) == (3 if drawn[0] == 0 else 6)


def test_other_draws_go_on_as_if_no_view_had_been_drawn() -> None:
    def drawn() -> tuple[float, ...]:
        return random.random(), np.random.rand(), float(torch.rand(()))

    def start() -> None:
        random.seed(0)
        np.random.seed(0)
        torch.manual_seed(0)

    start()
    wanted = drawn()
    start()
    _ = FixedViews(Drawing(), 2)[4]
    assert drawn() == wanted


def test_the_rest_is_the_data_sets_own() -> None:
    views = pickle.loads(pickle.dumps(FixedViews(Drawing(), 2)))
    assert views.metainfo == 'about'
    assert views.get_cat_ids(5) == [2]
