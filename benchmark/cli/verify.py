"""``tbench verify``: accept or refuse bundles, with reasons."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from benchmark import api
from benchmark.cli.arguments import Subparsers, real
from benchmark.cli.printing import say


def add_parser(subparsers: Subparsers) -> None:
    """Add the command ``verify``."""
    parser = subparsers.add_parser(
        'verify', help='check bundles written by `tbench submit`; runs nothing'
    )
    parser.add_argument(
        'bundles', nargs='+', type=Path, metavar='BUNDLE', help='ZIP files or folders'
    )
    parser.add_argument(
        '--own',
        type=Path,
        metavar='RESULTS',
        help='results folder with your own runs; runs that agree with them get the badge re-run',
    )
    parser.add_argument(
        '--tolerance',
        type=real,
        default=0.0,
        metavar='X',
        help='largest allowed difference from the score of your own run, in the units of the '
        'tables (default: 0)',
    )
    parser.set_defaults(command=verify)


def verify(options: Namespace) -> int:
    """Print the verdict on each bundle; return 1 when one is refused."""
    verdicts = [
        api.verify(path, own=options.own, tolerance=options.tolerance) for path in options.bundles
    ]
    for verdict in verdicts:
        for line in verdict.lines():
            say(line)
    return 0 if all(verdict.is_accepted for verdict in verdicts) else 1
