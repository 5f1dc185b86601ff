"""Train the theory's network in every way and write what each captures.

Usage: python -m studies.feature_capture [--seeds N] [--no-sweeps] [--out DIR]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmark.analysis.writing import write
from benchmark.errors import BenchmarkError
from studies.feature_capture.setting import Setting
from studies.feature_capture.study import SWEEPS, analyse


def main() -> int:
    """Run all trainings and return 0."""
    parser = argparse.ArgumentParser(description=(__doc__ or '').partition('\n')[0])
    parser.add_argument('--seeds', type=int, default=5, metavar='N', help='number of seeds')
    parser.add_argument('--no-sweeps', action='store_true', help='the default setting alone')
    parser.add_argument('--out', type=Path, default=Path('results/analysis'), metavar='DIR')
    options = parser.parse_args()
    if options.seeds < 1:
        raise BenchmarkError(f'--seeds {options.seeds}: at least 1')
    found = analyse(
        Setting(seeds=options.seeds),
        sweeps={} if options.no_sweeps else SWEEPS,
        say=lambda line: print(line, flush=True),
    )
    for path in write(found, options.out):
        print(path)
    return 0


if __name__ == '__main__':
    try:
        sys.exit(main())
    except BenchmarkError as problem:
        print(f'feature_capture: {problem}', file=sys.stderr)
        sys.exit(2)
