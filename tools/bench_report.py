"""Time and memory from many invented records to all tables of a report.

    python tools/bench_report.py [--backbones 250] [--tasks 40] [--seeds 5]

Two protocols are run by every backbone, so the default makes 100,000 records. They are made in
memory; ``--from-disk`` also writes them as files and reads them back, which is timed apart.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmark.report.writing import NO_WISHES, content_of, render
from benchmark.results.records import RunRecord, Status
from benchmark.results.store import ResultStore
from benchmark.specs import RunSpec

TABLES = ('md', 'csv', 'tex', 'paper', 'json')

KINDS = (
    ('classification', 'accuracy', 'percent', True, [0, 100], 20.0, 85.0, 'fine-grained'),
    ('segmentation', 'mIoU', 'percent', True, [0, 100], 5.0, 50.0, 'semantic'),
    ('detection', 'box_AP', 'fraction', True, [0, 1], 0.0, 45.0, 'combined'),
    ('pose', 'AP', 'fraction', True, [0, 1], 1.0, 70.0, 'geometric-motion'),
    ('depth', 'rmse', 'metre', False, [0, None], 1.5, 0.4, 'geometric-motion'),
    ('tracking', 'AO', 'percent', True, [0, 100], 10.0, 65.0, 'geometric-motion'),
)
FAMILIES = ('mim', 'supervised', 'contrastive', 'distilled')


def records(backbones: int, tasks: int, seeds: int) -> Iterator[RunRecord]:
    """Yield one record per backbone, task, protocol and seed, and one floor per task."""
    random = np.random.default_rng(0)
    talent = random.normal(0, 1, backbones)
    for protocol in ('finetune', 'frozen'):
        for task in range(tasks):
            for backbone in range(backbones):
                place = talent[backbone] + random.normal(0, 0.7)
                for seed in range(seeds):
                    yield _record(task, backbone, protocol, seed, place + random.normal(0, 0.1))
    for task in range(tasks):
        yield _record(task, -1, 'trivial', 0, 0.0)


def _record(task: int, backbone: int, protocol: str, seed: int, place: float) -> RunRecord:
    kind, key, unit, higher, bounds, floor, top, group = KINDS[task % len(KINDS)]
    share = 0.6 + 0.1 * float(np.tanh(place)) if backbone >= 0 else 0.0
    score = floor + (top - floor) * share
    name = f'backbone-{backbone:03d}' if backbone >= 0 else 'trivial:constant'
    return RunRecord(
        suite='large',
        spec=RunSpec(f'task-{task:02d}', name, protocol, seed),
        fingerprint=f'{task:016x}{backbone + 1:016x}{seed:016x}{len(protocol):016x}',
        status=Status.OK,
        primary=key,
        scores={key: score},
        raw={key: score / 100 if unit == 'fraction' else score},
        task={
            'kind': kind,
            'title': f'Task {task}',
            'group': group,
            'version': 1,
            'head': 'linear',
            'splits': {'train': 200, 'test': 300},
            'metrics': [
                {'key': key, 'unit': unit, 'higher_is_better': higher, 'bounds': bounds}
            ],
        },
        backbone={
            'title': name,
            'source': 'timm:vit_small_patch16_224',
            'architecture': 'plain-vit',
            'parameters': 21_665_664 + 1_000_000 * (backbone // len(FAMILIES)),
            'channels': [384] * 4,
            'strides': [16] * 4,
            'pretraining': {
                'method': 'method', 'family': FAMILIES[backbone % len(FAMILIES)], 'data': 'data',
                'epochs': 300, 'labels': None,
            },
            'licence': 'Apache-2.0',
        },
        cost={'train_seconds': 60.0, 'peak_memory_mb': 1800.0, 'device': 'cpu', 'iterations': 600},
        provenance={
            'finished': f'2031-05-04T10:{seed:02d}:00+00:00',
            'weights': f'{backbone:064x}',
            'data_manifest': f'{task:064x}',
            'libraries': {'torch': '2.14.1', 'mmengine': '0.10.12'},
        },
        config={
            'model': {'type': 'X', 'head': {'in_channels': [384] * 4, 'classes': list(range(20))}},
            'optim_wrapper': {'optimizer': {'lr': 1e-3, 'weight_decay': 0.05}},
            'randomness': {'seed': seed},
        },
    )  # fmt: skip


def main() -> None:
    """Print seconds and peak memory of each step."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--backbones', type=int, default=250)
    parser.add_argument('--tasks', type=int, default=40)
    parser.add_argument('--seeds', type=int, default=5)
    parser.add_argument('--from-disk', action='store_true')
    options = parser.parse_args()
    made = list(records(options.backbones, options.tasks, options.seeds))
    print(f'{len(made)} records, {_memory():.0f} MiB with them')
    if options.from_disk:
        made = _through_files(made)
    start, used = time.perf_counter(), time.process_time()
    content = content_of(ResultStore(Path(), Path()), 'large', made, NO_WISHES)
    boards = time.perf_counter()
    assert content.findings
    statistics = time.perf_counter()
    texts = render(content, TABLES)
    end = time.perf_counter()
    print(f'records to leaderboards:    {boards - start:.2f} s')
    print(f'leaderboards to statistics: {statistics - boards:.2f} s')
    print(f'statistics to tables:       {end - statistics:.2f} s')
    print(f'together:                   {end - start:.2f} s, peak memory {_memory():.0f} MiB')
    print(f'processor time:             {time.process_time() - used:.2f} s')
    for name, text in texts.items():
        print(f'  {name}: {len(text):,} characters')


def _through_files(made: list[RunRecord]) -> list[RunRecord]:
    with tempfile.TemporaryDirectory() as folder:
        store = ResultStore(Path(folder), Path(folder))
        for record in made:
            path = store.record_path(record.suite, record.spec, record.fingerprint)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(record.to_json(), encoding='utf-8')
        start = time.perf_counter()
        read = list(store.records('large'))
        print(f'files to records:           {time.perf_counter() - start:.2f} s')
    return read


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == '__main__':
    main()
