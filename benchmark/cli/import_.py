"""``tbench import``: merge the records of an archive."""

from __future__ import annotations

from argparse import Namespace
from collections import Counter
from pathlib import Path

from benchmark import api
from benchmark.cli.arguments import Subparsers
from benchmark.cli.options import add_results
from benchmark.cli.printing import say


def add_parser(subparsers: Subparsers) -> None:
    """Add the command ``import``."""
    parser = subparsers.add_parser(
        'import', help='merge the records of an archive; nothing is overwritten'
    )
    parser.add_argument(
        'file', type=Path, metavar='FILE', help='archive written by `tbench export`'
    )
    add_results(parser)
    parser.set_defaults(command=import_)


def import_(options: Namespace) -> int:
    """Merge the records of an archive; return 1 if some conflict with existing ones."""
    from benchmark.results.sharing import ImportOutcome

    imported = api.import_records(options.results, options.file)
    counts = Counter(item.outcome for item in imported)
    for item in imported:
        if item.outcome is ImportOutcome.CONFLICT:
            say(f'conflict    {item.path}: {item.detail}; the existing record was kept')
    say(', '.join(f'{counts[outcome]} {outcome}' for outcome in ImportOutcome))
    return 1 if counts[ImportOutcome.CONFLICT] else 0
