"""``tbench site``: a static site of leaderboards."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from benchmark import api
from benchmark.cli.arguments import Subparsers
from benchmark.cli.printing import say


def add_parser(subparsers: Subparsers) -> None:
    """Add the command ``site``."""
    parser = subparsers.add_parser(
        'site', help='build a static site of leaderboards from results folders and bundles'
    )
    parser.add_argument(
        'sources',
        nargs='+',
        type=Path,
        metavar='RESULTS',
        help='results folders, and bundles of `tbench submit`, which are verified',
    )
    parser.add_argument(
        '--out', type=Path, required=True, metavar='DIR', help='the folder to write the site to'
    )
    parser.add_argument(
        '--suites', nargs='+', default=(), metavar='NAME', help='only these suites (default: all)'
    )
    parser.add_argument(
        '--title', default='Leaderboards', metavar='TEXT', help='heading (default: Leaderboards)'
    )
    parser.add_argument(
        '--work-dir',
        type=Path,
        metavar='DIR',
        help='work folder with pictures of predictions, to show them too (default: none)',
    )
    parser.set_defaults(command=site)


def site(options: Namespace) -> int:
    """Build a site."""
    built = api.site(
        options.sources,
        options.out,
        suites=options.suites,
        title=options.title,
        work_dir=options.work_dir,
    )
    for line in built.lines():
        say(line)
    return 0
