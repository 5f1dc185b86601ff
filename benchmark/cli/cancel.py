"""``tbench cancel``: stop the campaigns of a work folder, on whichever host they are."""

from __future__ import annotations

from argparse import Namespace

from benchmark import api
from benchmark.cli.arguments import Subparsers
from benchmark.cli.options import add_work
from benchmark.cli.printing import say


def add_parser(subparsers: Subparsers) -> None:
    """Add the command ``cancel``."""
    parser = subparsers.add_parser(
        'cancel',
        help='stop all runs of a work folder, on any host; checkpoints are kept',
        epilog='example: tbench cancel --suite quick --work-dir /shared/work',
    )
    parser.add_argument('--suite', metavar='NAME', help='default: all suites of the work folder')
    add_work(parser)
    parser.set_defaults(command=cancel)


def cancel(options: Namespace) -> int:
    """Ask all running campaigns to stop, and print which."""
    found = api.cancel(options.work_dir, options.suite)
    for process in found:
        say(f'asked to stop: process {process}')
    if not found:
        say(f'{options.work_dir}: nothing is running')
    return 0
