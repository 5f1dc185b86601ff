"""Keep what a test found of every example, in the work folder, for comparisons of backbones."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from benchmark.execution.distributed import is_first
from benchmark.kinds.common.outcomes import collected, sample_paths
from benchmark.results.store import OUTCOMES_FILE, write_atomically
from benchmark.statistics.outcome_files import pack


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
