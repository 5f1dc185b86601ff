"""How LVIS is trained: pictures of rare classes come more often, few classes count in the loss."""

from __future__ import annotations

import json
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import torch

from benchmark.errors import DataError
from benchmark.openmmlab import prepare

prepare()

from benchmark.kinds.detection.lvis_data import RepeatFactors, repeat_factors  # noqa: E402
from benchmark.kinds.detection.lvis_loss import FederatedLoss  # noqa: E402


class Pictures:
    """A data set of which only the classes of its pictures are known."""

    def __init__(self, classes: list[set[int]]) -> None:
        self._classes = classes

    def __len__(self) -> int:
        return len(self._classes)

    def get_cat_ids(self, index: int) -> list[int]:
        return sorted(self._classes[index])


# class 0 is everywhere, class 1 in 1 of 100 pictures, class 2 in 16
CLASSES = [{0} | ({1} if i == 0 else set()) | ({2} if i % 6 == 1 and i < 96 else set())
           for i in range(100)]  # fmt: skip


def test_a_picture_comes_as_often_as_its_rarest_class_asks() -> None:
    factors = repeat_factors([*CLASSES, set()], threshold=0.04)
    # sqrt(0.04 / (1 / 101)) for the one picture, 1 for those above the threshold and for none
    assert factors[0] == pytest.approx((0.04 * 101) ** 0.5)
    assert factors[1:] == [1.0] * 100


def test_an_endless_order_holds_each_picture_in_proportion() -> None:
    sampler = RepeatFactors(Pictures(CLASSES), threshold=0.0625, seed=3)
    # sqrt(0.0625 / 0.01) = 2.5: 101.5 samples to a pass on average
    counts = Counter(turn.sample for turn in islice(iter(sampler), 101_500))
    assert counts[0] / 1000 == pytest.approx(2.5, abs=0.06)
    assert counts[50] / 1000 == pytest.approx(1.0, abs=0.01)


def test_it_continues_at_the_exact_picture() -> None:
    make = lambda: RepeatFactors(Pictures(CLASSES), threshold=0.0625, seed=3)  # noqa: E731
    whole = list(islice(iter(make()), 500))
    resumed = make()
    resumed.skip(123)
    assert list(islice(iter(resumed), 377)) == whole[123:]


NAMES = ('cat', 'dog', 'ant', 'bee', 'owl', 'emu')


@pytest.fixture
def annotations(tmp_path: Path) -> str:
    """Six classes, of which the last is in no picture; numbered in another order, one twice."""
    counts = dict(zip(NAMES, (4, 100, 1, 9, 25, 0), strict=True))
    categories = [
        {'id': i, 'name': name, 'image_count': counts[name]}
        for i, name in enumerate(['cat', *sorted(NAMES, key=lambda name: name[-1])])
    ]
    path = tmp_path / 'train.json'
    path.write_text(json.dumps({'categories': categories}))
    return str(path)


def test_the_loss_counts_the_classes_that_are_there_and_some_others(annotations: str) -> None:
    loss = FederatedLoss(classes=NAMES, ann_file=annotations, kept=3)
    torch.manual_seed(0)
    labels = torch.tensor([0, 6, 6, 0])
    drawn = Counter(tuple(loss.kept_classes(labels).nonzero().flatten().tolist())
                    for _ in range(2000))  # fmt: skip
    # class 0, the background, and one other by the root of its count: 10, 1, 3, 5 of 19
    assert set(drawn) == {(0, 1), (0, 2), (0, 3), (0, 4)}
    assert drawn[0, 1] / 2000 == pytest.approx(10 / 19, abs=0.04)
    assert drawn[0, 2] / 2000 == pytest.approx(1 / 19, abs=0.02)


def test_the_loss_by_hand(annotations: str) -> None:
    loss = FederatedLoss(classes=NAMES, ann_file=annotations, kept=2)
    logits = torch.zeros(4, 6)
    logits[0, 0] = 100.0
    # class 0 and the background fill both places: class 0 alone counts
    labels = torch.tensor([0, 6, 6, 0])
    found = loss(logits, labels, torch.ones(4), avg_factor=4.0)
    assert found.item() == pytest.approx(3 * 0.693147 / 4, rel=1e-5)
    ignored = loss(logits, labels, torch.tensor([1.0, 1.0, 1.0, 0.0]), avg_factor=3.0)
    assert ignored.item() == pytest.approx(2 * 0.693147 / 3, rel=1e-5)


def test_scores_are_sigmoids_and_the_background_has_none(annotations: str) -> None:
    loss = FederatedLoss(classes=NAMES, ann_file=annotations)
    assert loss.get_cls_channels(6) == 6
    scores = loss.get_activation(torch.zeros(2, 6))
    assert scores.tolist() == [[0.5] * 6 + [0.0]] * 2
    accuracy = loss.get_accuracy(torch.eye(6)[:2], torch.tensor([0, 6]))
    assert accuracy['acc_classes'].item() == 100.0


@pytest.mark.parametrize(
    ('categories', 'said'),
    [
        ([{'id': 1, 'name': 'cat'}], "not readable as annotations.*'image_count'"),
        ([{'id': 1, 'name': 'dog', 'image_count': 2}], "no category is called 'cat', which"),
        (
            [{'id': i, 'name': 'cat', 'image_count': i} for i in (2, 3)],
            "category 'cat' is there with 2 and with 3 pictures",
        ),
    ],
)
def test_annotations_without_counts_are_named(
    categories: list[dict[str, Any]], said: str, tmp_path: Path
) -> None:
    path = tmp_path / 'train.json'
    path.write_text(json.dumps({'categories': categories}))
    loss = FederatedLoss(classes=['cat'], ann_file=str(path))
    with pytest.raises(DataError, match=rf'train\.json: {said}'):
        loss(torch.zeros(1, 1), torch.tensor([0]))


def test_names_may_be_those_of_a_data_set() -> None:
    import benchmark.kinds.detection.lvis_data  # noqa: F401  (registers the data set)

    loss = FederatedLoss(classes='benchmark.LvisDataset', ann_file='none')
    assert loss.get_cls_channels(1203) == 1203
    assert loss.get_activation(torch.zeros(1, 1203)).shape == (1, 1204)
    assert loss._names[0] == 'aerosol_can'
