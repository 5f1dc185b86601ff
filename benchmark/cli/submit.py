"""``tbench submit``: a bundle of a suite's records that others can check."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from benchmark import api
from benchmark.cli.arguments import Subparsers
from benchmark.cli.options import add_results
from benchmark.cli.printing import say


def add_parser(subparsers: Subparsers) -> None:
    """Add the command ``submit``."""
    parser = subparsers.add_parser(
        'submit', help='pack the records of a suite and their proofs into a bundle for submission'
    )
    parser.add_argument(
        'suite', metavar='SUITE', help='suite: NAME, NAME@VERSION or declaration file'
    )
    parser.add_argument(
        'out', type=Path, metavar='OUT', help='bundle to write: FILE.zip, or a new folder'
    )
    add_results(parser)
    parser.add_argument(
        '--backbones',
        nargs='+',
        default=(),
        metavar='ID',
        help='submit only these, by id or title (default: all with records)',
    )
    parser.add_argument(
        '--partial',
        action='store_true',
        help='allow whole cells (not single seeds) to be missing; the bundle says so',
    )
    parser.set_defaults(command=submit)


def submit(options: Namespace) -> int:
    """Write a bundle."""
    verdict = api.submit(
        options.suite,
        options.out,
        results=options.results,
        backbones=options.backbones,
        partial=options.partial,
    )
    for line in verdict.lines():
        say(line)
    return 0
