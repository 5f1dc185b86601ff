"""What is predicted from features: targets, the slope of the loss, scores, the library's samples.

Targets of a cell are a weight and what its pixels say on average, so that the loss of a prediction
that is constant within the cell is that over its pixels.
"""

from __future__ import annotations

import abc
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from mmengine.structures import PixelData
from torch import Tensor
from torch.nn import functional

from benchmark.errors import DataError

_SMALLEST = 1e-6

Score = float | None
"""A trial's score on the slice that selects; ``None`` for one that diverged."""


class Targets(NamedTuple):
    """Weights (n,), from 0 to 1, and values (n, K) of pictures or cells."""

    weights: Tensor
    values: Tensor


class Tally(abc.ABC):
    """Scores every trial on samples that come bit by bit."""

    @abc.abstractmethod
    def add(self, outputs: Tensor, targets: Targets) -> None:
        """Take outputs (n, T, K) into account."""

    @abc.abstractmethod
    def scores(self) -> list[Score]:
        """Return the score of every trial."""


class Readout(abc.ABC):
    """What a kind predicts from frozen features.

    Attributes:
        is_dense: whether cells are predicted, or whole pictures.
        outputs: how many numbers K a prediction has.
        packed: numbers per picture or cell under which targets are stored.
        metric: what trials are scored by.
        higher_is_better: its direction.
    """

    is_dense: bool
    outputs: int
    packed: int
    metric: str
    higher_is_better: bool

    @abc.abstractmethod
    def pack(self, samples: Sequence[Any], size: tuple[int, int], stride: int) -> Tensor:
        """Return targets to be stored, (B, P) or (B, h, w, P), of samples of (H, W) pixels."""

    @abc.abstractmethod
    def unpack(self, packed: Tensor) -> Targets:
        """Return the targets of stored ones (n, P)."""

    @abc.abstractmethod
    def gradient(self, outputs: Tensor, targets: Targets) -> Tensor:
        """Return the slope of each trial's mean loss in its outputs (n, T, K)."""

    @abc.abstractmethod
    def tally(self, trials: int) -> Tally:
        """Return a fresh tally of the given number of trials."""

    @abc.abstractmethod
    def predict(self, outputs: Tensor, sample: Any, *, stride: int, is_vote: bool) -> None:
        """Write the prediction from outputs, (K,) or (h, w, K), into the library's ``sample``.

        ``is_vote`` is true if they are mean values of neighbours, not outputs of a head.

        Args:
            outputs: outputs of a head, or mean values of neighbours.
            sample: the library's data sample, changed in place.
            stride: pixels per cell of the map.
            is_vote: whether the outputs are mean values of neighbours.
        """


class _ClassReadout(Readout):
    """One of K classes, per picture or cell; a cell's classes share it."""

    metric = 'accuracy'
    higher_is_better = True

    def gradient(self, outputs: Tensor, targets: Targets) -> Tensor:
        """Return the slope of the cross-entropy, averaged over labelled pixels."""
        weights = targets.weights[:, None, None]
        slope = weights * outputs.softmax(dim=2) - targets.values[:, None]
        return slope / targets.weights.sum().clamp_min(_SMALLEST)


class Labels(_ClassReadout):
    """The class of a picture (mmpretrain).

    Args:
        classes: how many.
    """

    is_dense = False
    packed = 1

    def __init__(self, *, classes: int) -> None:
        self.outputs = classes

    def pack(self, samples: Sequence[Any], size: tuple[int, int], stride: int) -> Tensor:
        """Return labels (B, 1)."""
        return torch.stack([sample.gt_label.view(1) for sample in samples])

    def unpack(self, packed: Tensor) -> Targets:
        """Return weights of 1 and one-hot classes."""
        values = functional.one_hot(packed[:, 0].long(), self.outputs).float()
        return Targets(torch.ones(len(values), device=values.device), values)

    def tally(self, trials: int) -> Tally:
        """Return the accuracy's tally, in percent."""
        return _Accuracy(trials)

    def predict(self, outputs: Tensor, sample: Any, *, stride: int, is_vote: bool) -> None:
        """Set the predicted label and the score of every class."""
        scores = outputs if is_vote else outputs.softmax(dim=0)
        sample.set_pred_score(scores).set_pred_label(scores.argmax())


