"""``tbench nightly``: run a suite with fresh seeds and compare it with a baseline."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from benchmark import api
from benchmark.cli.arguments import Subparsers, whole
from benchmark.cli.options import add_quiet, add_request, add_tracking, place_of, request_of
from benchmark.cli.printing import say
from benchmark.cli.rules import add_rules, print_comparison, rules_of
from benchmark.cli.run import showing_of

_count = whole(1, 500)


def add_parser(subparsers: Subparsers) -> None:
    """Add the command ``nightly``."""
    parser = subparsers.add_parser(
        'nightly', help='run a suite with fresh seeds, compare with a baseline, and report'
    )
    add_request(parser)
    parser.set_defaults(results=Path('results'))
    parser.add_argument(
        '--out', type=Path, default=Path('nightly'), metavar='DIR',
        help='folder of nights, history and canaries (default: ./nightly)',
    )  # fmt: skip
    parser.add_argument('--baseline', type=Path, metavar='DIR', help='default: OUT/baseline')
    parser.add_argument('--seeds', type=_count, default=2, metavar='N', help='seeds per cell')
    parser.add_argument(
        '--confirm',
        type=_count,
        default=4,
        metavar='N',
        help='fresh seeds for each suspicious cell',
    )
    add_rules(parser)
    add_tracking(parser)
    add_quiet(parser)
    parser.set_defaults(command=nightly)


def nightly(options: Namespace) -> int:
    """Run a night and judge it; return 0 fine, 1 regression, 2 could not tell."""
    with showing_of(options) as told:
        night = api.run_night(
            request_of(options, track=options.track, say=told),
            options.out,
            baseline=options.baseline,
            night=options.night,
            seeds=options.seeds,
            confirm=options.confirm,
            rules=rules_of(options),
            **place_of(options),
        )
    print_comparison(night.comparison, options.junit, is_quiet=False)
    if not options.quiet:
        say(f'written: {night.folder}')
    return night.comparison.exit_code
