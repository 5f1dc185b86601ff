"""What a tracker is told of a cell: before it runs, and once its record is there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from benchmark.planning import Cell
from benchmark.results.records import RunRecord
from benchmark.results.store import ResultStore, file_inside
from benchmark.tracking import Result, Subject
from benchmark.tracking.feed import finite

_COSTS = ('train_seconds', 'test_seconds', 'peak_memory_mb')


def subject_of(cell: Cell, suite: str, title: str, folder: Path) -> Subject:
    """Return the cell as a run in a tracker.

    Args:
        cell: which one.
        suite: name of its suite.
        title: what people call its backbone.
        folder: its work folder.
    """
    spec = cell.spec
    facts = {
        'task': spec.task,
        'backbone': spec.backbone,
        'protocol': spec.protocol,
        'seed': spec.seed,
        'suite': suite,
        'fingerprint': cell.fingerprint,
        'weights': cell.weights,
        'config': cell.config,
    }
    name = f'{spec.task} {title} {spec.protocol} seed {spec.seed}'
    return Subject(folder.name, name, suite, folder, facts)


def result_of(record: RunRecord, store: ResultStore) -> Result:
    """Return what a tracker gets of a finished cell; of a failed one its record alone."""
    folder = store.work_folder(record.suite, record.spec, record.fingerprint)
    path = store.record_path(record.suite, record.spec, record.fingerprint)
    pictures = {
        f'pictures/{name}': file
        for name in record.pictures
        if (file := file_inside(folder, name)) is not None
    }
    cost = record.cost
    return Result(
        step=int(cost.get('iterations') or 0),
        scores={
            **finite({f'score/{name}': value for name, value in record.scores.items()}),
            **finite({f'cost/{name}': cost.get(name) for name in _COSTS}),
        },
        curves=_curves(record.curves),
        pictures=pictures,
        artefacts=[path] if path.is_file() else [],
        end='finished' if record.is_ok else 'failed',
    )


def _curves(curves: Mapping[str, list[float]]) -> list[tuple[int, Mapping[str, float]]]:
    """Return the loss curves of a record as points by step."""
    steps = curves.get('iteration', [])
    names = [name for name, values in curves.items() if name != 'iteration' and len(values)]
    return [
        (int(step), finite({f'train/{n}': curves[n][i] for n in names if i < len(curves[n])}))
        for i, step in enumerate(steps)
    ]
