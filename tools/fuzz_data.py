"""Change fake copies of data sets at random, and count what becomes of each change.

    python tools/fuzz_data.py [--count 100] [--seed 0] [--cells 5] [--sources NAME ...]

Each mutated copy is looked at by `check data --full`, scored by the trivial predictor and its
samples are loaded; of each source some are trained on for two iterations and tested. A copy must give the
samples and the score of the copy that was not changed, or be refused by name; only changes after
which the data mean something else may give another score. Prints a table and every fault; the exit
code is the number of faults, at most 1.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.support.fuzzing import FAULTS, SOURCES, Case, Source
from tests.support.mutations import MUTATIONS


def main() -> int:
    """Run all cases and print what became of them."""
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('--count', type=int, default=100, help='mutations of each source')
    parser.add_argument('--seed', type=int, default=0, help='the first of as many seeds')
    parser.add_argument('--cells', type=int, default=5, help='cells of each source')
    parser.add_argument('--sources', nargs='+', default=SOURCES)
    parser.add_argument('--out', type=Path, help='a file for all cases, one JSON object per line')
    options = parser.parse_args()
    cases: list[Case] = []
    for name in options.sources:
        began = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            source = Source(name, Path(folder) / 'data')
            step = max(1, options.count // options.cells) if options.cells else 0
            for seed in range(options.seed, options.seed + options.count):
                trains = bool(step) and seed % step == 0
                cases.append(source.case(seed, trains=trains))
                if options.out:
                    with options.out.open('a') as file:
                        file.write(json.dumps(cases[-1]._asdict()) + '\n')
                if cases[-1].result in FAULTS:
                    print(f'FAULT {cases[-1]}', flush=True)
        own = Counter(case.result for case in cases if case.source == name)
        took = time.perf_counter() - began
        print(f'{name}: {dict(own)}, {took:.0f} s', flush=True)
    _print_table(cases, source_kinds={name: name for name in options.sources})
    return int(any(case.result in FAULTS for case in cases))


def _print_table(cases: list[Case], source_kinds: dict[str, str]) -> None:
    """Print same / refused / warned / other / faults of each kind of mutation and each source."""
    sources = list(dict.fromkeys(source_kinds[case.source] for case in cases))
    print('\n| mutation | ' + ' | '.join([*sources, 'all']) + ' |')
    print('| --- |' + ' --- |' * (len(sources) + 1))
    for kind in [*MUTATIONS, 'all']:
        own = [case for case in cases if kind in (case.kind, 'all')]
        cells = [_counted([c for c in own if source_kinds[c.source] == s]) for s in sources]
        print(f'| {kind} | ' + ' | '.join([*cells, _counted(own)]) + ' |')


def _counted(cases: list[Case]) -> str:
    counts = Counter(case.result for case in cases)
    faults = sum(counts[name] for name in FAULTS)
    if not cases:
        return ''
    said = f'{counts["same"]} / {counts["refused"]} / {counts["warned"]} / {counts["other"]}'
    return f'{said} / **{faults}**' if faults else said


if __name__ == '__main__':
    sys.exit(main())
