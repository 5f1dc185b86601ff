"""What commands take on a store of very many records: plan, start and end of a run, status, report.

    python tools/bench/store.py [--records 20000] [--done 0.95] [--keep FOLDER]

The suite is of all shipped tasks, with data that are invented by their digest alone, and of
backbones that are invented as well; that share of its cells has a record, as large as those of real
runs. Each row is a process of its own: the first look reads every record and leaves the index,
later ones find it. Seconds on the clock and of the processor, with the memory of the whole process.
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
from invented import write_cells

from benchmark import api
from benchmark.catalog import declare_suite, shipped_tasks
from benchmark.launching.campaign import Campaign
from benchmark.launching.ledger import Entry, open_ledger
from benchmark.launching.status import statuses
from benchmark.planning import Plan, Request, ResolvedInputs, expand
from benchmark.planning.cells import Cell, Inspected
from benchmark.report.writing import load_content, render
from benchmark.results.gathered import Records
from benchmark.results.store import ResultStore
from benchmark.specs import Architecture, Features

SUITE = 'invented'
_SEEDS = 5
_STEPS = ('first plan', 'plan', 'start of a run', 'end of a run', 'status', 'report')


def main() -> None:
    """Write the records and print a row for each step."""
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('--records', type=int, default=20_000)
    parser.add_argument('--done', type=float, default=0.95, help='share of cells with a record')
    parser.add_argument('--keep', type=Path, help='a folder for the store, which stays')
    parser.add_argument('--step', choices=_STEPS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        print(' | '.join(_measured(options)))
        return
    with tempfile.TemporaryDirectory() as folder:
        place = options.keep or Path(folder)
        if not (place / 'r').is_dir():
            _fill(_campaign(place, options.records), options.done)
        head = ('what', 'clock (s)', 'processor (s)', 'memory (MB)')
        print_table(head, (_row(options, place, step) for step in _STEPS))


def _row(options: argparse.Namespace, place: Path, step: str) -> list[str]:
    command = [sys.executable, __file__, '--step', step, '--keep', str(place)]
    command += [f'--records={options.records}', f'--done={options.done}']
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return said.strip().split(' | ')


def _measured(options: argparse.Namespace) -> list[str]:
    """Return the row of a step; what all steps import is paid for before."""
    campaign = _campaign(options.keep, options.records)
    start = time.perf_counter(), time.process_time()
    steps: dict[str, Callable[[Campaign], Any]] = {
        'first plan': _plan,
        'plan': _plan,
        'start of a run': _begin,
        'end of a run': _end,
        'status': lambda own: [x.to_plain() for x in statuses(own.store.work)],
        'report': lambda own: render(load_content(own.store, SUITE), ('md', 'csv', 'json')),
    }
    found = steps[options.step](campaign)
    clock, busy = time.perf_counter() - start[0], time.process_time() - start[1]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    del found
    cells = len(expand(campaign.request))
    return [f'{options.step}, {cells:,} cells', f'{clock:.2f}', f'{busy:.2f}', f'{memory:.0f}']


def _campaign(place: Path, records: int) -> Campaign:
    """Return a campaign of so many cells, whose data and backbones are invented."""
    tasks = tuple(shipped_tasks())
    content = {'name': SUITE, 'title': 'Invented', 'tasks': tasks, 'protocols': ('finetune',)}
    suite = declare_suite({**content, 'seeds': tuple(range(_SEEDS))})
    count = max(1, round(records / len(tasks) / _SEEDS))
    backbones = [
        api.get_backbone({'name': f'b{i}', 'source': f'timm:vit_{i}', 'random': True})
        for i in range(count)
    ]
    request = Request.read(suite, backbones=backbones)
    return Campaign(request, ResultStore(place / 'r', place / 'w'), place / 'd')


def _cells(campaign: Campaign) -> list[Cell]:
    place, tasks = campaign.data_root, [task.name for task in campaign.request.tasks]
    resolved = ResolvedInputs(
        dict.fromkeys(tasks, place),
        {task: f'{number:064x}' for number, task in enumerate(tasks)},
        {
            backbone.id: Inspected(_shape(number % 20), None, 1.0)
            for number, backbone in enumerate(campaign.request.backbones)
        },
    )
    compiler = campaign.compiler(resolved, 'gpu')
    return [compiler.cell(spec) for spec in expand(campaign.request)]


def _shape(number: int) -> Features:
    return Features(
        Architecture.PLAIN_VIT, (192,), (16,), (1.0,) * 3, (2.0,) * 3, 22_000_000 + number, 12
    )


def _fill(campaign: Campaign, done: float) -> None:
    """Write the records, and a campaign that was interrupted."""
    cells = _cells(campaign)
    entries = [Entry(cell.spec, cell.fingerprint) for cell in cells]
    write_cells(campaign.store, SUITE, entries[: round(len(cells) * done)])
    past = time.time() - 60  # the index trusts no file of this very moment
    for path in campaign.store.runs_folder(SUITE).rglob('*.json'):
        os.utime(path, (past, past))
    with open_ledger(campaign.store, SUITE, entries):
        pass


def _plan(campaign: Campaign) -> Plan:
    return campaign.split(_cells(campaign))


def _begin(campaign: Campaign) -> Plan:
    """Do what a run does before its first cell, apart from a look at the data."""
    plan = _plan(campaign)
    campaign.take_over(plan)
    with campaign._ledger(plan):
        return plan


def _end(campaign: Campaign) -> object:
    """Plan, which is no part of the end, and then gather all records and look for odd scores."""
    found = api._in_order(campaign, _plan(campaign), Records())
    return found, api._flags(campaign, found)


if __name__ == '__main__':
    main()
