"""``tbench status``: the state of the campaigns of a work folder."""

from __future__ import annotations

import json
import time
from argparse import Namespace

from benchmark import api
from benchmark.cli.arguments import Subparsers, positive
from benchmark.cli.board import is_terminal, watch_board
from benchmark.cli.options import add_work
from benchmark.cli.printing import say


def add_parser(subparsers: Subparsers) -> None:
    """Add the command ``status``."""
    parser = subparsers.add_parser('status', help='show what is running, done and failed, and why')
    parser.add_argument('--suite', metavar='NAME', help='default: all suites of the work folder')
    add_work(parser)
    parser.add_argument('--json', action='store_true', help='for programs')
    parser.add_argument(
        '--watch',
        nargs='?',
        type=positive,
        const=5,
        metavar='SECONDS',
        help='on a terminal a board, else the lines again, every SECONDS (default 5) until nothing '
        'runs',
    )
    parser.set_defaults(command=status)


def status(options: Namespace) -> int:
    """Print the state of the campaigns of a work folder."""
    from benchmark.cli.overviews import status_lines

    if options.watch and not options.json and is_terminal():
        watch_board(lambda: api.campaigns(options.work_dir, options.suite), options.watch)
        return 0
    while True:
        found = api.campaigns(options.work_dir, options.suite)
        if options.json:
            plain = {'campaigns': [campaign.to_plain() for campaign in found]}
            print(json.dumps(plain, indent=1, ensure_ascii=False))
        for line in () if options.json else status_lines(found):
            say(line)
        if not found and not options.json:
            say(f'{options.work_dir}: nothing has been run in this work folder')
        if not options.watch or not any(campaign.is_alive for campaign in found):
            return 0
        time.sleep(options.watch)
