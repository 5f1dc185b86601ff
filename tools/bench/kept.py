"""What kept maps save: `frozen-kept` beside `frozen` on the same task, seed after seed.

    python tools/bench/kept.py [--tasks TASK ...] [--backbone ID] [--seeds 3] [--steps N]
        [--data-root DIR] [--busy]

A network with weights that were drawn once. Every seed is trained and tested by both protocols, one
after the other. The first seed of `frozen-kept` fills the folder of maps, the others read it; each
is then run a second time, when all of its maps are there. With --busy processor time is counted.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import logging
import statistics
import tempfile
import time
from pathlib import Path

import timm
import torch
from common import compiled, machine, print_table

from benchmark.catalog import find_task
from benchmark.execution.execute import MapFolder, execute
from benchmark.execution.outcome import Outcome
from benchmark.openmmlab import prepare


def main() -> None:
    """Measure every task and print a row for each seed, and one for all."""
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('--tasks', nargs='+', default=('world-detection', 'world-pose'))
    parser.add_argument('--architecture', default='vit_small_patch16_224')
    parser.add_argument('--seeds', type=int, default=3)
    parser.add_argument('--steps', type=int, help="by default the task's own")
    parser.add_argument('--data-root', type=Path, default=Path('data'))
    parser.add_argument('--busy', action='store_true')
    options = parser.parse_args()
    prepare()
    torch.set_num_threads(1)
    print(machine(), end='\n\n')
    heads = (
        'task', 'seed', 'frozen (s)', 'kept (s)', 'ratio', 'maps computed', 'maps read',
        'all read (s)', 'ratio', 'score frozen', 'score kept',
    )  # fmt: skip
    print_table(heads, (row for task in options.tasks for row in _rows(task, options)))


def _rows(task: str, options: argparse.Namespace) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    ratios: list[float] = []
    repeated: list[float] = []
    scores: dict[str, list[float]] = {'frozen': [], 'frozen-kept': []}
    metric = find_task(task).metric.key
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        _write_weights(options.architecture, place / 'weights.pth')
        for seed in range(options.seeds):
            spent = {}
            for protocol in scores:
                spent[protocol], found = _run(task, protocol, seed, place, options)
                score = next(v for k, v in found.raw.items() if k.endswith(metric))
                scores[protocol].append(score)
            again, _ = _run(task, 'frozen-kept', seed, place, options, '-again')
            ratios.append(spent['frozen-kept'] / spent['frozen'])
            repeated.append(again / spent['frozen'])
            rows.append(
                (
                    task, seed, f'{spent["frozen"]:.1f}', f'{spent["frozen-kept"]:.1f}',
                    f'{ratios[-1]:.3f}', found.cost['maps_computed'], found.cost['maps_read'],
                    f'{again:.1f}', f'{repeated[-1]:.3f}',
                    f'{scores["frozen"][-1]:.4f}', f'{scores["frozen-kept"][-1]:.4f}',
                )
            )  # fmt: skip
    mean = {name: statistics.mean(values) for name, values in scores.items()}
    rows.append(
        (
            task, 'all', '', '', f'{statistics.mean(ratios):.3f}', '', '', '',
            f'{statistics.mean(repeated):.3f}',
            f'{mean["frozen"]:.4f}', f'{mean["frozen-kept"]:.4f}',
        )
    )  # fmt: skip
    return rows


def _write_weights(architecture: str, path: Path) -> None:
    """Write weights, random ones: they cost as much as any, and are the same for all seeds."""
    torch.save(timm.create_model(architecture).state_dict(), path)


def _run(
    task: str, protocol: str, seed: int, place: Path, options: argparse.Namespace, name: str = ''
) -> tuple[float, Outcome]:
    clock = time.process_time if options.busy else time.perf_counter
    work = place / f'{task}-{protocol}-{seed}{name}'
    changes = {'iterations': options.steps} if options.steps else {}
    logging.disable(logging.WARNING)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        config = compiled(
            task,
            f'timm:{options.architecture}@{place / "weights.pth"}',
            data_root=options.data_root,
            work=work,
            protocol=protocol,
            seed=seed,
            **changes,
        )
        maps = MapFolder(place / 'maps', 2**33) if protocol == 'frozen-kept' else None
        start = clock()
        found = execute(config, work, maps)
        spent = clock() - start
    logging.disable(logging.NOTSET)
    return spent, found


if __name__ == '__main__':
    main()
