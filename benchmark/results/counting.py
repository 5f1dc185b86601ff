"""Select the records of a suite that count: the rule that tables and analyses share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from benchmark.results.briefs import Brief, brief
from benchmark.results.records import RunRecord
from benchmark.specs import REINIT, CellKey, RunSpec

Runs = Mapping[CellKey, Sequence[Brief]]
"""The records that count, cell by cell in the order of their places and by seed within a cell."""


def cell_key(spec: RunSpec) -> tuple[str, str, str]:
    """Return the key of a run's cell as a plain tuple: building NamedTuples is slower."""
    return spec.protocol, spec.task, spec.backbone


def draws_weights(backbone: str, facts: Mapping[str, Any]) -> bool:
    """Return whether a seed drew weights of a backbone, all or some.

    Args:
        backbone: its id.
        facts: the record's facts of the backbone, or its proof.
    """
    return bool(facts.get('is_random')) or f'+{REINIT}' in backbone


def newest(records: Iterable[Brief]) -> dict[CellKey, list[Brief]]:
    """Return one record per cell and seed, sorted: the newest ``ok`` one, else the newest failed.

    All seeds of a backbone on a task share one make (configuration, weights, data, libraries), that
    of its best record: runs made with other settings are a different experiment. Runs without
    ``--cfg-options`` take precedence over runs with them, then the later end time, then the
    fingerprint, so that the order of ``records`` does not matter.
    """
    cells: dict[tuple[str, str, str], list[Brief]] = {}
    for record in records:
        cells.setdefault(cell_key(record.spec), []).append(record)
    return {CellKey(*place): _one_per_seed(cells[place]) for place in sorted(cells)}


def set_aside(records: Iterable[Brief], runs: Runs) -> dict[CellKey, int]:
    """Return how many ``ok`` records of a cell do not count since another make of it does.

    Cells without such records are left out.

    Args:
        records: all records.
        runs: those that count, as :func:`newest` returns them.
    """
    makes = {place: {item.make for item in found if item.is_ok} for place, found in runs.items()}
    counts: Counter[CellKey] = Counter()
    for record in records:
        place = CellKey(*cell_key(record.spec))
        if record.is_ok and record.make not in makes[place]:
            counts[place] += 1
    return dict(sorted(counts.items()))


def _one_per_seed(records: list[Brief]) -> list[Brief]:
    chosen = {record.spec.seed: record for record in records}
    if len(chosen) < len(records) or len({record.make for record in records}) > 1:
        best_last = sorted(records, key=_precedence)
        make = best_last[-1].make
        # a run that failed before any fact was known could belong to any experiment
        kept = [record for record in best_last if record.make == make or not record.task]
        chosen = {record.spec.seed: record for record in kept}
    return [chosen[seed] for seed in sorted(chosen)]


def _precedence(record: Brief) -> tuple[Any, ...]:
    return record.is_ok, record.is_plain, record.finished, record.fingerprint, record.spec.seed


def counted_records(records: Iterable[RunRecord]) -> list[RunRecord]:
    """Return the records that count, with all their evidence, in the order of :func:`newest`."""
    whole = list(records)
    runs = newest(brief(record, str(place)) for place, record in enumerate(whole))
    return [whole[int(item.path)] for cell in runs.values() for item in cell]
