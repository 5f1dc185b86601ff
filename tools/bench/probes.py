"""Measure what a probe saves: many heads in one pass, and features that are kept.

Usage: python tools/bench/probes.py [--task TASK] [--backbone ID] [--iterations N] [--data-root DIR]
       [--parts heads cache] [--busy]

Prints two ratios of wall time, each of runs side by side in this process: training 65 (or, of a
network without class tokens, 26) heads over training one, on augmented views; and feature pass and
sweep without the cache over the same from it. With --busy, on a machine that does other work too,
processor time is counted instead.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any
from unittest import mock

import torch

from benchmark.catalog import find_backbone, find_task
from benchmark.compiling import WEIGHTS, WORK, CellInputs, compile_probe, localise
from benchmark.execution.outcome import Outcome
from benchmark.execution.probe import CacheSlot, execute_probe
from benchmark.kinds.base import DATA, Config
from benchmark.models.inspection import inspect_backbone
from benchmark.openmmlab import prepare
from benchmark.planning.data import locate
from benchmark.probes.cache import FeatureCache
from benchmark.protocols import load_protocol
from benchmark.specs import Features, RunSpec, Task
from benchmark.world import ensure_world

PARTS = ('heads', 'cache')
_REPEATS = 3


class Bench:
    """Probes of one task and backbone in a folder of their own."""

    def __init__(self, options: argparse.Namespace, folder: Path) -> None:
        self._task = find_task(options.task)
        self._backbone = find_backbone(options.backbone)
        self._features: Features = inspect_backbone(self._backbone)
        self._data = _data(self._task, options.data_root).resolve()
        self._folder = folder

    def run(self, protocol: str, slot: CacheSlot | None = None, **changes: Any) -> Outcome:
        """Return the outcome of a probe."""
        config: Config = compile_probe(
            CellInputs(
                spec=RunSpec(self._task.name, self._backbone.id, protocol, 0),
                backbone=self._backbone,
                features=self._features,
                task=self._task,
                protocol=load_protocol(protocol),
                changes=(changes,),
            )
        )
        places = {
            DATA: str(self._data),
            WORK: str(self._folder),
            WEIGHTS: str(self._backbone.checkpoint or ''),
        }
        return execute_probe(localise(config, places), slot)


def _data(task: Task, root: Path) -> Path:
    return ensure_world(root) / task.source.root if task.source.provider else locate(task, root)


def many_heads(bench: Bench, iterations: int) -> None:
    """Print the cost of all heads relative to that of one."""
    ratios = []
    for _ in range(_REPEATS):
        one, many = (
            bench.run('linear', iterations=iterations, batch_size=32, **grid)
            for grid in ({'learning_rates': (0.1,), 'features': ('mean1',)}, {})
        )
        ratios.append(many.cost['train_seconds'] / one.cost['train_seconds'])
        heads = f'{len(many.trials)} heads against {len(one.trials)}'
        print(f'{heads}: {many.cost["train_seconds"]} s, {one.cost["train_seconds"]} s')
    print(f'many heads over one: {statistics.median(ratios):.2f} (median of {_REPEATS})')


def kept_features(bench: Bench, folder: Path) -> None:
    """Print the cost of feature pass and sweep with nothing kept, relative to all kept."""
    for protocol in ('linear-fixed', 'knn'):
        slot = CacheSlot(FeatureCache(folder / protocol, 2**32), protocol)
        cold, warm = (bench.run(protocol, slot).cost for _ in range(2))
        cold_s, warm_s = (c['feature_seconds'] + c['sweep_seconds'] for c in (cold, warm))
        parts = ', '.join(
            f'{name} {c["feature_seconds"]} + {c["sweep_seconds"]} s'
            for name, c in (('cold', cold), ('warm', warm))
        )
        print(f'{protocol}: {parts}; cold over warm: {cold_s / max(warm_s, 0.01):.1f}')


def main() -> None:
    """Measure on one thread and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or '').partition('\n')[0])
    parser.add_argument('--task', default='world-covered')
    parser.add_argument('--backbone', default='timm:vit_tiny_patch16_224+random')
    parser.add_argument('--iterations', type=int, default=20)
    parser.add_argument('--data-root', type=Path, default=Path('data'))
    parser.add_argument('--parts', nargs='+', choices=PARTS, default=PARTS)
    parser.add_argument('--busy', action='store_true')
    options = parser.parse_args()
    if options.busy:
        mock.patch('benchmark.execution.cost.time.perf_counter', time.process_time).start()
    prepare()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        bench = Bench(options, folder)
        if 'heads' in options.parts:
            many_heads(bench, options.iterations)
        if 'cache' in options.parts:
            kept_features(bench, folder)


if __name__ == '__main__':
    main()
