"""Invented but realistic records: six backbones, five tasks, two protocols, two seeds."""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.report.data.boards import Board, build_boards
from benchmark.report.data.facts import BackboneFacts, TaskFacts, backbone_facts, task_facts
from benchmark.results.briefs import Brief, brief
from benchmark.results.counting import Runs, newest
from benchmark.results.records import RunRecord, Status
from benchmark.results.store import OUTCOMES_FILE, ResultStore
from benchmark.specs import RunSpec
from benchmark.statistics.outcome_files import Measured, pack
from benchmark.statistics.outcomes import Ratios

BACKBONES = {
    'vit-s-mae': ('ViT-S MAE', 'mim', 'MAE', 300.0, False),
    'swin-t-simmim': ('Swin-T SimMIM', 'mim', 'SimMIM', 300.0, False),
    'vit-s-supervised': ('ViT-S supervised', 'supervised', 'cross-entropy', 300.0, True),
    'vit-s-moco': ('ViT-S MoCo v3', 'contrastive', 'MoCo v3', 300.0, False),
    'vit-s-dino': ('ViT-S DINO', 'distilled', 'DINO', 300.0, False),
    'vit-s-random': ('ViT-S random', 'none', None, None, None),
}
VIT = {
    'source': 'timm:vit_small_patch16_224',
    'architecture': 'plain-vit',
    'parameters': 21_665_664,
    'channels': [384] * 4,
    'strides': [16] * 4,
}
SWIN = {
    'source': 'timm:swin_tiny_patch4_window7_224',
    'architecture': 'hierarchical-transformer',
    'parameters': 27_519_354,
    'channels': [96, 192, 384, 768],
    'strides': [4, 8, 16, 32],
}
GROUPS = {
    'classification': 'fine-grained',
    'segmentation': 'semantic',
    'detection': 'combined',
    'depth': 'geometric-motion',
    'pose': 'geometric-motion',
}
# name: kind, title, head, (key, unit, higher is better, title), trivial, per-backbone means
TASKS: dict[str, Any] = {
    'fine-species': (
        'classification', 'Fine species', 'linear',
        ('accuracy/top1', 'percent', True, 'Top-1 accuracy'), ('majority class', 12.0),
        (58.2, 55.1, 63.9, 61.0, 63.1, 24.4),
    ),
    'creatures-detection': (
        'detection', 'Creatures', 'Mask R-CNN',
        ('coco/bbox_mAP', 'fraction', True, 'Box AP'), ('constant box', 5.6),
        (31.7, 33.9, 27.4, 28.8, 29.9, 14.2),
    ),
    'parts': (
        'segmentation', 'Body parts', 'UPerNet',
        ('mIoU', 'percent', True, 'mIoU'), ('background', 9.1),
        (46.3, 47.0, 39.5, 41.2, 42.6, 22.8),
    ),
    'depth-metric': (
        'depth', 'Metric depth', 'DPT',
        ('rmse', 'metre', False, 'RMSE'), ('mean depth map', 1.402),
        (0.612, 0.598, 0.733, 0.702, 0.671, 1.115),
    ),
    'keypoints': (
        'pose', 'Key points', 'ViTPose simple',
        ('coco/AP', 'fraction', True, 'Keypoint AP'), ('mean pose', 3.4),
        (54.8, 53.2, 47.9, 49.9, 50.6, 33.0),
    ),
}  # fmt: skip


