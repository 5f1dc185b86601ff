"""How long commands take, and a plan and the start of a run of very many cells.

    python tools/bench/commands.py [--backbones 300] [--shapes 60] [--seeds 3]

Commands run in fresh processes. The plans are of all shipped tasks, with data that are invented by
their digest alone: what is measured is the planning. ``--shapes`` is how many different shapes the
backbones have; alike ones are compiled once. Seconds on the clock and of the processor.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from common import print_table

from benchmark import api
from benchmark.catalog import declare_suite, shipped_tasks
from benchmark.launching.campaign import Campaign
from benchmark.launching.ledger import Entry, open_ledger
from benchmark.planning import Request, ResolvedInputs, expand
from benchmark.planning.cells import Inspected
from benchmark.results.store import ResultStore
from benchmark.specs import Architecture, Features

COMMANDS = (
    ('--help',), ('list', 'tasks'), ('list', 'backbones'), ('list', 'suites'), ('status',),
    ('plan', '--suite', 'vfm', '--data-root', 'no-such-folder'),
    ('check', 'backbone', 'timm:vit_small_patch16_224+random'),
)  # fmt: skip
_REPEATS = 3


def main() -> None:
    """Measure and print a row each; those of the large plan in processes of their own."""
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('--backbones', type=int, default=300)
    parser.add_argument('--shapes', type=int, default=60)
    parser.add_argument('--seeds', type=int, default=3)
    parser.add_argument('--only', choices=('plan',), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        for row in _plan(options):
            print(' | '.join(map(str, row)), flush=True)
        return
    print_table(('what', 'clock (s)', 'processor (s)', 'memory (MB)'), _rows(options))


def _rows(options: argparse.Namespace) -> Any:
    for command in COMMANDS:
        yield _command(command)
    sizes = [f'--{name}={getattr(options, name)}' for name in ('backbones', 'shapes', 'seeds')]
    call = [sys.executable, __file__, '--only', 'plan', *sizes]
    said = subprocess.run(call, check=True, capture_output=True, text=True).stdout
    yield from (line.split(' | ') for line in said.splitlines())


def _command(command: tuple[str, ...]) -> tuple[object, ...]:
    """Return the fewest seconds of a command, which other work on the machine disturbs least."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(_REPEATS):
            start, before = time.perf_counter(), _children()
            subprocess.run(
                [sys.executable, '-m', 'benchmark', *command],
                cwd=folder,
                check=False,
                capture_output=True,
                env={**os.environ, 'OMP_NUM_THREADS': '1'},
            )
            found.append((time.perf_counter() - start, _children() - before))
    clock, processor = (min(values) for values in zip(*found, strict=True))
    return f'`tbench {" ".join(command)}`', f'{clock:.2f}', f'{processor:.2f}', ''


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _plan(options: argparse.Namespace) -> list[tuple[object, ...]]:
    tasks = tuple(shipped_tasks())
    seeds = tuple(range(options.seeds))
    suite = declare_suite(
        {'name': 's', 'title': 's', 'tasks': tasks, 'protocols': ('finetune',), 'seeds': seeds}
    )
    backbones = [
        api.get_backbone({'name': f'b{i}', 'source': f'timm:vit_{i}', 'random': True})
        for i in range(options.backbones)
    ]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        started = _clocks()
        request = Request.read(suite, backbones=backbones)
        store = ResultStore(place / 'r', place / 'w')
        campaign = Campaign(request, store, place / 'd')
        resolved = ResolvedInputs(
            dict.fromkeys(tasks, place),
            {task: f'{number:064x}' for number, task in enumerate(tasks)},
            {
                b.id: Inspected(_shape(i % options.shapes), None, 1.0)
                for i, b in enumerate(backbones)
            },
        )
        plan = campaign.split(map(campaign.compiler(resolved, 'gpu').cell, expand(request)))
        row = _row(f'plan of {len(plan.to_do):,} cells, none done', started)
        started = _clocks()
        with open_ledger(store, 's', [Entry(c.spec, c.fingerprint) for c in plan.to_do]):
            begun = _row(f'start of a run of {len(plan.to_do):,} cells', started)
    return [row, begun]


def _shape(number: int) -> Features:
    return Features(
        Architecture.PLAIN_VIT, (192,), (16,), (1.0,) * 3, (2.0,) * 3, 22_000_000 + number, 12
    )


def _clocks() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _row(what: str, started: tuple[float, float]) -> tuple[object, ...]:
    clock, processor = (b - a for a, b in zip(started, _clocks(), strict=True))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return what, f'{clock:.2f}', f'{processor:.2f}', f'{memory:.0f}'


if __name__ == '__main__':
    main()
