"""Suppression of boxes against torchvision and cases computed by hand."""

from __future__ import annotations

from types import ModuleType

import pytest
import torch
from torch import Tensor
from torchvision.ops import batched_nms, box_iou, nms


def random_boxes(generator: torch.Generator, *, count: int = 200) -> tuple[Tensor, Tensor]:
    """Return boxes (count, 4) of up to 50 pixels that overlap much, and their scores."""
    boxes = torch.rand(count, 4, generator=generator) * 50
    boxes[:, 2:] += boxes[:, :2]
    return boxes, torch.rand(count, generator=generator)


@pytest.mark.parametrize('threshold', [0.3, 0.7])
def test_nms_keeps_what_torchvision_keeps(
    ops: ModuleType, generator: torch.Generator, device: str, threshold: float
) -> None:
    boxes, scores = (x.to(device) for x in random_boxes(generator))
    dets, kept = ops.nms(boxes, scores, threshold)
    assert 1 < len(kept) < len(boxes)
    assert torch.equal(kept, nms(boxes, scores, threshold))
    assert torch.equal(dets, torch.cat([boxes, scores[:, None]], dim=1)[kept])


@pytest.mark.parametrize('dtype', [torch.half, torch.bfloat16, torch.double])
def test_nms_takes_any_number_format(
    ops: ModuleType, generator: torch.Generator, device: str, dtype: torch.dtype
) -> None:
    boxes, scores = (x.to(device, dtype) for x in random_boxes(generator))
    _, kept = ops.nms(boxes, scores, 0.5)
    assert torch.equal(kept, nms(boxes.double(), scores.double(), 0.5))


def test_nms_offset_counts_the_last_pixel(ops: ModuleType, device: str) -> None:
    # 0..9 and 0..4 in x: overlap 45/90 = 0.5 without the last pixel, 60/110 = 0.545 with it
    boxes = torch.tensor([[0.0, 0, 10, 9], [0, 0, 5, 9]], device=device)
    scores = torch.tensor([0.9, 0.8], device=device)
    assert ops.nms(boxes, scores, 0.52, offset=0)[1].tolist() == [0, 1]
    assert ops.nms(boxes, scores, 0.52, offset=1)[1].tolist() == [0]


def test_nms_keeps_an_overlap_equal_to_the_threshold(ops: ModuleType, device: str) -> None:
    boxes = torch.tensor([[0.0, 0, 10, 10], [0, 0, 3, 10]], device=device)
    scores = torch.tensor([0.9, 0.8], device=device)
    assert ops.nms(boxes, scores, 0.3)[1].tolist() == [0, 1]
    assert ops.nms(boxes, scores, 0.299)[1].tolist() == [0]


def test_nms_of_no_boxes_is_empty(ops: ModuleType, device: str) -> None:
    boxes, scores = torch.zeros(0, 4, device=device), torch.zeros(0, device=device)
    dets, kept = ops.nms(boxes, scores, 0.5)
    assert dets.shape == (0, 5)
    assert kept.shape == (0,)
    assert ops.soft_nms(boxes, scores)[1].shape == (0,)
    assert ops.nms_match(dets, 0.5) == []


@pytest.mark.parametrize('split', [10000, 1], ids=['at once', 'class by class'])
def test_batched_nms_is_per_class(
    ops: ModuleType, generator: torch.Generator, device: str, split: int
) -> None:
    boxes, scores = (x.to(device) for x in random_boxes(generator))
    classes = torch.randint(0, 3, (len(boxes),), generator=generator).to(device)
    options = {'type': 'nms', 'iou_threshold': 0.5, 'split_thr': split}
    dets, kept = ops.batched_nms(boxes, scores, classes, options)
    assert torch.equal(kept, batched_nms(boxes, scores, classes, 0.5))
    assert torch.equal(dets[:, :4], boxes[kept])


def test_batched_nms_does_not_suppress_across_classes(ops: ModuleType, device: str) -> None:
    boxes = torch.tensor([[0.0, 0, 10, 10]] * 2, device=device)
    scores, classes = torch.tensor([0.9, 0.8], device=device), torch.arange(2, device=device)
    options = {'type': 'nms', 'iou_threshold': 0.5}
    assert len(ops.batched_nms(boxes, scores, classes, options)[1]) == 2
    assert len(ops.batched_nms(boxes, scores, classes, options, class_agnostic=True)[1]) == 1


