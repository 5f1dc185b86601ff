"""Change every kind of file that is read at random, and count what becomes of each change.

    python tools/fuzz_inputs.py [--count 2000] [--seed 0] [--inputs NAME ...]

Declarations, records, archives, histories, tables, caches, leases, checkpoints and what else the
program reads: each changed file must be read, or be refused by one line. Anything else, a
traceback, a hang, or something silently wrong, is a fault. Prints a table and every fault; the exit
code is 1 where there is a fault.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.support.input_fuzzing import FAULTS, INPUTS, Case, case


def main() -> int:
    """Try all inputs in turn and print what became of them."""
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('--count', type=int, default=2000, help='changed files in all')
    parser.add_argument('--seed', type=int, default=0, help='the first of as many seeds')
    parser.add_argument('--inputs', nargs='+', default=list(INPUTS), choices=list(INPUTS))
    parser.add_argument('--minutes', type=float, default=600, help='no case starts after these')
    options = parser.parse_args()
    cases = list(_cases(options))
    _print_table(cases)
    return int(any(one.result in FAULTS for one in cases))


def _cases(options: argparse.Namespace) -> Iterator[Case]:
    end = time.monotonic() + 60 * options.minutes
    with tempfile.TemporaryDirectory(prefix='fuzz-') as folder:
        tempfile.tempdir = folder  # where a fault leaves its traceback
        for number in range(options.count):
            if time.monotonic() > end:
                return
            turn, place = divmod(number, len(options.inputs))
            found = case(options.inputs[place], Path(folder) / 'one', options.seed + turn)
            if found.result in FAULTS:
                print(f'FAULT {found}', flush=True)
            yield found


def _print_table(cases: list[Case]) -> None:
    print('\n| input | changed | read | refused | faults |')
    print('| --- | --: | --: | --: | --: |')
    for name in [*dict.fromkeys(one.source for one in cases), 'all']:
        counts = Counter(one.result for one in cases if name in (one.source, 'all'))
        faults = sum(counts[result] for result in FAULTS)
        print(f'| {name} | {counts.total()} | {counts["read"]} | {counts["refused"]} | {faults} |')


if __name__ == '__main__':
    sys.exit(main())
