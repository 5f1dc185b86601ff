"""How runs are judged against a baseline: the options of ``regress`` and ``nightly``."""

from __future__ import annotations

import argparse
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.cli.arguments import day, real

if TYPE_CHECKING:
    from benchmark.regression.compare import Comparison

CORRECTIONS = ('holm', 'bh', 'none')


def add_rules(parser: argparse.ArgumentParser) -> None:
    """Add what decides whether a difference counts."""
    parser.add_argument('--night', type=day, metavar='DATE', help='default: today (UTC)')
    parser.add_argument('--junit', type=Path, metavar='FILE', help='JUnit XML for a CI service')
    parser.add_argument(
        '--accepted', type=Path, metavar='FILE', help='TOML file of shifts that are right'
    )
    parser.add_argument(
        '--margin', nargs='+', default=(), metavar='N%|METRIC=X',
        help='drops that do not matter: a share of the baseline, or absolute by metric',
    )  # fmt: skip
    parser.add_argument(
        '--correction',
        choices=CORRECTIONS,
        default='holm',
        help='for many comparisons at once (default: holm)',
    )
    parser.add_argument(
        '--time-limit',
        type=real,
        default=1.5,
        metavar='RATIO',
        help='how many times as long as in the baseline is too slow (default: 1.5)',
    )
    parser.add_argument(
        '--memory-limit',
        type=real,
        default=1.25,
        metavar='RATIO',
        help='how many times as much memory as in the baseline is too much (default: 1.25)',
    )


def rules_of(options: Namespace) -> dict[str, Any]:
    """Return the rules that the options ask for, as :func:`benchmark.api.regress` takes them."""
    names = ('accepted', 'margin', 'correction', 'time_limit', 'memory_limit')
    return {name: getattr(options, name) for name in names}


def print_comparison(comparison: Comparison, junit_file: Path | None, *, is_quiet: bool) -> None:
    """Print a comparison and write it for a CI service, where that is asked for."""
    from benchmark.regression.outputs import junit, summary
    from benchmark.results.store import write_atomically

    if junit_file:
        write_atomically(junit_file, junit(comparison))
    if not is_quiet:
        print(summary(comparison), end='', flush=True)
