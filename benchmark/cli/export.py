"""``tbench export``: the records of a suite in one archive, or scores for model repositories."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from benchmark import api
from benchmark.cli.arguments import Subparsers
from benchmark.cli.options import add_results
from benchmark.cli.printing import say


def add_parser(subparsers: Subparsers) -> None:
    """Add the command ``export``."""
    parser = subparsers.add_parser(
        'export',
        help='pack the records of a suite into one archive, or write its scores for model '
        'repositories on the Hub',
    )
    parser.add_argument(
        'suite',
        metavar='SUITE',
        help='name as below RESULTS/runs, or the declaration file of a suite of your own',
    )
    parser.add_argument(
        'file',
        type=Path,
        metavar='FILE',
        help='the archive (ZIP) to write; a folder with --eval-results',
    )
    add_results(parser)
    parser.add_argument(
        '--eval-results',
        metavar='OWNER/NAME',
        help="write .eval_results/*.yaml per backbone instead; names the benchmark's data set on "
        'the Hub',
    )
    parser.add_argument(
        '--source-url',
        default='',
        metavar='URL',
        help='with --eval-results: a page with the evidence, such as that of your site',
    )
    parser.add_argument(
        '--backbones',
        nargs='+',
        default=(),
        metavar='ID',
        help='with --eval-results: these alone, by id or title (default: all)',
    )
    parser.set_defaults(command=export)


def export(options: Namespace) -> int:
    """Pack the records of a suite into one archive, or write its scores as YAML."""
    if options.eval_results:
        paths = api.export_eval_results(
            options.suite,
            options.file,
            dataset=options.eval_results,
            source=options.source_url,
            results=options.results,
            backbones=options.backbones,
        )
        for path in paths:
            say(str(path))
        return 0
    count = api.export_records(options.results, options.suite, options.file)
    say(f'{options.file}: {count} records of suite {options.suite}')
    if not api.is_declared(options.results, options.suite):
        say(
            f"note: suite '{options.suite}' is declared nowhere here, so its films, groups and "
            'tasks that have not run stay behind; give its file instead of its name'
        )
    return 0
