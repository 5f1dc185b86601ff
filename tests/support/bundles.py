"""Finished runs of the suite `quick` under k-NN, drawn in code, that make a valid bundle."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from benchmark.catalog import find_suite, find_task
from benchmark.results.identity import parts_of, recorded_fingerprint
from benchmark.results.records import RunRecord, Status
from benchmark.results.store import OUTCOMES_FILE, ResultStore
from benchmark.specs import RunSpec, Unit
from benchmark.statistics.outcome_files import Measured, pack
from benchmark.statistics.outcomes import Ratios

BACKBONES = {'ours-mae': 0.62, 'theirs-dino': 0.5}
"""The share of pictures that each gets right."""

TASKS = ('world-covered', 'world-fine', 'world-segmentation', 'world-depth')
"""The tasks of the suite that k-NN serves."""

SEEDS = find_suite('quick').seeds
RUNS = len(BACKBONES) * len(TASKS) * len(SEEDS)
"""How many runs all of them are."""

COUNT = 200


def whole_store(
    store: ResultStore, backbones: Iterable[str] = BACKBONES, seeds: Iterable[int] | None = None
) -> ResultStore:
    """Save every run of k-NN in `quick` of some backbones, with outcomes, and return the store."""
    for backbone in backbones:
        for task in TASKS:
            for seed in SEEDS if seeds is None else seeds:
                save_run(store, backbone, task, seed)
    return store


def save_run(store: ResultStore, backbone: str, task: str, seed: int, **changes: Any) -> RunRecord:
    """Save a run with the outcomes of its test pictures, as a campaign does."""
    draw = np.random.default_rng([seed, len(backbone), len(task)])
    right = draw.random(COUNT) < BACKBONES.get(backbone, 0.5)
    names = tuple(f'{task}/{place}.png' for place in range(COUNT))
    metric = find_task(task).metric
    form = Ratios(right.astype(np.uint8), scale=100.0 if metric.unit is Unit.PERCENT else 1.0)
    content = pack({metric.key: Measured(form, names)})
    item = sealed(replace(finished_run(backbone, task, seed, form.value(), content), **changes))
    folder = store.work_folder(item.suite, item.spec, item.fingerprint)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / OUTCOMES_FILE).write_bytes(content)
    store.save(store.keep_outcomes(item, folder))
    return item


def finished_run(backbone: str, task: str, seed: int, raw: float, content: bytes) -> RunRecord:
    """Return the record of a finished run whose headline metric is ``raw``."""
    declared = find_task(task)
    metric = declared.metric
    weights = hashlib.sha256(backbone.encode()).hexdigest()
    return RunRecord(
        suite='quick',
        spec=RunSpec(task, backbone, 'knn', seed),
        fingerprint='',
        status=Status.OK,
        primary=metric.key,
        scores={metric.key: metric.canonical(raw)},
        raw={metric.key: raw},
        task={
            'kind': declared.kind,
            'title': declared.title,
            'group': declared.group,
            'version': declared.version,
            'head': declared.head,
            'splits': {'train': 400, 'test': COUNT},
            'metrics': [
                {
                    'key': metric.key,
                    'unit': metric.unit.value,
                    'higher_is_better': metric.higher_is_better,
                    'bounds': [end if math.isfinite(end) else None for end in metric.bounds],
                    'title': metric.title,
                }
            ],
        },
        backbone={
            'title': backbone.replace('-', ' '),
            'source': 'timm:test_vit',
            'is_random': False,
            'architecture': 'plain-vit',
            'parameters': 1_000_000,
            'pretraining': {'method': 'MAE', 'family': 'mim', 'labels': False},
        },
        protocol={'title': 'k nearest neighbours', 'trains_backbone': False},
        proof={
            'loaded': 150,
            'missing': [],
            'weights_sha256': weights,
            'outcomes': {'sha256': hashlib.sha256(content).hexdigest()},
        },
        cost={'train_seconds': 1.5, 'test_seconds': 0.5, 'device': 'cpu'},
        provenance={
            'started': '2026-03-01T10:00:00+00:00',
            'finished': '2026-03-01T10:00:05+00:00',
            'libraries': {'torch': '2.14.1'},
            'weights': weights,
            'data_manifest': hashlib.sha256(task.encode()).hexdigest(),
        },
        config={
            'solver': {'type': 'knn'},
            'model': {'backbone': {'source': 'timm:test_vit'}},
            'randomness': {'seed': seed},
        },
    )


def sealed(record: RunRecord) -> RunRecord:
    """Return a record with the parts' numbers and the fingerprint that follow from the rest."""
    parts = parts_of(
        record.config,
        kind=str(record.task['kind']),
        protocol=record.spec.protocol,
        source=str(record.backbone['source']),
    )
    said = {**record.provenance, 'numerics': dict.fromkeys(parts, 1)}
    mark = recorded_fingerprint(record.config, record.task, said)
    return replace(record, provenance=said, fingerprint=mark)
