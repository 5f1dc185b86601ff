"""The classification loss for a long tail of classes (LVIS)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmark.errors import DataError
from benchmark.registry import DATASETS, MODELS


@MODELS.register_module()
class FederatedLoss(nn.Module):
    """Binary cross entropy over some of the classes (arXiv 2103.07461), as ViTDet trains LVIS.

    The classes of a batch's regions count, and others up to ``kept``, drawn with the root of the
    number of training pictures that they are in as weight. mmdet's box heads take it as
    ``loss_cls``; there is one logit per class and none for the background.

    Args:
        classes: their names, in the order of the logits, or the registered data set that has them.
        ann_file: training annotations, whose categories hold ``image_count``; read on first use.
        kept: how many classes count.

    Raises:
        DataError: the annotations cannot be read or do not count pictures per class.
    """

    # the interface of mmdet's box heads for a loss with its own outputs
    custom_cls_channels = custom_activation = custom_accuracy = True

    def __init__(self, *, classes: Sequence[str] | str, ann_file: str, kept: int = 50) -> None:
        super().__init__()
        if isinstance(classes, str):
            classes = DATASETS.get(classes).METAINFO['classes']
        self._names = tuple(classes)
        self._classes = len(self._names)
        self._ann_file = ann_file
        self._kept = kept
        self._weights: Tensor | None = None

    def get_cls_channels(self, num_classes: int) -> int:
        """Return the number of logits per region."""
        return num_classes

    def get_activation(self, cls_score: Tensor) -> Tensor:
        """Return scores (N, classes + 1) of logits (N, classes); the background's is 0."""
        scores = cls_score.sigmoid()
        return torch.cat([scores, scores.new_zeros(len(scores), 1)], dim=1)

    def get_accuracy(self, cls_score: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """Return the share in percent of regions with an object whose class scores highest."""
        has_object = labels < self._classes
        is_right = cls_score[has_object].argmax(dim=1) == labels[has_object]
        share = is_right.float().mean() if len(is_right) else cls_score.new_zeros(())
        return {'acc_classes': 100 * share}

    def forward(
        self,
        cls_score: Tensor,
        labels: Tensor,
        label_weights: Tensor | None = None,
        avg_factor: float | None = None,
        reduction_override: str | None = None,
    ) -> Tensor:
        """Return the loss summed over kept classes and regions, divided by the number of regions.

        Args:
            cls_score: logits (N, classes).
            labels: (N,), ``classes`` for the background.
            label_weights: (N,), 0 for regions that do not count.
            avg_factor: number of regions that count.
            reduction_override: unused, part of mmdet's interface.
        """
        target = functional.one_hot(labels, self._classes + 1)[:, :-1].to(cls_score)
        loss = functional.binary_cross_entropy_with_logits(cls_score, target, reduction='none')
        loss = loss * self.kept_classes(labels).to(loss)
        if label_weights is not None:
            loss = loss * label_weights[:, None]
        return loss.sum() / (avg_factor or len(labels))

    def kept_classes(self, labels: Tensor) -> Tensor:
        """Return which classes count (classes,) for regions with ``labels`` (N,)."""
        # the background takes a place among those that are kept, as in ViTDet's code
        there = torch.bincount(labels, minlength=self._classes + 1) > 0
        missing = self._kept - int(there.sum())
        weights = self._read_weights().to(labels.device) * ~there[:-1]
        missing = min(missing, int((weights > 0).sum()))
        if missing > 0:
            there[torch.multinomial(weights, missing)] = True
        return there[:-1]

    def _read_weights(self) -> Tensor:
        if self._weights is None:
            self._weights = torch.tensor(_image_counts(self._ann_file, self._names)).sqrt()
        return self._weights


def _image_counts(path: str, names: Sequence[str]) -> list[float]:
    """Return in how many pictures each class is; files may have them in any order, and twice."""
    counts: dict[str, float] = {}
    try:
        for category in json.loads(Path(path).read_bytes())['categories']:
            name, count = str(category['name']), float(category['image_count'])
            if counts.setdefault(name, count) != count:
                raise DataError(
                    f"{path}: category '{name}' is there with {counts[name]:g} and with {count:g} "
                    "pictures as its 'image_count'; keep the right one"
                )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{path}: not readable as annotations whose categories hold 'image_count' ({error!r})"
        ) from None
    if missing := [name for name in names if name not in counts]:
        raise DataError(
            f"{path}: no category is called '{missing[0]}', which the task declares as a class "
            f"({len(missing)} such); their 'image_count' is needed"
        )
    return [counts[name] for name in names]
