"""``tbench export`` and ``tbench import``: options, and one call each."""

from __future__ import annotations

import argparse
from argparse import Namespace
from collections import Counter
from pathlib import Path

from benchmark import api


def add_export_options(parser: argparse.ArgumentParser) -> None:
    """Add what ``export`` asks for, but for the results folder."""
    parser.add_argument('suite', metavar='SUITE', help='name as below RESULTS/runs')
    parser.add_argument('file', type=Path, metavar='FILE', help='the archive (ZIP) to write')
    parser.set_defaults(command=export)


def add_import_options(parser: argparse.ArgumentParser) -> None:
    """Add what ``import`` asks for, but for the results folder."""
    parser.add_argument('file', type=Path, metavar='FILE', help='an archive of `tbench export`')
    parser.set_defaults(command=import_)


def export(options: Namespace) -> int:
    """Pack the records of a suite into one archive."""
    count = api.export_records(options.results, options.suite, options.file)
    print(f'{options.file}: {count} records of suite {options.suite}')
    return 0


def import_(options: Namespace) -> int:
    """Merge the records of an archive; return 1 when some conflict with those that are here."""
    from benchmark.results.sharing import ImportOutcome

    imported = api.import_records(options.results, options.file)
    counts = Counter(item.outcome for item in imported)
    for item in imported:
        if item.outcome is ImportOutcome.CONFLICT:
            print(f'conflict    {item.path}: {item.detail}; the one here was kept')
    print(', '.join(f'{counts[outcome]} {outcome}' for outcome in ImportOutcome))
    return 1 if counts[ImportOutcome.CONFLICT] else 0
