"""The response at every search cell, target score and box, and what it is trained towards."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.ops import box_convert, generalized_box_iou_loss

from benchmark.openmmlab.processes import mean_over_processes

_MAX_LOG_SIZE = 4.0
_PRIOR = 0.1

# SwinTrack's weights of the score's and the box's loss
_SCORE_WEIGHT = 1.5
_IOU_WEIGHT = 1.5

L1_WEIGHT = 5.0
"""OSTrack's weight of the distance of boxes, a term that SwinTrack does not have."""

_ALPHA, _GAMMA = 0.75, 2.0


class Response(NamedTuple):
    """Score logits (B, N) and boxes (B, N, 4) as corners in crop pixels, a row per cell."""

    logits: Tensor
    boxes: Tensor


class Cells:
    """The square grid of cells of a crop, in rows.

    Args:
        count: cells along a side.
        stride: side of a cell in crop pixels.
        reference: side in crop pixels of a square of the target's assumed area.
    """

    def __init__(self, *, count: int, stride: int, reference: float) -> None:
        self.side = count * stride
        self.reference = reference
        places = (torch.arange(count) + 0.5) * stride
        rows, columns = torch.meshgrid(places, places, indexing='ij')
        self.centres = torch.stack([columns.flatten(), rows.flatten()], dim=1)

    def encode(self, boxes: Tensor, shapes: Tensor) -> Tensor:
        """Return deltas (B, N, 4) of boxes (B, N, 4), corners in crop pixels: see decode."""
        centre, size = box_convert(boxes, 'xyxy', 'cxcywh').split(2, dim=-1)
        shift = (centre - self.centres.to(boxes)) / self.reference
        return torch.cat([shift, (size / self._prior(shapes)).log()], dim=-1)

    def decode(self, deltas: Tensor, shapes: Tensor) -> Tensor:
        """Return boxes (B, N, 4), corners in crop pixels, of deltas (B, N, 4).

        Zero deltas stand for a box at the cell's centre that has the aspect of ``shapes`` (B, 2),
        the target's width and height in the template, and the area that the crop was made for.
        """
        shift, size = deltas.split(2, dim=-1)
        centre = self.centres.to(deltas) + shift * self.reference
        sides = self._prior(shapes) * size.clamp(-_MAX_LOG_SIZE, _MAX_LOG_SIZE).exp()
        return box_convert(torch.cat([centre, sides], dim=-1), 'cxcywh', 'xyxy')

    def _prior(self, shapes: Tensor) -> Tensor:
        return self.reference * (shapes / shapes.prod(dim=1, keepdim=True).sqrt())[:, None]

    def inside(self, boxes: Tensor) -> Tensor:
        """Return (B, N): cells whose centre lies in the box (B, 4), and the one nearest its own."""
        centres = self.centres.to(boxes)[None]
        low, high = boxes[:, None, :2], boxes[:, None, 2:]
        within = ((centres > low) & (centres < high)).all(dim=2)
        nearest = (centres - (low + high) / 2).square().sum(dim=2).argmin(dim=1)
        return within | functional.one_hot(nearest, within.shape[1]).bool()


class ResponseHead(nn.Module):
    """Two perceptrons of three layers, for score and box; deltas start at zero.

    Args:
        width: channels of the tokens.
        cells: the grid that the tokens stand for.
    """

    def __init__(self, *, width: int, cells: Cells) -> None:
        super().__init__()
        self.cells = cells
        score, box = nn.Linear(width, 1), nn.Linear(width, 4)
        nn.init.constant_(score.bias, -math.log(1 / _PRIOR - 1))
        nn.init.zeros_(box.weight)
        nn.init.zeros_(box.bias)
        self.score = nn.Sequential(*_hidden(width), score)
        self.box = nn.Sequential(*_hidden(width), box)

    def forward(self, tokens: Tensor, shapes: Tensor) -> Response:
        """Return the response for tokens (B, N, width) and targets' width and height (B, 2)."""
        boxes = self.cells.decode(self.box(tokens), shapes)
        return Response(self.score(tokens).squeeze(2), boxes)


def _hidden(width: int) -> list[nn.Module]:
    return [nn.Linear(width, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU()]


def response_losses(
    response: Response, boxes: Tensor, cells: Cells, l1_weight: float = L1_WEIGHT
) -> dict[str, Tensor]:
    """Return the losses of a response against true boxes (B, 4), corners in crop pixels.

    Scores learn the overlap of their own box with the truth; boxes are learnt at the cells
    inside the truth, the more the higher their score (SwinTrack, arXiv 2112.00995, section 3.3).
    Without ``l1_weight`` the distance of boxes is no part of them.

    Args:
        response: scores and boxes of every cell.
        boxes: true boxes (B, 4), corners in crop pixels.
        cells: where the cells of the response are.
        l1_weight: weight of the distance of boxes; 0 leaves it out.
    """
    positive = cells.inside(boxes)
    truth = boxes[:, None].expand_as(response.boxes)
    overlap = box_overlap(response.boxes.detach(), truth)
    weight = response.logits.detach().sigmoid()[positive]
    weight = weight / mean_over_processes(weight.sum())
    found, wanted = response.boxes[positive], truth[positive]
    giou = generalized_box_iou_loss(found, wanted)
    score = varifocal_loss(response.logits, overlap * positive, positive)
    losses = {
        'loss_score': _SCORE_WEIGHT * score.sum() / mean_over_processes(positive.sum()),
        'loss_giou': _IOU_WEIGHT * (weight * giou).sum(),
    }
    if l1_weight:
        distance = box_convert(found, 'xyxy', 'cxcywh') - box_convert(wanted, 'xyxy', 'cxcywh')
        mean = (weight * distance.abs().mean(dim=1)).sum()
        losses['loss_l1'] = l1_weight * mean / cells.side
    return losses


def box_overlap(boxes: Tensor, others: Tensor) -> Tensor:
    """Return the intersection over union (...) of boxes and others (..., 4), pair by pair."""
    low = torch.maximum(boxes[..., :2], others[..., :2])
    high = torch.minimum(boxes[..., 2:], others[..., 2:])
    shared = (high - low).clamp(min=0).prod(dim=-1)
    areas = [(box[..., 2:] - box[..., :2]).prod(dim=-1) for box in (boxes, others)]
    return shared / (areas[0] + areas[1] - shared)


def varifocal_loss(logits: Tensor, quality: Tensor, positive: Tensor) -> Tensor:
    """Return the varifocal loss per cell (arXiv 2008.13367, equation 2); ``quality`` in 0 to 1."""
    doubt = _ALPHA * logits.detach().sigmoid() ** _GAMMA
    weight = torch.where(positive, quality, doubt)
    entropy = functional.binary_cross_entropy_with_logits(logits, quality, reduction='none')
    return weight * entropy
