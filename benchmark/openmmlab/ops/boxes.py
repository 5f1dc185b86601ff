"""Suppression of overlapping boxes, with the signatures of mmcv's extension."""

from __future__ import annotations

import numpy as np
import torch
import torchvision
from torch import Tensor

from benchmark.openmmlab.ops.precision import widen

_NAIVE, _LINEAR = 0, 1


def nms(boxes: Tensor, scores: Tensor, iou_threshold: float, offset: int) -> Tensor:
    """Return the indices of the boxes to keep, best score first.

    Args:
        boxes: (N, 4), as x1, y1, x2, y2 in pixels.
        scores: (N,).
        iou_threshold: boxes that overlap a better one by more than this are dropped.
        offset: 1 if a box ends at the far side of its last pixel (x2 - x1 + 1 wide), else 0.
    """
    boxes = widen(boxes)
    ends = boxes.new_tensor([0, 0, offset, offset])
    # mmcv compares in single precision, where an overlap of 0.3 is not above a threshold of 0.3
    threshold = float(np.float32(iou_threshold))
    kept: Tensor = torchvision.ops.nms(boxes + ends, scores.to(boxes), threshold)
    return kept


def softnms(
    boxes: Tensor,
    scores: Tensor,
    dets: Tensor,
    iou_threshold: float,
    sigma: float,
    min_score: float,
    method: int,
    offset: int,
) -> Tensor:
    """Return the indices of the boxes to keep and write them with lowered scores into ``dets``.

    Soft-NMS of Bodla et al., arXiv:1704.04503, greedily from the best remaining box.

    Args:
        boxes: (N, 4), as x1, y1, x2, y2 in pixels.
        scores: (N,).
        dets: (N, 5), filled with box and score for as many rows as are kept.
        iou_threshold: overlap from which the methods 0 and 1 lower a score.
        sigma: width of method 2.
        min_score: boxes whose score falls below this are dropped.
        method: 0 sets the score to zero, 1 lowers it linearly, 2 by a Gaussian of the overlap.
        offset: 1 if a box ends at the far side of its last pixel, else 0.
    """
    scores = scores.clone()
    remaining = torch.arange(len(boxes), device=boxes.device)
    kept: list[Tensor] = []
    while len(remaining):
        place = scores[remaining].argmax()
        best = remaining[place]
        dets[len(kept), :4], dets[len(kept), 4] = boxes[best], scores[best]
        kept.append(best)
        remaining = torch.cat([remaining[:place], remaining[place + 1 :]])
        overlap = _overlaps(boxes[best], boxes[remaining], offset=offset)
        scores[remaining] *= _decay(overlap, method, iou_threshold=iou_threshold, sigma=sigma)
        remaining = remaining[scores[remaining] >= min_score]
    return torch.stack(kept) if kept else remaining


def nms_match(dets: Tensor, iou_threshold: float) -> list[list[int]]:
    """Return groups of indices, each a kept box followed by those it suppresses, best first.

    Args:
        dets: (N, 5), as x1, y1, x2, y2 in pixels and the score.
        iou_threshold: overlap from which a box belongs to the group of a better one.
    """
    boxes = dets[:, :4]
    order = dets[:, 4].argsort(descending=True, stable=True)
    groups: list[list[int]] = []
    while len(order):
        best, rest = order[0], order[1:]
        joins = _overlaps(boxes[best], boxes[rest], offset=0) >= iou_threshold
        groups.append([int(best), *rest[joins].tolist()])
        order = rest[~joins]
    return groups


def _overlaps(box: Tensor, boxes: Tensor, *, offset: int) -> Tensor:
    """Return the intersection over union of one box (4,) with each of ``boxes`` (N, 4)."""
    top_left = torch.maximum(box[:2], boxes[:, :2])
    bottom_right = torch.minimum(box[2:], boxes[:, 2:])
    intersection = (bottom_right - top_left + offset).clamp(min=0).prod(dim=1)
    area = (box[2:] - box[:2] + offset).prod()
    areas = (boxes[:, 2:] - boxes[:, :2] + offset).prod(dim=1)
    # two boxes without area give 0/0
    return (intersection / (area + areas - intersection)).nan_to_num(nan=0.0)


def _decay(overlap: Tensor, method: int, *, iou_threshold: float, sigma: float) -> Tensor:
    """Return the factor (N,) for the scores of boxes with the given overlap (N,)."""
    if method == _NAIVE:
        return torch.where(overlap >= iou_threshold, 0.0, 1.0).to(overlap)
    if method == _LINEAR:
        return torch.where(overlap >= iou_threshold, 1 - overlap, 1.0)
    return torch.exp(-(overlap**2) / sigma)
