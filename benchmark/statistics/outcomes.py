"""What a metric is made of, one test example at a time, so that it can be computed again.

Each form holds arrays with one row per example (a picture, a sequence), computes its metric from
weights of the examples, and says how much each example moves it. With all weights 1 the metric is
that of the record.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from benchmark.statistics.aggregates import Array

RECALLS = np.linspace(0.0, 1.0, 101)
"""Recalls at which COCO samples precision."""

_ELEVEN = np.linspace(0, 1, 11)


class Form(Protocol):
    """How a metric follows from its examples."""

    @property
    def count(self) -> int:
        """The number of examples."""

    def value(self, weights: Array | None = None) -> float:
        """Return the metric with ``weights`` (examples,); all 1 unless given."""

    def influence(self, groups: NDArray[np.intp]) -> Array:
        """Return how far each group of examples pulls the metric, mean 0, shape (groups,).

        ``groups`` (examples,) numbers the groups from 0. The sample variance of the result over
        the number of groups estimates the variance of the metric over other test examples.
        """


@dataclass(frozen=True)
class Ratios:
    """The mean over columns of a ratio of sums: accuracies, IoU, errors.

    Attributes:
        hits: what is summed above the line, (examples,) or (examples, columns).
        of: what is summed below it, of the same shape; 1 for each example where empty.
        scale: factor of the result.
        is_root: whether the square root of the mean is the metric.
        counts_empty: whether a column with nothing below the line counts as 0; it is left out
            otherwise.
    """

    name: ClassVar[str] = 'ratios'
    hits: NDArray[Any]
    of: NDArray[Any] = field(default_factory=lambda: np.zeros(0, np.uint8))
    scale: float = 1.0
    is_root: bool = False
    counts_empty: bool = False

    @property
    def count(self) -> int:
        """The number of examples."""
        return len(self.hits)

    def _parts(self) -> tuple[Array, Array]:
        """Return both parts as (examples, columns)."""
        above = self.hits.reshape(self.count, -1).astype(np.float64)
        below = self.of if self.of.size else np.ones(self.count)
        return above, np.broadcast_to(below.reshape(self.count, -1), above.shape)

    def value(self, weights: Array | None = None) -> float:
        """Return the metric with ``weights`` (examples,); all 1 unless given."""
        above, below = (
            part.sum(axis=0, dtype=np.float64) if weights is None else weights @ part
            for part in self._parts()
        )
        filled = below > 0
        if not filled.any():
            return 0.0 if self.counts_empty else float('nan')
        shares = np.zeros(len(above)) if self.counts_empty else above[filled]
        if self.counts_empty:
            shares[filled] = above[filled] / below[filled]
        else:
            shares = shares / below[filled]
        found = float(shares.mean())
        return self.scale * (max(found, 0.0) ** 0.5 if self.is_root else found)

    def influence(self, groups: NDArray[np.intp]) -> Array:
        """Return how far each group pulls the metric, leaving one out at a time, (groups,)."""
        count = int(groups.max()) + 1
        above, below = (_sum_groups(part, groups, count) for part in self._parts())
        # what is left of every column without each group, (groups, columns)
        above, below = above.sum(axis=0) - above, below.sum(axis=0) - below
        filled = below > 0
        shares = np.divide(above, below, out=np.zeros_like(above), where=filled)
        columns = np.full(count, shares.shape[1]) if self.counts_empty else filled.sum(axis=1)
        drawn = shares.sum(axis=1) / np.maximum(columns, 1)
        if self.is_root:
            drawn = np.sqrt(np.maximum(drawn, 0.0))
        return _pulls(self.scale * drawn)


def _sum_groups(part: Array, groups: NDArray[np.intp], count: int) -> Array:
    """Return the sums of (examples, columns) over groups, (groups, columns)."""
    found = np.zeros((count, part.shape[1]))
    np.add.at(found, groups, part)
    return found


def _pulls(drawn: Array) -> Array:
    """Return the jackknife's influence of groups from the metric without each, mean 0."""
    # a group without which nothing is left to score moves nothing
    middle = float(np.nanmean(drawn)) if np.isfinite(drawn).any() else 0.0
    return np.asarray(np.nan_to_num((len(drawn) - 1) * (middle - drawn)), np.float64)


@dataclass(frozen=True)
class ByClass:
    """The mean over the classes that occur of the share of their examples that are right.

    Attributes:
        hits: (examples,) whether an example is right.
        labels: (examples,) its class.
        scale: factor of the result.
    """

    name: ClassVar[str] = 'by class'
    hits: NDArray[Any]
    labels: NDArray[Any]
    scale: float = 1.0

    @property
    def count(self) -> int:
        """The number of examples."""
        return len(self.hits)

    def _ratios(self) -> Ratios:
        present, column = np.unique(self.labels, return_inverse=True)
        of = np.zeros((self.count, len(present)))
        of[np.arange(self.count), column] = 1
        return Ratios(of * self.hits[:, None], of, self.scale)

    def value(self, weights: Array | None = None) -> float:
        """Return the metric with ``weights`` (examples,); all 1 unless given."""
        return self._ratios().value(weights)

    def influence(self, groups: NDArray[np.intp]) -> Array:
        """Return how far each group pulls the metric, shape (groups,)."""
        return self._ratios().influence(groups)


