"""Records and runs of invented cells."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.regression.cells import Runs, gather
from benchmark.results.records import RunRecord
from benchmark.results.store import ResultStore
from benchmark.specs import CellKey
from tests.support.report_fakes import failed, record

CELLS = [
    (task, backbone)
    for task in ('parts', 'fine-species', 'depth-metric')
    for backbone in ('vit-s-mae', 'vit-s-moco')
]
PARTS = CellKey('finetune', 'parts', 'vit-s-mae')
DEPTH = CellKey('finetune', 'depth-metric', 'vit-s-mae')


def one(cell: CellKey, seed: int, score: float, *, seconds: float = 10.0, **more: Any) -> RunRecord:
    """Return an ``ok`` record of ``cell``."""
    made = record(
        cell.task, cell.backbone, cell.protocol, seed=seed, score=score, fingerprint=f'{seed:064x}'
    )
    cost = {
        'device': 'cpu',
        'processor': 'P',
        'train_seconds': seconds,
        'test_seconds': 1.0,
        'peak_memory_mb': 500,
    }
    return replace(made, cost=cost, **more)


def records(
    seeds: range, *, drops: dict[CellKey, float] | None = None, random: int = 0
) -> list[RunRecord]:
    """Return a record per cell and seed: 50 with a standard deviation of 0.5."""
    generator = np.random.default_rng([random, seeds.start])
    return [
        one(
            cell := CellKey('finetune', task, backbone),
            seed,
            float(50 + 0.5 * generator.normal() - (drops or {}).get(cell, 0.0)),
            seconds=float(10 * np.exp(0.02 * generator.normal())),
        )
        for task, backbone in CELLS
        for seed in seeds
    ]


def runs(seeds: range, **more: Any) -> dict[CellKey, Runs]:
    return gather(records(seeds, **more))


def saved(folder: Path, found: list[RunRecord]) -> Path:
    store = ResultStore(folder, folder / 'work')
    for item in found:
        store.save(item)
    return folder


__all__ = ['CELLS', 'DEPTH', 'PARTS', 'failed', 'one', 'records', 'runs', 'saved']
