"""What a lease costs a cell: the same work with one and without, in pairs.

    python tools/bench/bench_leases.py [--pairs 7] [--seconds 6]

A pair is two runs of the same arithmetic. One holds a lease that is renewed six times in it, as
often as in a cell of 60 s with leases of the usual length; it is also looked at by another process
as often as campaigns look, and checked as when a checkpoint and a result are kept. Seconds are of
the processor, so that other load on the machine does not count. The share is of 60 s.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

from benchmark.execution.locking import exclusive
from benchmark.results.leases import LENGTH, Observer, check_held

CELL = 60.0
_RENEWALS = 6
_PER_LENGTH = 12
_LOOKS = 12
"""Looks at a lease of 120 s in 60 s by a campaign that waits for the cell."""


def main() -> None:
    """Print the pairs and the share."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--pairs', type=int, default=7)
    parser.add_argument('--seconds', type=float, default=6.0)
    options = parser.parse_args()
    # as many renewals as in a whole cell
    os.environ[LENGTH] = str(options.seconds / _RENEWALS * _PER_LENGTH)
    rounds = _rounds(options.seconds)
    costs = []
    for _ in range(options.pairs):
        with tempfile.TemporaryDirectory() as folder:
            plain = _spent(rounds, None)
            leased = _spent(rounds, Path(folder) / 'cell')
        costs.append(leased - plain)
        print(f'without {plain:.4f} s, with {leased:.4f} s, difference {1e3 * costs[-1]:+.1f} ms')
    middle = statistics.median(costs)
    print(f'median {1e3 * middle:+.1f} ms of the processor, {100 * middle / CELL:+.3f} % of 60 s')
    print(f'alone: {_alone():.2f} ms for all that a lease does in 60 s')


def _rounds(seconds: float) -> int:
    """Return how much arithmetic takes about so long by the clock."""
    start, rounds = time.monotonic(), 0
    while time.monotonic() - start < seconds:
        _work(1)
        rounds += 1
    return rounds


def _work(rounds: int) -> None:
    for _ in range(rounds):
        sum(n * n for n in range(20000))


def _spent(rounds: int, folder: Path | None) -> float:
    start = time.process_time()
    if folder is None:
        _work(rounds)
    else:
        observer = Observer()
        with exclusive(folder):
            for _ in range(_LOOKS):
                _work(rounds // _LOOKS)
                observer.is_held(folder)
            _work(rounds % _LOOKS)
            check_held()
            check_held()
    return time.process_time() - start


def _alone() -> float:
    """Return the milliseconds of the processor of taking, renewing, looking and giving back."""
    repeats = 20
    with tempfile.TemporaryDirectory() as place:
        start = time.process_time()
        for number in range(repeats):
            folder, observer = Path(place) / str(number), Observer()
            with exclusive(folder) as lease:
                for _ in range(_RENEWALS):
                    lease.renew()
                    assert lease.is_mine
                for _ in range(_LOOKS):
                    observer.is_held(folder)
                check_held()
                check_held()
        return 1e3 * (time.process_time() - start) / repeats


if __name__ == '__main__':
    main()