@dataclass(frozen=True)
class Precision:
    """Average precision of detections, by the rule of COCO or of VOC 2007.

    A row of the table is a detection of a class in an example, classes one after the other and
    the surest first within a class. Detections after the last right one of a class change
    nothing and are left out (:func:`without_tail`).

    Attributes:
        example: (detections,) the example that each belongs to.
        label: (detections,) its class, a column of ``wanted``.
        right: (detections,) bits, one per overlap: whether it is right.
        ignored: (detections,) bits, one per overlap: whether it does not count.
        wanted: (objects, 3) example, class and how many objects are to be found there.
        examples: how many there are.
        overlaps: at how many overlaps the bits are.
        first: the first overlap that counts.
        last: the one after the last that counts.
        is_voc: whether precision is sampled at 11 recalls, as in VOC 2007.
    """

    name: ClassVar[str] = 'precision'
    example: NDArray[Any]
    label: NDArray[Any]
    right: NDArray[Any]
    ignored: NDArray[Any]
    wanted: NDArray[Any]
    examples: int
    overlaps: int = 10
    first: int = 0
    last: int = 10
    is_voc: bool = False

    @property
    def count(self) -> int:
        """The number of examples."""
        return self.examples

    def value(self, weights: Array | None = None) -> float:
        """Return the metric with ``weights`` (examples,); all 1 unless given."""
        return _weighed(self._tables(), np.ones(self.examples) if weights is None else weights)

    def influence(self, groups: NDArray[np.intp]) -> Array:
        """Return how far each group pulls the metric, leaving one out at a time, (groups,)."""
        tables, count = self._tables(), int(groups.max()) + 1
        return left_out(lambda w: _weighed(tables, w), groups, count)

    def _tables(self) -> list[_Table]:
        shifts = np.arange(self.first, self.last)[:, None]
        right = (self.right[None].astype(np.int64) >> shifts) & 1 == 1
        counted = (self.ignored[None].astype(np.int64) >> shifts) & 1 == 0
        tables = []
        for label in np.unique(self.wanted[:, 1]):
            rows, there = self.label == label, self.wanted[:, 1] == label
            tables.append(
                _Table(
                    self.example[rows].astype(np.intp),
                    (right & counted)[:, rows],
                    (~right & counted)[:, rows],
                    self.wanted[there, 0].astype(np.intp),
                    self.wanted[there, 2].astype(np.float64),
                    self.is_voc,
                )
            )
        return tables


@dataclass(frozen=True)
class _Table:
    """The detections of a class: their examples, right and wrong (overlaps, n), objects wanted."""

    example: NDArray[np.intp]
    right: NDArray[np.bool_]
    wrong: NDArray[np.bool_]
    places: NDArray[np.intp]
    wanted: Array
    is_voc: bool

    def precision(self, weights: Array) -> float | None:
        """Return the mean over overlaps of average precision; ``None`` where nothing is wanted."""
        wanted = float(weights[self.places] @ self.wanted)
        if wanted <= 0:
            return None
        each = weights[self.example]
        right, wrong = (np.cumsum(part * each, axis=1) for part in (self.right, self.wrong))
        if self.is_voc:
            return _eleven_points(right / np.maximum(right + wrong, 1e-12), right / wanted)
        precision = right / (wrong + right + np.spacing(1))
        return _sampled(precision, right / wanted)


def _sampled(precision: Array, recall: Array) -> float:
    """Return the mean of COCO's precisions at 101 recalls; both are (overlaps, detections)."""
    envelope = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    padded = np.concatenate([envelope, np.zeros((len(envelope), 1))], axis=1)
    total = 0.0
    for line, reached in zip(padded, recall, strict=True):
        total += float(line[np.searchsorted(reached, RECALLS, side='left')].mean())
    return total / len(precision)


def _eleven_points(precision: Array, recall: Array) -> float:
    """Return the mean of the best precisions at a recall of at least 0, 0.1 ... 1 (VOC 2007)."""
    best = [np.where(recall >= level, precision, 0.0).max(axis=1, initial=0.0) for level in _ELEVEN]
    return float(np.mean(best))


def _weighed(tables: list[_Table], weights: Array) -> float:
    found = [value for table in tables if (value := table.precision(weights)) is not None]
    return float(np.mean(found)) if found else float('nan')


