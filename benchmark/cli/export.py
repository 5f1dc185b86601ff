"""``tbench export``: the records of a suite in one archive."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from benchmark import api
from benchmark.cli.arguments import Subparsers
from benchmark.cli.options import add_results
from benchmark.cli.printing import say


def add_parser(subparsers: Subparsers) -> None:
    """Add the command ``export``."""
    parser = subparsers.add_parser('export', help='pack the records of a suite into one archive')
    parser.add_argument('suite', metavar='SUITE', help='name as below RESULTS/runs')
    parser.add_argument('file', type=Path, metavar='FILE', help='the archive (ZIP) to write')
    add_results(parser)
    parser.set_defaults(command=export)


def export(options: Namespace) -> int:
    """Pack the records of a suite into one archive."""
    count = api.export_records(options.results, options.suite, options.file)
    say(f'{options.file}: {count} records of suite {options.suite}')
    return 0