def record(
    task: str = 'parts',
    backbone: str = 'vit-s-mae',
    protocol: str = 'finetune',
    seed: int = 0,
    *,
    score: float = 46.3,
    finished: str = '2031-05-04T10:00:00+00:00',
    fingerprint: str = 'a' * 64,
) -> RunRecord:
    """Return an ``ok`` record with facts, without curves or pictures."""
    kind, title, head, (key, unit, higher, label), _, _ = TASKS[task]
    name, family, method, epochs, labels = BACKBONES.get(backbone, (backbone, '', None, None, None))
    return RunRecord(
        suite='quick',
        spec=RunSpec(task, backbone, protocol, seed),
        fingerprint=fingerprint,
        status=Status.OK,
        primary=key,
        scores={key: score},
        raw={key: score / 100 if unit == 'fraction' else score},
        task={
            'kind': kind,
            'title': title,
            'group': GROUPS[kind],
            'version': 1,
            'head': head,
            'splits': {'train': 200, 'val': 100, 'test': 300},
            'metrics': [
                {
                    'key': key,
                    'unit': unit,
                    'higher_is_better': higher,
                    'bounds': [0, None if unit == 'metre' else 1 if unit == 'fraction' else 100],
                    'title': label,
                }
            ],
        },
        backbone={
            'title': name,
            **(SWIN if backbone.startswith('swin') else VIT),
            'pretraining': {
                'method': method,
                'family': family,
                'data': 'world-64k' if method else None,
                'epochs': epochs,
                'labels': labels,
            },
            'licence': 'Apache-2.0',
        },
        provenance={'started': '2031-05-04T09:58:00+00:00', 'finished': finished},
    )


def briefs(records: Iterable[RunRecord]) -> list[Brief]:
    """Return the records as tables see them."""
    return [brief(item) for item in records]


def boards(records: Iterable[RunRecord]) -> tuple[Board, ...]:
    """Return the leaderboards of the newest of the records."""
    return build_boards(*facts(records))


def facts(
    records: Iterable[RunRecord],
) -> tuple[Runs, dict[str, TaskFacts], dict[str, BackboneFacts]]:
    """Return the newest of the records by cell, and what they say of tasks and backbones."""
    runs = newest(briefs(records))
    chosen = [item for cell in runs.values() for item in cell]
    return runs, task_facts(chosen), backbone_facts(chosen)


def failed(like: RunRecord, error: str, *, finished: str | None = None) -> RunRecord:
    """Return ``like`` as a run that failed with ``error``."""
    ended = finished or str(like.provenance['finished'])
    return replace(
        like,
        status=Status.FAILED,
        error=error,
        scores={},
        raw={},
        curves={},
        pictures=(),
        provenance={'finished': ended},
    )


def suite(protocols: tuple[str, ...] = ('finetune', 'frozen')) -> list[RunRecord]:
    """Return the whole fake suite: one cell failed twice, one of its seeds once, and the floors."""
    random = np.random.default_rng(7)
    records = [
        _full(task, backbone, protocol, seed, random)
        for protocol in protocols
        for task in TASKS
        for backbone in BACKBONES
        for seed in (0, 1)
    ]
    return [_maybe_failed(item) for item in records] + [_trivial(task) for task in TASKS]


def _maybe_failed(item: RunRecord) -> RunRecord:
    spec = item.spec
    if (spec.task, spec.backbone) == ('keypoints', 'swin-t-simmim'):
        return failed(item, 'GPU out of memory at batch size 64; lower --cfg-options batch_size')
    if (spec.task, spec.backbone, spec.seed) == ('depth-metric', 'vit-s-moco', 1):
        return failed(item, 'loss is not finite at iteration 212; lower the learning rate')
    return item


def _trivial(task: str) -> RunRecord:
    name, value = TASKS[task][4]
    return record(task, f'trivial:{name}', 'trivial', score=value)


def _full(
    task: str, backbone: str, protocol: str, seed: int, random: np.random.Generator
) -> RunRecord:
    higher, means = TASKS[task][3][2], TASKS[task][5]
    mean = means[list(BACKBONES).index(backbone)]
    penalty = 1.0 if protocol == 'finetune' else 0.8 if higher else 1.25
    noise = random.normal(0, 0.012)
    base = record(task, backbone, protocol, seed, score=mean * penalty * (1 + noise))
    is_frozen = protocol == 'frozen'
    return replace(
        base,
        proof=_proof(is_frozen=is_frozen),
        cost={
            'train_seconds': 27.4 + noise * 50,
            'test_seconds': 3.1,
            'peak_memory_mb': 1840,
            'device': 'cpu',
            'iterations': 600,
        },
        provenance={
            **base.provenance,
            'versions': {'torch': '2.14.1', 'mmengine': '0.10.12'},
            'data_manifest': 'c0ffee' * 6,
        },
        curves=_curves(TASKS[task][0], random),
        pictures=('prediction_0.png', 'prediction_1.png'),
        config={
            'model': {'type': 'X', 'head': {'in_channels': [384] * 4}},
            'randomness': {'seed': seed},
        },
    )


