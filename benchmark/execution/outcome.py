"""What a run measured: numbers for its record, and what a test found of every example."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmark.execution.processes import is_first
from benchmark.kinds.common.outcomes import collected, sample_paths
from benchmark.results.store import OUTCOMES_FILE, write_atomically
from benchmark.sources import LoadReport
from benchmark.statistics.outcome_files import pack


@dataclass(frozen=True)
class Outcome:
    """What a finished run measured, as plain data for its record.

    Attributes:
        raw: numbers of the evaluator by its own names, in its own units.
        proof: what shows that the run did what was asked: weights loaded, parts that learned.
        cost: seconds, memory in MB and iterations, as a :class:`Meter` reports them.
        curves: losses along the training by name.
        pictures: names of the files with drawn predictions.
        trials: the points of a hyper-parameter search, chosen one included.
    """

    raw: dict[str, float]
    proof: dict[str, Any]
    cost: dict[str, Any]
    curves: dict[str, list[float]]
    pictures: list[str]
    trials: list[dict[str, Any]] = field(default_factory=list)


def loading_proof(backbone: Any, preprocessor: Any) -> dict[str, Any]:
    """Return what was loaded into a backbone, and how its input is normalised."""
    report: LoadReport = backbone.load_report
    return {
        'is_random': report.is_random,
        'loaded': report.loaded,
        'total': report.total,
        'missing': list(report.missing),
        'unexpected': list(report.unexpected),
        'conversion': list(report.conversion),
        'resized': list(report.resized),
        'has_drop_path': backbone.has_drop_path,
        'normalisation': {
            key: [round(float(x), 4) for x in getattr(preprocessor, key).flatten()]
            for key in ('mean', 'std')
        },
    }


def keep_outcomes(evaluator: Any, dataset: Any, folder: Path | None) -> dict[str, Any]:
    """Write what an evaluator that has computed kept of every example, and return its digest.

    Args:
        evaluator: mmengine's evaluator of the test.
        dataset: the test split, which names the examples.
        folder: where to write; ``None`` for nowhere.

    Returns:
        ``outcomes`` for the proof of a record; empty where nothing was kept.
    """
    if folder is None or not is_first():
        return {}
    found = collected(evaluator.metrics, sample_paths(dataset))
    if not found:
        return {}
    content = pack(found)
    write_atomically(folder / OUTCOMES_FILE, content)
    digest = hashlib.sha256(content).hexdigest()
    return {'outcomes': {'sha256': digest, 'bytes': len(content), 'metrics': sorted(found)}}
