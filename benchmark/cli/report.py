"""``tbench report``: tables and a page from the records of a suite."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from benchmark import api
from benchmark.cli.arguments import Subparsers
from benchmark.cli.options import add_results, add_work
from benchmark.cli.printing import say


def add_parser(subparsers: Subparsers) -> None:
    """Add the command ``report``."""
    parser = subparsers.add_parser('report', help='write tables and a page from the records')
    parser.add_argument(
        '--suite',
        required=True,
        metavar='NAME|FILE',
        help='the suite whose records are reported; a name that only records have, as after '
        '`tbench import`, will do',
    )
    add_results(parser)
    add_work(parser)
    parser.add_argument('--out', type=Path, metavar='DIR', help='default: RESULTS/tables')
    parser.add_argument(
        '--format',
        nargs='+',
        metavar='FORMAT',
        help='of md csv tex paper json html (default: md csv html)',
    )
    parser.add_argument(
        '--backbones',
        nargs='+',
        default=(),
        metavar='[NAME=]ID',
        help='show these alone, by title or id, and call them NAME (default: all)',
    )
    parser.add_argument(
        '--tasks', nargs='+', default=(), metavar='TASK', help='show these alone (default: all)'
    )
    parser.add_argument(
        '--protocols',
        nargs='+',
        default=(),
        metavar='PROTOCOL',
        help='show these alone (default: all)',
    )
    parser.add_argument(
        '--pictures',
        choices=('beside', 'inside', 'none'),
        default='beside',
        help='where the pictures of the page are: beside it in the folder NAME_pictures (the '
        'default; the page stays below 2 MB), inside (one file of up to 25 MB), or none',
    )
    parser.add_argument(
        '--reference',
        metavar='BACKBONE',
        help='show the differences of all scores to this one, by its title or id',
    )
    parser.add_argument(
        '--normaliser',
        type=Path,
        metavar='FILE',
        help="declaration of the scale of aggregates (default: the project's own)",
    )
    parser.add_argument(
        '--baselines',
        type=Path,
        metavar='FILE.csv',
        help='published rows to show below the others with their citations: columns backbone, '
        'task, value and citation, and protocol and metric where you like',
    )
    parser.add_argument(
        '--history', type=Path, metavar='FILE', help="nights that 'tbench nightly' wrote, to draw"
    )
    literature = parser.add_mutually_exclusive_group()
    literature.add_argument(
        '--published', action='store_true', help='only what papers and official code report'
    )
    literature.add_argument(
        '--check',
        action='store_true',
        help='write nothing; exit 1 and name the files that are out of date',
    )
    literature.add_argument(
        '--with-published',
        action='store_true',
        help='the report, and the rows beside the literature in tables of their own',
    )
    parser.set_defaults(command=report)


def report(options: Namespace) -> int:
    """Write a suite's tables and page; with ``--check`` return 1 when committed ones are stale."""
    asked = api.ReportRequest(
        suite=options.suite,
        results=options.results,
        work_dir=options.work_dir,
        out=options.out,
        formats=options.format,
        reference=options.reference,
        normaliser=options.normaliser,
        history=options.history,
        published=options.published,
        with_published=options.with_published,
        backbones=options.backbones,
        tasks=options.tasks,
        protocols=options.protocols,
        pictures=options.pictures,
        baselines=options.baselines,
    )
    if options.check:
        stale = api.stale_report(asked)
        for path in stale:
            say(f'stale: {path}')
        return 1 if stale else 0
    for path in api.write_report(asked):
        say(str(path))
    return 0
