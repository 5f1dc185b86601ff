"""What the benchmarks share: paired runs, medians, tables, and what the machine is."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmark.catalog import find_backbone, find_task
from benchmark.compiling import CODE, WEIGHTS, WORK, CellInputs, compile_config, localise
from benchmark.kinds.base import DATA, Config
from benchmark.planning.data import locate
from benchmark.protocols import load_protocol
from benchmark.specs import RunSpec

KINDS = {
    'classification': 'world-covered',
    'segmentation': 'world-segmentation',
    'detection': 'world-detection',
    'pose': 'world-pose',
    'depth': 'world-depth',
    'tracking': 'world-tracking',
}
"""A built-in task for each kind that trains a head."""


def compiled(
    task_name: str,
    backbone_name: str,
    *,
    data_root: Path,
    work: Path,
    protocol: str = 'finetune',
    seed: int = 0,
    **changes: Any,
) -> Config:
    """Return the compiled configuration of a cell with local paths; the data must be there."""
    from benchmark.models.inspection import inspect_backbone
    from benchmark.world import ensure_world

    task, backbone = find_task(task_name), find_backbone(backbone_name)
    folder = (
        ensure_world(data_root) / task.source.root
        if task.source.provider
        else locate(task, data_root)
    )
    inputs = CellInputs(
        spec=RunSpec(task.name, backbone.id, protocol, seed),
        backbone=backbone,
        features=inspect_backbone(backbone),
        task=task,
        protocol=load_protocol(protocol),
        changes=(changes,) if changes else (),
    )
    places = {
        DATA: str(folder.resolve()),
        WORK: str(work),
        WEIGHTS: str(backbone.checkpoint or ''),
        CODE: str(backbone.code or ''),
    }
    return localise(compile_config(inputs), places)


def timed(do: Callable[[], Any], clock: Callable[[], float] = time.perf_counter) -> float:
    """Return the seconds that a call takes by ``clock``."""
    start = clock()
    do()
    return clock() - start


def paired(
    ways: Mapping[str, Callable[[], float]], repeats: int
) -> tuple[dict[str, float], dict[str, float]]:
    """Return the median of each way, and the median of its ratio to the first in the same round.

    The ways run one after the other in each round, so that what slows the machine down for a while
    slows all of them down.
    """
    rounds = [{name: way() for name, way in ways.items()} for _ in range(repeats)]
    first = next(iter(ways))
    medians = {name: statistics.median(r[name] for r in rounds) for name in ways}
    ratios = {name: statistics.median(r[name] / r[first] for r in rounds) for name in ways}
    return medians, ratios


def print_table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a Markdown table, each row as it comes."""
    print(f'| {" | ".join(heads)} |')
    print(f'| --- |{" ---: |" * (len(heads) - 1)}')
    for row in rows:
        print(f'| {" | ".join(map(str, row))} |', flush=True)


def machine() -> str:
    """Return a line about the machine, and how busy it is with other work."""
    import torch

    model = next(
        (
            line.partition(':')[2].strip()
            for line in Path('/proc/cpuinfo').read_text().splitlines()
            if line.startswith('model name')
        ),
        platform.processor(),
    )
    cores, load = len(os.sched_getaffinity(0)), os.getloadavg()[0]
    return (
        f'{cores} cores of {model}, torch {torch.__version__}, {torch.get_num_threads()} thread; '
        f'{load:.1f} processes wanted to run when it began'
    )
