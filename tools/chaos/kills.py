"""Kill processes of real trainings at random moments until all is done; compare every record."""

from __future__ import annotations

import argparse
import random
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import psutil

from benchmark.results.records import RunRecord
from tools.chaos.stage import Stage, kill, staged

_TARGETS: dict[str, Callable[[Stage], list[psutil.Process]]] = {
    'parent': lambda stage: stage.processes('-m transferbench run'),
    'worker': Stage.workers,
    'nursery': Stage.nurseries,
    'rank': lambda stage: stage.processes('benchmark.execution.torchrun_entry join'),
    'torchrun': lambda stage: stage.processes('benchmark.execution.torchrun_entry lead'),
}
_WANTED = ('parent', 'parent', 'worker', 'nursery', 'rank', 'torchrun', 'writing', 'writing')
_WAYS: dict[str, tuple[str, ...]] = {
    'jobs': ('--jobs', '2'),
    'processes': ('--jobs', '1', '--processes', '2'),
}


def main() -> int:
    """Return 0 when all records equal those of a run that nothing disturbed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--kills', type=int, default=40)
    parser.add_argument('--iterations', type=int, default=240)
    parser.add_argument('--seeds', type=int, default=2)
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--ways', nargs='+', choices=tuple(_WAYS), default=tuple(_WAYS))
    parser.add_argument('--keep', action='store_true')
    options = parser.parse_args()
    with staged(keep=options.keep, iterations=options.iterations, lease=30.0) as stage:
        draw = random.Random(options.seed)
        codes = [
            _way(stage, way, options.kills // len(options.ways), options.seeds, draw)
            for way in options.ways
        ]
        return max(codes)


def _way(stage: Stage, way: str, kills: int, seeds: int, draw: random.Random) -> int:
    more = _WAYS[way]
    suite = stage.suite(['finetune'], seeds, way)
    plain = subprocess.run(
        stage.command('run', suite, f'{way}-plain', *more),
        env=stage.environment,
        cwd=stage.folder,
        check=False,
        capture_output=True,
        text=True,
    )
    assert plain.returncode == 0, plain.stdout + plain.stderr
    whole = stage.records(way, f'{way}-plain')
    counts: Counter[str] = Counter()
    orphans: list[str] = []
    begun, rounds, repeated = time.monotonic(), 0, 0
    wrong: list[str] = []
    while counts.total() < kills:
        place = f'{way}-{rounds}'
        rounds += 1
        code = 1
        while code != 0:
            running = stage.start(stage.command('run', suite, place, *more), f'{place}.log')
            while counts.total() < kills and running.poll() is None:
                wanted = draw.choice(_WANTED)
                if not _hit(stage, running, wanted, place, draw):
                    continue
                counts[wanted] += 1
                if wanted == 'parent':
                    running.wait()
                    orphans += stage.left_after(5.0)
            code = running.wait()
        found = stage.records(way, place)
        wrong += differences(whole, found)
        repeated += sum(bool(record.cost.get('resumed_at')) for record in found.values())
        orphans += stage.left_after(5.0)
    print(
        f'{way}: {counts.total()} kills ({", ".join(f"{n} {w}" for w, n in counts.items())}) in '
        f'{rounds} runs of {len(whole)} cells, {time.monotonic() - begun:.0f} s; '
        f'{repeated} records of cells that went on from a checkpoint; '
        f'{len(wrong)} differences, {len(orphans)} orphans',
        flush=True,
    )
    for line in (*wrong[:10], *orphans[:10]):
        print(f'  {line[:200]}')
    return 1 if wrong or orphans else 0


def _hit(
    stage: Stage, running: subprocess.Popen[bytes], wanted: str, place: str, draw: random.Random
) -> bool:
    """Kill a process of what runs, at a random moment after its training has begun."""
    end = time.monotonic() + draw.uniform(1.0, 30.0)
    work = stage.folder / place
    while running.poll() is None:
        if wanted == 'writing':
            if any(work.rglob('.checkpoint.*.draft')) or any(work.rglob('runs/*/*/.*.tmp')):
                victims = _of(stage, 'rank')
                return bool(victims) and kill(draw.choice(victims))
            time.sleep(0.002)
        elif time.monotonic() > end and (victims := _of(stage, wanted)):
            return kill(draw.choice(victims))
        elif time.monotonic() > end + 60:  # there is no such process in this way
            return False
        else:
            time.sleep(0.05)
    return False


def _of(stage: Stage, what: str) -> list[psutil.Process]:
    found = _TARGETS[what](stage)
    return found or (stage.workers() if what in ('rank', 'torchrun') else [])


def differences(whole: dict[str, RunRecord], found: dict[str, RunRecord]) -> list[str]:
    """Return what is not bit-equal, cell by cell."""
    told = [f'{name}: has no record' for name in whole.keys() - found.keys()]
    for name, record in found.items():
        for part in ('status', 'scores', 'raw', 'curves', 'proof'):
            mine, other = _plain(record, part), _plain(whole[name], part)
            if mine != other:
                told.append(f'{name}: {part} differs: {str(mine)[:80]} {str(other)[:80]}')
    return told


def _plain(record: RunRecord, part: str) -> Any:
    return getattr(record, part)
