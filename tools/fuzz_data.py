"""Change fake copies of data sets at random, and count what becomes of each change.

    python tools/fuzz_data.py [--count 100] [--seed 0] [--cells 5] [--sources NAME ...]

Each mutated copy is looked at by `check data --full`, scored by the trivial predictor, and its
samples are loaded; some of each source are trained on for two iterations and tested. A copy must
give the samples and the score of the copy that was not changed, or be refused by name; only changes
after which the data mean something else may give another score. Prints a table and every fault; the
exit code is 1 where there is a fault.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.support.fuzzing import FAULTS, SOURCES, Case, Source
from tests.support.mutations import MUTATIONS


def main() -> int:
    """Run all cases and print what became of them."""
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('--count', type=int, default=100, help='mutations of each source')
    parser.add_argument('--seed', type=int, default=0, help='the first of as many seeds')
    parser.add_argument('--cells', type=int, default=4, help='cells of each source')
    parser.add_argument('--sources', nargs='+', default=SOURCES)
    parser.add_argument('--minutes', type=float, default=600, help='no case starts after these')
    parser.add_argument('--out', type=Path, help='a file for all cases, one JSON object per line')
    parser.add_argument('--table', nargs='+', type=Path, help='only print what such files hold')
    options = parser.parse_args()
    if options.table:
        rows = [line for path in options.table for line in path.read_text().splitlines()]
        _print_table([Case(**json.loads(row)) for row in rows])
        return 0
    cases = list(_cases(options))
    _print_table(cases)
    return int(any(case.result in FAULTS for case in cases))


def _cases(options: argparse.Namespace) -> Iterator[Case]:
    """Yield the cases, the sources in turn, as long as there is time."""
    end = time.monotonic() + 60 * options.minutes
    step = max(1, options.count // options.cells) if options.cells else options.count + 1
    with tempfile.TemporaryDirectory() as folder:
        sources: dict[str, Source] = {}
        for number in range(options.count):
            for name in options.sources:
                if time.monotonic() > end:
                    return
                if name not in sources:
                    sources[name] = Source(name, Path(folder) / name / 'data')
                trains = number % step == step - 1
                case = sources[name].case(options.seed + number, trains=trains)
                if case.result in FAULTS:
                    print(f'FAULT {case}', flush=True)
                if options.out:
                    with options.out.open('a') as file:
                        file.write(json.dumps(case._asdict()) + '\n')
                yield case


def _print_table(cases: list[Case]) -> None:
    """Print same / refused / warned / other / faults of each kind of mutation and each source."""
    sources = list(dict.fromkeys(case.source for case in cases))
    print('\n| mutation | ' + ' | '.join([*sources, 'all']) + ' |')
    print('| --- |' + ' --- |' * (len(sources) + 1))
    for kind in [*MUTATIONS, 'all']:
        own = [case for case in cases if kind in (case.kind, 'all')]
        cells = [_counted([c for c in own if c.source == s]) for s in sources]
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
