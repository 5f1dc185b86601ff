"""Loss curves of detection: how fast classification and localisation are learned.

Reads records only; nothing is trained and no torch is needed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from benchmark.analysis.drawing import COLOURS, grid_of_axes
from benchmark.analysis.findings import Finding
from benchmark.errors import BenchmarkError
from benchmark.report.data.analyses import KeyNumbers
from benchmark.results.counting import counted_records
from benchmark.results.records import RunRecord

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = npt.NDArray[np.float64]

TERMS = {'loss_cls': 'classification loss', 'loss_bbox': 'box loss'}
"""The terms of the second stage's box head, as mmdet names them."""

_LAST = 0.1
"""Share of a training over which its final loss is averaged."""

_CAPTION = (
    'Classification loss and box loss of the detector during training, with one column per task '
    'and protocol: the mean over seeds, and a band of one standard deviation. The box loss is '
    'divided by the number of all sampled regions, of which few contain an object at first: it '
    'starts low although no boxes are found yet, and rises as more of them are. Comparing how '
    'fast two curves fall is meaningful only where both do fall: the faster one then localises '
    '(box loss) or recognises (classification loss) more readily.'
)


_WARM_UP = 0.1
"""Share of a training that is passed over before it is asked whether a loss falls."""


class Ends(NamedTuple):
    """A loss after the warm-up and at the end, each the mean over a tenth of the training."""

    early: float
    late: float


def ends_of(curve: Sequence[float] | Array) -> Ends:
    """Return both ends of ``curve``, equally spaced losses over a training, at least one."""
    width = max(1, round(_LAST * len(curve)))
    start = min(round(_WARM_UP * len(curve)), len(curve) - width)
    return Ends(float(np.mean(curve[start : start + width])), float(np.mean(curve[-width:])))


class LossCell(NamedTuple):
    """The runs of a backbone on a task under a protocol: curves by term, (seeds, points)."""

    task: str
    protocol: str
    backbone: str
    family: str
    iterations: Array
    curves: Mapping[str, Array]


def analyse(records: Iterable[RunRecord], *, backbones: Sequence[str] = ()) -> Finding:
    """Return the loss curves of the detection runs among ``records``.

    Args:
        records: of a suite; failed ones and other kinds are passed over.
        backbones: ids to show; all where none is named.

    Raises:
        BenchmarkError: there is no finished detection run, or a named backbone has none.
    """
    found = [
        r
        for r in counted_records(records)
        if r.is_ok and r.task.get('kind') == 'detection' and r.curves
    ]
    known = sorted({record.spec.backbone for record in found})
    for name in backbones:
        if name not in known:
            raise BenchmarkError(
                f"losses: no finished detection run of '{name}' (there are: "
                f'{", ".join(known) or "none"})'
            )
    if not found:
        raise BenchmarkError('losses: no finished detection run among the records')
    cells = _cells(r for r in found if not backbones or r.spec.backbone in backbones)
    summary = [_summary(cell) for cell in cells]
    return Finding(
        analysis='losses',
        key_numbers=_key_numbers(summary),
        title='How fast detectors learn to classify and to localise',
        caption=_CAPTION,
        rows=tuple(row for cell in cells for row in _rows(cell)),
        facts={'terms': TERMS, 'final_share': _LAST, 'summary': summary},
        draw=partial(_draw, cells),
        subjects=tuple(_subjects(found, {cell.backbone for cell in cells})),
    )


def _key_numbers(summary: Sequence[Mapping[str, Any]]) -> KeyNumbers:
    """Return the mean and the last value of each loss term, by backbone and task."""
    keys = [f'{term}_{when}' for term in TERMS for when in ('mean', 'final')]
    titles = [f'{title}, {when}' for title in TERMS.values() for when in ('mean', 'at the end')]
    rows = (
        (f'{cell["backbone"]}, {cell["task"]}', tuple(cell.get(key) for key in keys))
        for cell in summary
    )
    return KeyNumbers('backbone, task', tuple(titles), tuple(rows))


