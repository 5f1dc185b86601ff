"""Choose a suite's learning rates: one small sweep for every backbone, scored on validation.

Usage: python tools/sweep_rates.py SUITE --rates R [R ...] [--backbones ID ...] [--tasks T ...]
       [--seed N] [--data-root DIR] [--out DIR] [--work-dir DIR] [--jobs N]

Every backbone of the suite is fine-tuned on every task at every rate and scored on the split
`val`. A task's rate is the one at which the backbones lose least on average, each measured
against its own best of the sweep; it then serves them all, and what each loses by that is told.
Writes OUT/SUITE.csv with every trial's score. The same command again runs only what is missing.
"""

from __future__ import annotations

import argparse
import csv
import io
import statistics
import sys
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

from benchmark.errors import BenchmarkError
from benchmark.launching.campaign import Campaign
from benchmark.launching.executors.base import Executor
from benchmark.launching.executors.local import LocalExecutor
from benchmark.planning import Request
from benchmark.planning.selection import trial
from benchmark.results.records import RunRecord
from benchmark.results.store import ResultStore, write_atomically

PROTOCOL = 'finetune'
_FIELDS = ('task', 'backbone', 'metric', 'higher_is_better', 'rate', 'seed', 'score')


class Trial(NamedTuple):
    """One score of the sweep, on the validation split."""

    task: str
    backbone: str
    metric: str
    higher_is_better: bool
    rate: float
    seed: int
    score: float


def sweep(options: argparse.Namespace, executor: Executor) -> list[Trial]:
    """Return the trials of all rates, running what is missing.

    Raises:
        BenchmarkError: the request is wrong, or a cell failed.
    """
    request = Request.read(
        options.suite,
        backbones=options.backbones,
        tasks=options.tasks,
        protocols=(PROTOCOL,),
        seeds=(options.seed,),
    )
    store = ResultStore(options.work_dir / 'records', options.work_dir)
    found: list[Trial] = []
    for rate in options.rates:
        campaign = Campaign(
            trial(request, f'{request.suite.name}-lr{rate:g}', {'lr': rate}),
            store,
            options.data_root,
            say=lambda line: print(line, flush=True),
        )
        plan = campaign.prepare(executor)
        fresh = campaign.run(executor, plan)
        suite = campaign.request.suite.name
        done = [store.find(suite, cell.spec, cell.fingerprint) for cell in plan.done]
        found += [_trial(record, rate) for record in (*fresh, *filter(None, done))]
    return sorted(found)


def _trial(record: RunRecord, rate: float) -> Trial:
    if not record.is_ok:
        raise BenchmarkError(f'{record.spec.id} at {rate:g}: {record.error}')
    metric = next(m for m in record.task['metrics'] if m['key'] == record.primary)
    return Trial(
        record.spec.task,
        record.spec.backbone,
        record.primary,
        metric['higher_is_better'],
        rate,
        record.spec.seed,
        record.scores[record.primary],
    )


def shortfalls(trials: list[Trial]) -> dict[float, dict[str, float]]:
    """Return, per rate and backbone, the percentage by which the score misses its own best."""
    sign = 1 if trials[0].higher_is_better else -1
    best: dict[str, float] = {}
    for item in trials:
        best[item.backbone] = max(best.get(item.backbone, -float('inf')), sign * item.score)
    lost: dict[float, dict[str, float]] = defaultdict(dict)
    for item in trials:
        top = best[item.backbone]
        lost[item.rate][item.backbone] = 100 * (top - sign * item.score) / max(abs(top), 1e-9)
    return lost


def choose(lost: dict[float, dict[str, float]]) -> float:
    """Return the rate with the smallest mean shortfall; the smaller rate on a tie."""
    return min(sorted(lost), key=lambda rate: statistics.fmean(lost[rate].values()))


def to_csv(trials: list[Trial]) -> str:
    """Return the trials as CSV, scores in canonical units and full precision."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator='\n')
    writer.writerow(_FIELDS)
    writer.writerows(trials)
    return text.getvalue()


def main() -> int:
    """Run the sweep, write the trials and print the choice per task."""
    parser = argparse.ArgumentParser(description=(__doc__ or '').partition('\n')[0])
    parser.add_argument('suite')
    parser.add_argument('--rates', nargs='+', type=float, required=True)
    parser.add_argument('--backbones', nargs='+', default=())
    parser.add_argument('--tasks', nargs='+', default=())
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--data-root', type=Path, default=Path('data'))
    parser.add_argument('--out', type=Path, default=Path('results/sweeps'))
    parser.add_argument('--work-dir', type=Path, default=Path('work_dirs'))
    parser.add_argument('--jobs', type=int)
    options = parser.parse_args()
    with LocalExecutor(options.jobs) as executor:
        trials = sweep(options, executor)
    by_task: dict[str, list[Trial]] = defaultdict(list)
    for item in trials:
        by_task[item.task].append(item)
    for task, own in by_task.items():
        lost = shortfalls(own)
        rate = choose(lost)
        worst = max(lost[rate], key=lambda name: lost[rate][name])
        mean = statistics.fmean(lost[rate].values())
        print(
            f'{task}: lr {rate:g}; backbones lose {mean:.1f} % of their own best on average, '
            f'{worst} most: {lost[rate][worst]:.1f} %'
        )
    write_atomically(options.out / f'{Path(options.suite).stem}.csv', to_csv(trials))
    return 0


if __name__ == '__main__':
    try:
        sys.exit(main())
    except BenchmarkError as problem:
        print(f'sweep_rates: {problem}', file=sys.stderr)
        sys.exit(2)
