"""``tbench regress``: does a set of records say that something got worse?"""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from benchmark import api
from benchmark.cli.arguments import Subparsers
from benchmark.cli.rules import add_rules, print_comparison, rules_of


def add_parser(subparsers: Subparsers) -> None:
    """Add the command ``regress``."""
    parser = subparsers.add_parser(
        'regress', help='does a set of records say that something got worse? 0 no, 1 yes, 2 unclear'
    )
    parser.add_argument(
        '--baseline', type=Path, required=True, metavar='DIR', help='the records to compare with'
    )
    parser.add_argument(
        '--candidate', type=Path, required=True, metavar='DIR', help='the records that are judged'
    )
    parser.add_argument('--suite', metavar='NAME', help='default: the only one in the baseline')
    parser.add_argument(
        '--history', type=Path, metavar='FILE', help='scores of earlier nights, to search for drift'
    )
    parser.add_argument(
        '--append', action='store_true', help='write this night into the file of --history'
    )
    parser.add_argument('--out', type=Path, metavar='DIR', help='text, Markdown, JUnit and JSON')
    parser.add_argument('--json', action='store_true', help='print JSON')
    add_rules(parser)
    parser.set_defaults(command=regress)


def regress(options: Namespace) -> int:
    """Compare two folders of records; return 0 fine, 1 regression, 2 could not tell."""
    comparison = api.regress(
        options.baseline,
        options.candidate,
        suite=options.suite,
        night=options.night,
        history=options.history,
        append=options.append,
        out=options.out,
        **rules_of(options),
    )
    if options.json:
        from benchmark.regression.outputs import to_json

        print(to_json(comparison), end='')
    print_comparison(comparison, options.junit, is_quiet=options.json)
    return comparison.exit_code