def _cells(records: Iterable[RunRecord]) -> list[LossCell]:
    groups: dict[tuple[str, str, str], list[RunRecord]] = defaultdict(list)
    for record in records:
        groups[record.spec.task, record.spec.protocol, record.spec.backbone].append(record)
    return [_cell(*key, found) for key, found in sorted(groups.items())]


def _cell(task: str, protocol: str, backbone: str, records: Sequence[RunRecord]) -> LossCell:
    newest = max(records, key=lambda record: record.finished)
    places = newest.curves['iteration']
    same = [run for run in records if run.curves['iteration'] == places]
    curves = {
        term: np.array([run.curves[term] for run in same])
        for term in TERMS
        if all(term in run.curves for run in same)
    }
    family = str((newest.backbone.get('pretraining') or {}).get('family') or 'unknown')
    return LossCell(task, protocol, backbone, family, np.array(places), curves)


def _rows(cell: LossCell) -> Iterator[dict[str, Any]]:
    for term, curves in cell.curves.items():
        for place, values in zip(cell.iterations, curves.T, strict=True):
            yield {
                'task': cell.task,
                'protocol': cell.protocol,
                'backbone': cell.backbone,
                'family': cell.family,
                'term': term,
                'iteration': int(place),
                'mean': float(values.mean()),
                'sd': float(values.std(ddof=1)) if len(values) > 1 else None,
                'seeds': len(values),
            }


def _summary(cell: LossCell) -> dict[str, Any]:
    """Return each term's mean over training, also by seed, and at its end."""
    last = max(1, round(_LAST * len(cell.iterations)))
    return {
        'task': cell.task,
        'protocol': cell.protocol,
        'backbone': cell.backbone,
        'family': cell.family,
        **{f'{term}_mean': float(curves.mean()) for term, curves in cell.curves.items()},
        **{f'{term}_final': float(c[:, -last:].mean()) for term, c in cell.curves.items()},
        **{f'{term}_by_seed': curves.mean(1).tolist() for term, curves in cell.curves.items()},
    }


def _subjects(records: Iterable[RunRecord], names: set[str]) -> Iterator[dict[str, Any]]:
    seen = {r.spec.backbone: r for r in records if r.spec.backbone in names}
    for name, record in sorted(seen.items()):
        weights = record.proof.get('weights_sha256')
        yield {'id': name, **record.backbone, 'weights_sha256': weights}


def _draw(cells: Sequence[LossCell]) -> Figure:
    columns = list(dict.fromkeys((cell.task, cell.protocol) for cell in cells))
    names = list(dict.fromkeys(cell.backbone for cell in cells))
    figure, axes = grid_of_axes(len(TERMS), len(columns), width=4.0, height=2.6)
    for cell in cells:
        column = columns.index((cell.task, cell.protocol))
        colour = COLOURS[names.index(cell.backbone) % len(COLOURS)]
        for row, term in enumerate(TERMS):
            if term in cell.curves:
                _curve(axes[row][column], cell, cell.curves[term], colour)
    for column, (task, protocol) in enumerate(columns):
        axes[0][column].set_title(f'{task}, {protocol}', fontsize=9)
        axes[-1][column].set_xlabel('iteration')
    for row, title in enumerate(TERMS.values()):
        axes[row][0].set_ylabel(title)
    axes[0][0].legend(fontsize=7, frameon=False)
    return figure


def _curve(axes: Any, cell: LossCell, curves: Array, colour: str) -> None:
    mean = curves.mean(0)
    axes.plot(cell.iterations, mean, color=colour, label=f'{cell.backbone} ({cell.family})')
    if len(curves) > 1:
        sd = curves.std(0, ddof=1)
        axes.fill_between(
            cell.iterations, mean - sd, mean + sd, color=colour, alpha=0.15, linewidth=0
        )
