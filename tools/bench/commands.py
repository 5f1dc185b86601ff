"""How long commands take, and a plan, the start of a run and a status of very many cells.

    python tools/bench/commands.py [--backbones 300] [--shapes 60] [--seeds 3] [--records 20000]

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
from collections.abc import Callable
from pathlib import Path
from typing import Any

from common import print_table
from invented import SUITE, write

from benchmark import api
from benchmark.catalog import declare_suite, shipped_tasks
from benchmark.launching.campaign import Campaign
from benchmark.launching.ledger import Entry, open_ledger
from benchmark.launching.status import statuses
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
    parser.add_argument('--records', type=int, default=20_000)
    parser.add_argument('--only', choices=('plan', 'records'), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        for row in (_plan if options.only == 'plan' else _records)(options):
            print(' | '.join(map(str, row)), flush=True)
        return
    print_table(('what', 'clock (s)', 'processor (s)', 'memory (MB)'), _rows(options))


def _rows(options: argparse.Namespace) -> Any:
    for command in COMMANDS:
        yield _command(command)
    sizes = [f'--{name}={getattr(options, name)}' for name in ('backbones', 'shapes', 'seeds')]
    for only in ('plan', 'records'):
        call = [sys.executable, __file__, '--only', only, *sizes, f'--records={options.records}']
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
        plan = campaign.split(map(campaign.compiler(resolved).cell, expand(request)))
        row = _row(f'plan of {len(plan.to_do):,} cells, none done', started)
        started = _clocks()
        with open_ledger(store, 's', [Entry(c.spec, c.fingerprint) for c in plan.to_do]):
            begun = _row(f'start of a run of {len(plan.to_do):,} cells', started)
    return [row, begun]


def _shape(number: int) -> Features:
    return Features(
        Architecture.PLAIN_VIT, (192,), (16,), (1.0,) * 3, (2.0,) * 3, 22_000_000 + number, 12
    )


def _records(options: argparse.Namespace) -> list[tuple[object, ...]]:
    """Return the rows of a store with so many records: the first look, and later ones."""
    rows: list[tuple[object, ...]] = []
    with tempfile.TemporaryDirectory() as folder:
        store = ResultStore(Path(folder) / 'r', Path(folder) / 'w')
        count = write(store, options.records // 200, 40, 5, protocols=('finetune',))
        entries = [Entry(r.spec, r.fingerprint) for r in store.records(SUITE)]
        past = time.time() - 60
        for path in store.runs_folder(SUITE).rglob('*.json'):
            os.utime(path, (past, past))
        with open_ledger(store, SUITE, entries):
            for what in ('first status', 'status'):
                rows.append(_apart(f'{what} of {count:,} cells', lambda: statuses(store.work)))
    return rows


def _apart(what: str, do: Callable[[], Any]) -> tuple[object, ...]:
    """Return the row of a call in a forked process, whose memory is its own."""
    reading, writing = os.pipe()
    if (child := os.fork()) == 0:
        started = _clocks()
        do()
        os.write(writing, ' | '.join(map(str, _row(what, started))).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as said:
        row = tuple(said.read().split(' | '))
    os.waitpid(child, 0)
    return row


def _clocks() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _row(what: str, started: tuple[float, float]) -> tuple[object, ...]:
    clock, processor = (b - a for a, b in zip(started, _clocks(), strict=True))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return what, f'{clock:.2f}', f'{processor:.2f}', f'{memory:.0f}'


if __name__ == '__main__':
    main()