class _Accuracy(Tally):
    def __init__(self, trials: int) -> None:
        self._hits = torch.zeros(trials, dtype=torch.float64)
        self._is_finite = torch.ones(trials, dtype=torch.bool)
        self._count = 0

    def add(self, outputs: Tensor, targets: Targets) -> None:
        true = targets.values.argmax(dim=1)[:, None]
        self._hits += (outputs.argmax(dim=2) == true).sum(dim=0).cpu()
        self._is_finite &= outputs.isfinite().all(dim=2).all(dim=0).cpu()
        self._count += len(outputs)

    def scores(self) -> list[Score]:
        found = (100 * self._hits / self._count).tolist()
        return [s if ok else None for s, ok in zip(found, self._is_finite.tolist(), strict=True)]


class LabelMaps(_ClassReadout):
    """The class of every pixel (mmseg).

    Args:
        classes: how many.
        ignore: label of pixels that do not count.
    """

    is_dense = True
    metric = 'mIoU'

    def __init__(self, *, classes: int, ignore: int) -> None:
        self.outputs = self.packed = classes
        self._ignore = ignore

    def pack(self, samples: Sequence[Any], size: tuple[int, int], stride: int) -> Tensor:
        """Return the share of each class in each cell (B, h, w, K), without unlabelled pixels.

        Raises:
            DataError: a label is not the number of a class.
        """
        labels = torch.stack([sample.gt_sem_seg.data[0] for sample in samples]).long()
        is_known = labels != self._ignore
        if (worst := int(labels.masked_fill(~is_known, -1).max())) >= self.outputs:
            raise DataError(
                f'a label map contains {worst}, but the task has {self.outputs} classes'
            )
        return _shares(labels, is_known, self.outputs, stride)

    def unpack(self, packed: Tensor) -> Targets:
        """Return the labelled share of cells, and the shares of the classes."""
        values = packed.float()
        return Targets(values.sum(dim=1), values)

    def tally(self, trials: int) -> Tally:
        """Return the tally of the mean IoU in percent, over classes that occur."""
        return _MeanIoU(trials, self.outputs)

    def predict(self, outputs: Tensor, sample: Any, *, stride: int, is_vote: bool) -> None:
        """Set the label of every pixel at the picture's size on disk."""
        logits = _at_original_size(outputs, sample, stride)
        sample.pred_sem_seg = PixelData(data=logits.argmax(dim=0, keepdim=True))


class _MeanIoU(Tally):
    def __init__(self, trials: int, classes: int) -> None:
        self._confusion = torch.zeros(trials, classes, classes, dtype=torch.float64)
        self._is_finite = torch.ones(trials, dtype=torch.bool)

    def add(self, outputs: Tensor, targets: Targets) -> None:
        predicted = functional.one_hot(outputs.argmax(dim=2), outputs.shape[2]).float()
        self._confusion += torch.einsum('ntp,nk->tkp', predicted, targets.values).cpu()
        self._is_finite &= outputs.isfinite().all(dim=2).all(dim=0).cpu()

    def scores(self) -> list[Score]:
        hits = self._confusion.diagonal(dim1=1, dim2=2)
        union = self._confusion.sum(dim=1) + self._confusion.sum(dim=2) - hits
        means = [float((h / u)[u > 0].mean()) for h, u in zip(hits, union, strict=True)]
        finite = self._is_finite.tolist()
        return [100 * m if ok else None for m, ok in zip(means, finite, strict=True)]