def _proof(*, is_frozen: bool) -> dict[str, Any]:
    return {
        'loaded': 150,
        'missing': [],
        'unexpected': ['decoder.mask_token', 'decoder.norm.weight'],
        'weights_sha256': '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
        'normalisation': {'mean': [123.675, 116.28, 103.53], 'std': [58.395, 57.12, 57.375]},
        'groups': [
            {'name': 'head', 'lr': 1e-3, 'weight_decay': 0.05, 'parameters': 412},
            {'name': 'layer_11', 'lr': 6.5e-4, 'weight_decay': 0.05, 'parameters': 12},
        ],
        'backbone_changed': not is_frozen,
        'head_changed': True,
    }


def _curves(kind: str, random: np.random.Generator) -> dict[str, list[float]]:
    iterations = np.arange(5, 601, 5)
    terms = {'detection': ('loss_cls', 'loss_bbox', 'loss_mask')}.get(kind, ('loss',))
    curves = {'iteration': [float(i) for i in iterations]}
    for term in terms:
        ideal = 0.3 + 2.2 * np.exp(-iterations / 150)
        curves[term] = [float(v) for v in ideal * random.normal(1, 0.06, len(iterations))]
    return curves


def history(nights: int = 12) -> dict[str, Any]:
    """Return the content of a file of nights: one steady cell, one that drops in the end."""
    random = np.random.default_rng(3)
    names = [f'2031-05-{night:02}' for night in range(1, nights + 1)]

    def cell(task: str, drop: float, verdict: str) -> dict[str, Any]:
        scores = {name: [50 + random.normal(), 50 + random.normal()] for name in names}
        scores[names[-1]] = [score - drop for score in scores[names[-1]]]
        return {
            **{'task': task, 'backbone': 'vit-s-mae', 'protocol': 'finetune'},
            'metric': {'key': 'mIoU', 'title': '', 'unit': 'percent', 'higher_is_better': True},
            'baseline': [50 + random.normal() for _ in range(5)],
            'scores': scores,
            'verdicts': {**dict.fromkeys(names, 'fine'), names[-1]: verdict},
        }

    cells = [cell('parts', 0, 'fine'), cell('keypoints', 8, 'regression')]
    return {'schema': 1, 'suite': 'quick', 'nights': names, 'cells': cells}


def save(store: ResultStore, records: list[RunRecord]) -> None:
    """Write the records and small pictures for those that name some."""
    for index, item in enumerate(records):
        store.save(item)
        folder = store.work_folder(item.suite, item.spec, item.fingerprint)
        for number, name in enumerate(item.pictures):
            write_png(folder / name, _scene(number, error=0.02 * (index % 5)))


ANALYSES: dict[str, tuple[dict[str, Any], dict[str, Any], list[str]]] = {
    'erf': (
        {
            'thresholds': [0.5, 0.99],
            'conventions': 'magnitude of the gradient',
            'fields': {
                'vit-s-mae': {
                    'area_ratio': {
                        '0.5': {'mean': 0.1234, 'low': 0.1, 'high': 0.15, 'n': 8},
                        '0.99': {'mean': 0.9, 'low': None, 'high': None, 'n': 1},
                    },
                    'spread_px': {'mean': 20.04, 'low': 19, 'high': 21, 'n': 8},
                },
            },
        },
        {
            'heading': 'backbone',
            'columns': ['area for 50%', 'area for 99%', 'spread (px)'],
            'rows': [['vit-s-mae', ['0.123 (0.100 to 0.150)', '0.900', '20.0 (19.0 to 21.0)']]],
        },
        ['backbone,share,area_ratio', 'vit-s-mae,0.5,0.1234'],
    ),
    'cam': (
        {'means': {'vit-s-mae': {'regions': 2.5, 'parts': None}}},
        {
            'heading': 'backbone',
            'columns': ['regions', 'parts'],
            'rows': [['vit-s-mae', [2.5, None]]],
        },
        ['backbone,picture,regions,parts,coverage', 'vit-s-mae,0.jpg,2.5,,'],
    ),
}
"""Facts, key numbers and lines of values of analyses by name."""


