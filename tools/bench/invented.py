"""Records of an invented suite, as files as large as those of real runs, for the benchmarks."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from benchmark.results.store import ResultStore
from benchmark.results.upgrades import SCHEMA
from benchmark.specs import RunSpec

SUITE = 'invented'
KINDS = (
    ('classification', 'accuracy', 'percent', True, [0, 100], 20.0, 85.0, 'fine-grained'),
    ('segmentation', 'mIoU', 'percent', True, [0, 100], 5.0, 50.0, 'semantic'),
    ('detection', 'box_AP', 'fraction', True, [0, 1], 0.0, 45.0, 'combined'),
    ('pose', 'AP', 'fraction', True, [0, 1], 1.0, 70.0, 'geometric-motion'),
    ('depth', 'rmse', 'metre', False, [0, None], 1.5, 0.4, 'geometric-motion'),
    ('tracking', 'AO', 'percent', True, [0, 100], 10.0, 65.0, 'geometric-motion'),
)
FAMILIES = ('mim', 'supervised', 'contrastive', 'distilled', 'none')
ARCHITECTURES = ('plain-vit', 'hierarchical-transformer', 'convnet')
TERMS = ('loss', 'loss_cls', 'loss_bbox', 'loss_mask')

Json = dict[str, Any]


def write(
    store: ResultStore, backbones: int, tasks: int, seeds: int, protocols: tuple[str, ...]
) -> int:
    """Write a record per backbone, task, protocol and seed, and a floor per task.

    Returns how many that are.
    """
    random = np.random.default_rng(0)
    count = 0
    for spec, content in _records(backbones, tasks, seeds, protocols, random):
        _write_record(store, spec, content, random)
        count += 1
    return count


def write_cells(store: ResultStore, suite: str, cells: Sequence[tuple[RunSpec, str]]) -> None:
    """Write a record for each cell and its fingerprint."""
    random = np.random.default_rng(0)
    tasks, backbones = (
        {name: number for number, name in enumerate(dict.fromkeys(names))}
        for names in zip(*((spec.task, spec.backbone) for spec, _ in cells), strict=True)
    )
    for spec, mark in cells:
        places = tasks[spec.task], backbones[spec.backbone]
        content = _content(spec, *places, float(random.uniform(0.3, 0.9)), random)
        content |= {'suite': suite, 'fingerprint': mark}
        _write_record(store, spec, content, random)


def _write_record(
    store: ResultStore, spec: RunSpec, content: Json, random: np.random.Generator
) -> None:
    path = store.record_path(content['suite'], spec, content['fingerprint'])
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({**content, 'curves': _curves(random)})
    path.write_text(f'{text[:-1]}, {_evidence(spec.seed)}', encoding='utf-8')


def _records(
    backbones: int, tasks: int, seeds: int, protocols: tuple[str, ...], random: np.random.Generator
) -> Iterator[tuple[RunSpec, Json]]:
    talent = random.normal(0, 1, backbones)
    for task in range(tasks):
        spec = RunSpec(f'task-{task:02d}', 'trivial:constant', 'trivial', 0)
        yield spec, _content(spec, task, -1, 0.0, random)
        for protocol in protocols:
            for backbone, place in enumerate(talent + random.normal(0, 0.7, backbones)):
                for seed, noise in enumerate(random.normal(0, 0.1, seeds)):
                    spec = RunSpec(spec.task, f'timm:net_{backbone:03d}', protocol, seed)
                    share = 0.6 + 0.1 * float(np.tanh(place + noise))
                    yield spec, _content(spec, task, backbone, share, random)


def _content(
    spec: RunSpec, task: int, backbone: int, share: float, random: np.random.Generator
) -> Json:
    """Return all of a record but its evidence; ``share`` is the way from the floor to the top."""
    kind, key, unit, higher, bounds, floor, top, group = KINDS[task % len(KINDS)]
    score = floor + (top - floor) * share
    metric = {'key': key, 'unit': unit, 'higher_is_better': higher, 'bounds': bounds}
    return {
        'schema': SCHEMA,
        'suite': SUITE,
        'spec': {'task': spec.task, 'backbone': spec.backbone, 'protocol': spec.protocol,
                 'seed': spec.seed},
        'fingerprint': random.bytes(32).hex(),
        'status': 'ok',
        'primary': key,
        'scores': {key: score},
        'raw': {key: score / 100 if unit == 'fraction' else score},
        'task': {'kind': kind, 'title': f'Task {task}', 'group': group, 'version': 1,
                 'head': 'linear', 'metrics': [metric], 'splits': {'train': 1000, 'test': 500}},
        'backbone': {'title': f'Net {backbone}' if backbone >= 0 else 'constant',
                     'source': 'timm:vit_small_patch16_224',
                     'architecture': ARCHITECTURES[backbone // len(FAMILIES) % 3],
                     'parameters': 20_000_000 + 1_000_000 * (backbone // len(FAMILIES)),
                     'channels': [384] * 4, 'strides': [16] * 4, 'licence': 'Apache-2.0',
                     'pretraining': {'family': FAMILIES[backbone % len(FAMILIES)], 'data': 'data',
                                     'method': 'method', 'epochs': 300, 'labels': None}},
        'cost': {'train_seconds': 400 + backbone + float(random.normal()), 'test_seconds': 30.0,
                 'peak_memory_mb': 1500 + backbone, 'device': 'cuda', 'iterations': 200},
        'provenance': {'finished': _moment(random), 'python': '3.11.7',
                       'weights': f'{backbone + 1:064x}', 'data_manifest': f'{task:064x}',
                       'libraries': {'torch': '2.14.1', 'mmengine': '0.10.12'}},
    }  # fmt: skip


def _moment(random: np.random.Generator) -> str:
    """Return when a run may have ended."""
    seconds = int(random.integers(30 * 24 * 3600))
    return (datetime(2031, 5, 4, tzinfo=UTC) + timedelta(seconds=seconds)).isoformat()


def _curves(random: np.random.Generator) -> Json:
    iterations = np.arange(4.0, 204.0, 4.0)
    ideal = 2 * np.exp(-iterations / 80)
    terms = ideal * random.normal(1, 0.05, (len(TERMS), len(iterations)))
    lines = dict(zip(TERMS, np.round(terms, 5).tolist(), strict=True))
    return {'iteration': iterations.tolist(), **lines}


@functools.cache
def _evidence(seed: int) -> str:
    """Return proof and configuration as the end of a record's text."""
    content = {
        'proof': {
            'loaded': 174, 'total': 174, 'missing': [], 'unexpected': [],
            'weights_sha256': 'f' * 64, 'backbone_changed': True, 'head_changed': True,
            'groups': [{'name': f'backbone layer {i}', 'lr': 1e-3 * 0.75 ** (12 - i),
                        'weight_decay': 0.05, 'parameters': 1_769_472} for i in range(13)],
        },
        'config': {
            'model': {'type': 'MaskRCNN', 'backbone': {'type': 'Backbone'},
                      'head': [{'type': 'Head', 'in_channels': 64, 'level': i, 'norm': 'GN'}
                               for i in range(40)]},
            'randomness': {'seed': seed},
        },
    }  # fmt: skip
    return json.dumps(content, indent=1)[1:]
