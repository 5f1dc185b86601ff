"""``tbench compare``: is one backbone better than another, and how certain is that?"""

from __future__ import annotations

import argparse
from argparse import Namespace
from pathlib import Path

from benchmark import api
from benchmark.cli.arguments import Subparsers
from benchmark.cli.options import add_results
from benchmark.cli.printing import say

_EXAMPLE = """example:
  tbench compare world-vit-mae world-vit-random --suite quick --protocol finetune
"""


def add_parser(subparsers: Subparsers) -> None:
    """Add the command ``compare``."""
    parser = subparsers.add_parser(
        'compare',
        help='is one backbone better than another? Differences with intervals, from the records',
        description='Compares two backbones task by task, with 95 % intervals over seeds and test '
        'examples. Nothing is run.',
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    for name in ('a', 'b'):
        parser.add_argument(
            name,
            metavar=name.upper(),
            help='a backbone of the records: its id, title or name in the zoo, or a part of one of '
            'these that is unique',
        )
    parser.add_argument(
        '--suite',
        metavar='NAME|FILE',
        help='suite of the records; may be left out if the folder has only one',
    )
    add_results(parser)
    parser.add_argument(
        '--protocol',
        nargs='+',
        default=(),
        metavar='NAME',
        help='protocols to compare under (default: all that both have)',
    )
    parser.add_argument(
        '--tasks', nargs='+', default=(), metavar='TASK', help='tasks to compare on (default: all)'
    )
    parser.add_argument('--json', action='store_true', help='print JSON')
    parser.add_argument('--html', type=Path, metavar='FILE', help='also write an HTML page')
    parser.set_defaults(command=compare)


def compare(options: Namespace) -> int:
    """Print the comparison of two backbones."""
    found = api.compare(
        options.a,
        options.b,
        suite=options.suite,
        results=options.results,
        protocols=options.protocol,
        tasks=options.tasks,
    )
    if options.html:
        from benchmark.results.store import write_atomically

        write_atomically(options.html, found.to_html())
    if options.json:
        print(found.to_json(), end='')
        return 0
    for line in found.lines():
        say(line)
    return 0