def write_analysis(results: Path, name: str, **changes: Any) -> Path:
    """Write an analysis as `tbench analyze` does and return its folder."""
    folder = results / 'analysis' / name
    facts, numbers, lines = ANALYSES.get(name, ({}, None, ['a', '1']))
    content = {
        'schema': 1,
        'analysis': name,
        'title': f'What {name} shows',
        'caption': f'How to read {name}.',
        'facts': facts,
        'key_numbers': numbers,
        'backbones': [{'id': 'vit-s-mae', 'source': 'timm:x', 'weights_sha256': 'ab' * 32}],
        'images': {'source': 'world', 'count': 8, 'size': 128, 'sha256': 'cd' * 32},
        'provenance': {'python': '3.11.7', 'libraries': {'torch': '2.14.1'}},
        **changes,
    }
    folder.mkdir(parents=True)
    (folder / 'record.json').write_text(json.dumps(content), encoding='utf-8')
    (folder / 'values.csv').write_text('\n'.join(lines) + '\n', encoding='utf-8')
    (folder / 'figure.svg').write_text(SVG, encoding='utf-8')
    write_png(folder / 'figure.png', np.zeros((300, 600, 3), np.uint8))
    return folder


SVG = """<?xml version="1.0"?>
<svg xmlns="http://www.w3.org/2000/svg" width="1080pt" height="360pt" viewBox="0 0 1080 360">
<rect width="1080" height="360" fill="#fff"/><circle cx="540" cy="180" r="90"/></svg>
"""


def write_png(path: Path, image: NDArray[np.uint8]) -> None:
    """Write an RGB image of shape (H, W, 3) as PNG."""
    height, width, _ = image.shape
    rows = b''.join(b'\0' + row.tobytes() for row in image)
    header = struct.pack('>IIBBBBB', width, height, 8, 2, 0, 0, 0)
    chunks = ((b'IHDR', header), (b'IDAT', zlib.compress(rows)), (b'IEND', b''))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b'\x89PNG\r\n\x1a\n' + b''.join(_chunk(*chunk) for chunk in chunks))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))


def _scene(number: int, *, error: float) -> NDArray[np.uint8]:
    gap = np.full((96, 4, 3), 255, np.uint8)
    return np.concatenate([_view(number, error), gap, _view(number, 0.0)], axis=1)


def _view(number: int, error: float) -> NDArray[np.uint8]:
    y, x = np.mgrid[0:96, 0:128] / 96
    sky = np.stack([150 + 60 * y, 180 - 20 * y, 200 - 80 * y], axis=-1)
    body = ((x - 0.6 - error) / 0.34) ** 2 + ((y - 0.55 - 0.1 * number) / (0.2 + error)) ** 2 < 1
    head = (x - 0.95 + error) ** 2 + (y - 0.38 - 0.1 * number) ** 2 < 0.012
    sky[body] = (40, 130, 125)
    sky[head] = (214, 132, 50)
    return sky.astype(np.uint8)


def with_outcomes(
    store: ResultStore,
    item: RunRecord,
    right: NDArray[np.bool_],
    *,
    names: tuple[str, ...] = (),
    key: str = 'accuracy/top1',
) -> None:
    """Save a record of an accuracy with the outcomes of its test examples, as a campaign does."""
    form = Ratios(right, scale=100.0)
    content = pack({key: Measured(form, names)})
    folder = store.work / item.spec.id
    folder.mkdir(parents=True)
    (folder / OUTCOMES_FILE).write_bytes(content)
    said = {**item.provenance, 'data_manifest': 'same'}
    proof = {'outcomes': {'sha256': hashlib.sha256(content).hexdigest()}}
    score = {key: form.value()}
    item = replace(item, provenance=said, scores=score, raw=score, proof=proof)
    store.save(store.keep_outcomes(item, folder))