class DepthMaps(Readout):
    """The depth of every pixel (mmseg), predicted as its logarithm.

    Args:
        near: nearest depth that counts, in metres.
        far: farthest one.
        middle: what an untrained head predicts, in metres.
    """

    is_dense = True
    outputs = 1
    packed = 2
    metric = 'rmse'
    higher_is_better = False

    def __init__(self, *, near: float, far: float, middle: float) -> None:
        self._range = (near, far)
        self._middle = math.log(middle)

    def pack(self, samples: Sequence[Any], size: tuple[int, int], stride: int) -> Tensor:
        """Return the labelled share and the mean logarithm of each cell (B, h, w, 2)."""
        depth = torch.stack([sample.gt_depth_map.data[0] for sample in samples]).float()
        is_known = ((depth >= self._range[0]) & (depth <= self._range[1])).float()
        logarithm = (depth.clamp(*self._range).log() - self._middle) * is_known
        share, total = _average_pool(torch.stack([is_known, logarithm], dim=-1), stride).unbind(-1)
        return torch.stack([share, total / share.clamp_min(_SMALLEST)], dim=-1)

    def unpack(self, packed: Tensor) -> Targets:
        """Return the labelled share of cells, and their logarithmic depth from the middle."""
        return Targets(packed[:, 0].float(), packed[:, 1:].float())

    def gradient(self, outputs: Tensor, targets: Targets) -> Tensor:
        """Return the slope of half the mean squared error of the logarithm."""
        slope = targets.weights[:, None, None] * (outputs - targets.values[:, None])
        return slope / targets.weights.sum().clamp_min(_SMALLEST)

    def tally(self, trials: int) -> Tally:
        """Return the tally of the root of the mean squared error, in metres."""
        return _RootMeanSquare(trials, self)

    def metres(self, outputs: Tensor) -> Tensor:
        """Return outputs as depth in metres within the range that counts."""
        # clamped first: the exponential of a head that diverges has no end
        low, high = (math.log(end) - self._middle for end in self._range)
        return (outputs.clamp(low, high) + self._middle).exp()

    def predict(self, outputs: Tensor, sample: Any, *, stride: int, is_vote: bool) -> None:
        """Set the depth of every pixel at the picture's size on disk."""
        sample.pred_depth_map = PixelData(
            data=self.metres(_at_original_size(outputs, sample, stride))
        )


class _RootMeanSquare(Tally):
    def __init__(self, trials: int, readout: DepthMaps) -> None:
        self._readout = readout
        self._squares = torch.zeros(trials, dtype=torch.float64)
        self._weight = 0.0

    def add(self, outputs: Tensor, targets: Targets) -> None:
        gap = self._readout.metres(outputs) - self._readout.metres(targets.values)[:, None]
        self._squares += (targets.weights[:, None, None] * gap.square()).sum(dim=(0, 2)).cpu()
        self._weight += float(targets.weights.sum())

    def scores(self) -> list[Score]:
        found = (self._squares / max(self._weight, _SMALLEST)).sqrt().tolist()
        return [score if math.isfinite(score) else None for score in found]


def _shares(labels: Tensor, is_known: Tensor, classes: int, stride: int) -> Tensor:
    """Return the share of every class in cells (B, h, w, K) of label maps (B, H, W)."""
    count, height, width = labels.shape
    rows, columns = -(-height // stride), -(-width // stride)
    # counted, since one-hot maps of many classes would not fit into memory
    row = torch.arange(height, device=labels.device)[:, None] // stride
    column = torch.arange(width, device=labels.device) // stride
    cell = torch.arange(count, device=labels.device)[:, None, None] * rows * columns
    place = ((cell + row * columns + column) * classes + labels)[is_known]
    total = torch.bincount(place, minlength=count * rows * columns * classes)
    return total.view(count, rows, columns, classes).float() / stride**2


def _average_pool(pixels: Tensor, stride: int) -> Tensor:
    """Return values of pixels (B, H, W, P) averaged over cells (B, ceil(H/s), ceil(W/s), P)."""
    height, width = pixels.shape[1:3]
    moved = pixels.float().permute(0, 3, 1, 2)
    padded = functional.pad(moved, (0, -width % stride, 0, -height % stride))
    return functional.avg_pool2d(padded, stride).permute(0, 2, 3, 1)


def _at_original_size(outputs: Tensor, sample: Any, stride: int) -> Tensor:
    """Return outputs of cells (h, w, K) as (K, H, W) at the picture's size on disk."""
    height, width = (side * stride for side in outputs.shape[:2])
    cells = outputs.permute(2, 0, 1)[None]
    whole = functional.interpolate(cells, size=(height, width), mode='bilinear')
    rows, columns = sample.img_shape[:2]
    shape = sample.ori_shape[:2]
    return functional.interpolate(whole[..., :rows, :columns], size=shape, mode='bilinear')[0]
