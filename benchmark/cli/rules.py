"""Options of ``regress`` and ``nightly``: how runs are compared with a baseline."""

from __future__ import annotations

import argparse
from argparse import Namespace
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.cli.arguments import day, real
from benchmark.errors import BenchmarkError, unknown_name

if TYPE_CHECKING:
    from benchmark.regression.compare import Comparison, Margin, Rules

CORRECTIONS = ('holm', 'bh', 'none')


def add_rules(parser: argparse.ArgumentParser) -> None:
    """Add the options that decide which differences count."""
    parser.add_argument('--night', type=day, metavar='DATE', help='default: today (UTC)')
    parser.add_argument('--junit', type=Path, metavar='FILE', help='JUnit XML for a CI service')
    parser.add_argument(
        '--accepted', type=Path, metavar='FILE', help='TOML file of accepted shifts'
    )
    parser.add_argument(
        '--margin', nargs='+', default=(), metavar='N%|METRIC=X',
        help='drops to ignore: a share of the baseline, or an absolute value by metric',
    )  # fmt: skip
    parser.add_argument(
        '--correction',
        choices=CORRECTIONS,
        default='holm',
        help='correction for multiple comparisons (default: holm)',
    )
    parser.add_argument(
        '--time-limit',
        type=real,
        default=1.5,
        metavar='RATIO',
        help='largest allowed ratio of run time to that of the baseline (default: 1.5)',
    )
    parser.add_argument(
        '--memory-limit',
        type=real,
        default=1.25,
        metavar='RATIO',
        help='largest allowed ratio of memory to that of the baseline (default: 1.25)',
    )


def night_of(options: Namespace) -> date:
    """Return the day of the night, today (UTC) where none is given."""
    return options.night or datetime.now(UTC).date()


def rules_of(options: Namespace) -> Rules:
    """Return the rules that the options ask for.

    Raises:
        BenchmarkError: a limit or a margin is out of its range.
    """
    from benchmark.regression.accepted import read_accepted
    from benchmark.regression.compare import Rules
    from benchmark.statistics.decisions import Correction, Levels

    for name, limit in (
        ('--time-limit', options.time_limit),
        ('--memory-limit', options.memory_limit),
    ):
        if not limit >= 1:
            raise BenchmarkError(f'{name} is {limit}, must be a ratio from 1')
    return Rules(
        levels=Levels(correction=Correction(options.correction)),
        margin=_margin(options.margin),
        limits={'seconds': options.time_limit, 'memory_mb': options.memory_limit},
        accepted=read_accepted(options.accepted) if options.accepted else (),
    )


def _margin(texts: tuple[str, ...]) -> Margin:
    from benchmark.regression.compare import Margin

    by_metric: dict[str, float] = {}
    share = 0.0
    for text in texts:
        key, equals, number = text.rpartition('=')
        try:
            if equals:
                by_metric[key] = _not_negative(number)
            elif text.endswith('%'):
                share = _not_negative(text.removesuffix('%')) / 100
            else:
                raise ValueError
        except ValueError:
            raise BenchmarkError(
                f"--margin '{text}' must be a share as in 1% or METRIC=X with X from 0"
            ) from None
    return Margin(by_metric, share)


def check_margin(margin: Margin, known: Iterable[str]) -> None:
    """Refuse a margin of a metric that no cell has: it would do nothing."""
    keys = sorted(set(known))
    for key in margin.by_metric:
        if key not in keys:
            raise BenchmarkError(f'--margin {unknown_name("headline metric", key, keys)}')


def _not_negative(text: str) -> float:
    number = float(text)
    if not 0 <= number < float('inf'):
        raise ValueError(text)
    return number


def print_comparison(comparison: Comparison, junit_file: Path | None, *, is_quiet: bool) -> None:
    """Print a comparison and, if requested, write it for a CI service."""
    from benchmark.regression.outputs import junit, summary
    from benchmark.results.store import write_atomically

    if junit_file:
        write_atomically(junit_file, junit(comparison))
    if not is_quiet:
        print(summary(comparison), end='', flush=True)