def test_naive_soft_nms_is_nms(ops: ModuleType, generator: torch.Generator, device: str) -> None:
    boxes, scores = (x.to(device) for x in random_boxes(generator))
    dets, kept = ops.soft_nms(boxes, scores, 0.5, method='naive')
    assert kept.device == boxes.device
    assert torch.equal(kept, nms(boxes, scores, 0.5))
    assert torch.equal(dets, torch.cat([boxes, scores[:, None]], dim=1)[kept])


# overlap of the third box with the best one: 6/10, and exp(-0.6^2) = 0.69768
@pytest.mark.parametrize(('method', 'factor'), [('linear', 0.4), ('gaussian', 0.69768)])
def test_soft_nms_lowers_scores_by_the_overlap(
    ops: ModuleType, device: str, method: str, factor: float
) -> None:
    boxes = torch.tensor([[0.0, 0, 10, 10], [10, 0, 20, 10], [0, 0, 6, 10]], device=device)
    scores = torch.tensor([0.9, 0.8, 0.7], device=device)
    dets, kept = ops.soft_nms(boxes, scores, 0.5, sigma=1.0, method=method, min_score=0.0)
    assert kept.tolist() == [0, 1, 2]
    assert dets[:, 4].tolist() == pytest.approx([0.9, 0.8, 0.7 * factor], rel=1e-4)


@pytest.mark.parametrize('method', ['linear', 'gaussian'])
@pytest.mark.parametrize('offset', [0, 1])
def test_soft_nms_agrees_with_a_loop_over_pairs(
    ops: ModuleType, generator: torch.Generator, method: str, offset: int
) -> None:
    boxes, scores = random_boxes(generator, count=40)
    dets, kept = ops.soft_nms(boxes, scores, 0.3, 0.5, 0.05, method, offset)
    places, lowered = soft_nms_by_pairs(boxes, scores, method, offset)
    assert kept.tolist() == places
    assert 1 < len(kept) < len(boxes)
    torch.testing.assert_close(dets[:, 4].tolist(), lowered, rtol=1e-4, atol=1e-6)


def soft_nms_by_pairs(
    boxes: Tensor, scores: Tensor, method: str, offset: int
) -> tuple[list[int], list[float]]:
    """Return the kept places and scores at threshold 0.3, sigma 0.5 and least score 0.05."""
    ends = boxes + torch.tensor([0, 0, offset, offset])
    overlaps = box_iou(ends, ends).tolist()
    left = dict(enumerate(scores.tolist()))
    kept: dict[int, float] = {}
    while left:
        best = max(left, key=lambda place: left[place])
        kept[best] = left.pop(best)
        for place in list(left):
            overlap = overlaps[best][place]
            if method == 'gaussian':
                left[place] *= 2.718281828459045 ** (-(overlap**2) / 0.5)
            elif overlap >= 0.3:
                left[place] *= 1 - overlap
            if left[place] < 0.05:
                del left[place]
    return list(kept), list(kept.values())


def test_soft_nms_survives_boxes_without_area(ops: ModuleType) -> None:
    boxes = torch.tensor([[4.0, 3, 5, 3], [4, 3, 5, 3], [3, 1, 3, 1]])
    dets, kept = ops.soft_nms(boxes, torch.tensor([0.9, 0.8, 0.0]), 0.6, method='gaussian')
    assert kept.tolist() == [0, 1]
    assert dets[:, 4].tolist() == pytest.approx([0.9, 0.8])


def test_nms_match_groups_by_the_box_that_suppresses(ops: ModuleType, device: str) -> None:
    dets = torch.tensor(
        [[0.0, 0, 6, 10, 0.5], [20, 0, 30, 10, 0.6], [0, 0, 10, 10, 0.9], [0, 0, 8, 10, 0.7]],
        device=device,
    )
    groups = [group.tolist() for group in ops.nms_match(dets, 0.6)]
    assert groups == [[2, 3, 0], [1]]  # the overlap 0.6 of the first box is enough
    assert [group.tolist() for group in ops.nms_match(dets, 0.9)] == [[2], [3], [1], [0]]


def test_nms_match_has_one_group_per_kept_box(ops: ModuleType, generator: torch.Generator) -> None:
    boxes, scores = random_boxes(generator)
    groups = ops.nms_match(torch.cat([boxes, scores[:, None]], dim=1), 0.5)
    assert [int(group[0]) for group in groups] == nms(boxes, scores, 0.5).tolist()
    assert torch.cat(groups).sort().values.tolist() == list(range(len(boxes)))
