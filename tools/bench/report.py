"""Time and memory from many records on disk to all tables of their report.

    python tools/bench/report.py [--backbones 250] [--tasks 40] [--seeds 5]

Two protocols are run by every backbone, so the default makes 100,000 records, as large as those
of real runs. Each line is a fresh process: the first reads every file, as after an import, the
others find the index that the first has left, as every later report does. Seconds are on the clock
and of the processor, from the records on disk to the texts of all tables.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from invented import SUITE, write

from benchmark.report.writing import load_content, render
from benchmark.results.store import ResultStore

TABLES = ('md', 'csv', 'tex', 'paper', 'json')


def main() -> None:
    """Print seconds of each step and peak memory, without and with an index."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--backbones', type=int, default=250)
    parser.add_argument('--tasks', type=int, default=40)
    parser.add_argument('--seeds', type=int, default=5)
    parser.add_argument('--measure', type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(_measured(ResultStore(options.measure / 'results', options.measure / 'work')))
        return
    with tempfile.TemporaryDirectory() as folder:
        store = ResultStore(Path(folder) / 'results', Path(folder) / 'work')
        size = (options.backbones, options.tasks, options.seeds)
        count = write(store, *size, protocols=('finetune', 'frozen'))
        print(f'{count:,} records, {_size(store) / 1e6:,.0f} MB')
        for name in ('without an index', 'with it', 'with it, again'):
            command = [sys.executable, __file__, '--measure', folder]
            line = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            print(f'{name:17} {line}', end='')


def _measured(store: ResultStore) -> str:
    """Return what it took to read, count, reckon and write, as a line."""
    import scipy.stats  # noqa: F401  (a command pays for it once, whatever it reports)

    start = _clocks()
    content = load_content(store, SUITE)
    middle = _clocks()
    texts = render(content, TABLES)
    end = _clocks()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    size = sum(len(text) for text in texts.values()) / 1e6
    return (
        f'{_span(start, end)}, {memory:.0f} MiB for {size:.0f} MB of tables '
        f'(leaderboards {_span(start, middle)}; statistics and tables {_span(middle, end)})'
    )


def _clocks() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _span(start: tuple[float, float], end: tuple[float, float]) -> str:
    """Return seconds on the clock, and of the processor, which a busy machine changes less."""
    wall, busy = (b - a for a, b in zip(start, end, strict=True))
    return f'{wall:.2f} s / {busy:.2f} s'


def _size(store: ResultStore) -> int:
    return sum(path.stat().st_size for path in store.runs_folder(SUITE).rglob('*.json'))


if __name__ == '__main__':
    main()