def without_tail(label: NDArray[Any], right: NDArray[Any], ignored: NDArray[Any]) -> NDArray[Any]:
    """Return (detections,) which of them can change an average precision, whatever the weights.

    What comes after the last right detection of a class lowers precision at a recall that was
    reached before, and the best precision counts.
    """
    counts = (right & ~ignored) != 0
    kept = np.zeros(len(label), bool)
    for one in np.unique(label):
        places = np.flatnonzero(label == one)
        hits = np.flatnonzero(counts[places])
        kept[places[: hits[-1] + 1 if hits.size else 0]] = True
    return kept


@dataclass(frozen=True)
class Rankings:
    """The mean over classes of the average precision of pictures ranked by their scores.

    Attributes:
        scores: (examples, classes).
        truth: (examples, classes) 1 where a picture shows the class, 0 where not, -1 where it
            does not count.
        is_voc: whether precision is sampled at 11 recalls, as in VOC 2007.
        scale: factor of the result.
    """

    name: ClassVar[str] = 'rankings'
    scores: NDArray[Any]
    truth: NDArray[Any]
    is_voc: bool = False
    scale: float = 1.0

    @property
    def count(self) -> int:
        """The number of examples."""
        return len(self.scores)

    def value(self, weights: Array | None = None) -> float:
        """Return the metric with ``weights`` (examples,); all 1 unless given."""
        return self._weighed(self._orders(), np.ones(self.count) if weights is None else weights)

    def influence(self, groups: NDArray[np.intp]) -> Array:
        """Return how far each group pulls the metric, leaving one out at a time, (groups,)."""
        orders, count = self._orders(), int(groups.max()) + 1
        return left_out(lambda w: self._weighed(orders, w), groups, count)

    def _orders(self) -> list[tuple[NDArray[np.intp], NDArray[np.bool_]]]:
        """Return for each class the examples that count, the surest first, and which show it."""
        orders = []
        for scores, truth in zip(self.scores.T, self.truth.T, strict=True):
            counted = np.flatnonzero(truth >= 0)
            order = counted[np.argsort(-scores[counted], kind='stable')]
            orders.append((order, truth[order] == 1))
        return orders

    def _weighed(
        self, orders: list[tuple[NDArray[np.intp], NDArray[np.bool_]]], weights: Array
    ) -> float:
        found = []
        for order, shown in orders:
            each = weights[order]
            hit = np.cumsum(each * shown)
            if not len(hit) or hit[-1] <= 0:
                continue
            precision, recall = hit / np.maximum(np.cumsum(each), 1e-12), hit / hit[-1]
            if self.is_voc:
                found.append(_eleven_points(precision[None], recall[None]))
            else:
                envelope = np.maximum.accumulate(precision[::-1])[::-1]
                found.append(float((np.diff(recall, prepend=0.0) * envelope).sum()))
        return self.scale * float(np.mean(found)) if found else float('nan')


@dataclass(frozen=True)
class Association:
    """HOTA or its association accuracy, the mean over thresholds of localisation.

    Attributes:
        right: (sequences, thresholds) matched detections.
        missed: (sequences, thresholds) objects without a detection.
        extra: (sequences, thresholds) detections without an object.
        accuracy: (sequences, thresholds) association accuracy of each sequence.
        with_detection: whether the geometric mean with detection accuracy is the metric (HOTA).
    """

    name: ClassVar[str] = 'association'
    right: NDArray[Any]
    missed: NDArray[Any]
    extra: NDArray[Any]
    accuracy: NDArray[Any]
    with_detection: bool = True

    @property
    def count(self) -> int:
        """The number of sequences."""
        return len(self.right)

    def value(self, weights: Array | None = None) -> float:
        """Return the metric with ``weights`` (sequences,); all 1 unless given."""
        each = np.ones(self.count) if weights is None else weights
        right, missed, extra = (each @ part for part in (self.right, self.missed, self.extra))
        accuracy = (each @ (self.accuracy * self.right)) / np.maximum(1.0, right)
        if not self.with_detection:
            return float(accuracy.mean())
        detection = right / np.maximum(1.0, right + missed + extra)
        return float(np.sqrt(detection * accuracy).mean())

    def influence(self, groups: NDArray[np.intp]) -> Array:
        """Return how far each group pulls the metric, leaving one out at a time, (groups,)."""
        return left_out(self.value, groups, int(groups.max()) + 1)


FORMS: Mapping[str, type[Any]] = {
    form.name: form for form in (Ratios, ByClass, Precision, Rankings, Association)
}
"""The forms by the name under which files hold them."""


def arrays_of(form: Any) -> dict[str, NDArray[Any]]:
    """Return the arrays of a form by field."""
    found = {item.name: getattr(form, item.name) for item in fields(form)}
    return {key: value for key, value in found.items() if isinstance(value, np.ndarray)}


def left_out(value: Callable[[Array], float], groups: NDArray[np.intp], count: int) -> Array:
    """Return the jackknife's influence of each of ``count`` groups on a value, mean 0."""
    drawn = np.empty(count)
    for group in range(count):
        drawn[group] = value((groups != group).astype(np.float64))
    return _pulls(drawn)
