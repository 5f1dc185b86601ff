"""``tbench regress``: did something get worse, compared with a baseline?"""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.cli.arguments import Subparsers
from benchmark.cli.rules import add_rules, check_margin, night_of, print_comparison, rules_of
from benchmark.errors import BenchmarkError

if TYPE_CHECKING:
    from benchmark.regression.history import History
    from benchmark.results.store import ResultStore


def add_parser(subparsers: Subparsers) -> None:
    """Add the command ``regress``."""
    parser = subparsers.add_parser(
        'regress',
        help='compare records with a baseline; exit code 0: none got worse, 1: worse, 2: unclear',
    )
    parser.add_argument(
        '--baseline', type=Path, required=True, metavar='DIR', help='records to compare with'
    )
    parser.add_argument(
        '--candidate', type=Path, required=True, metavar='DIR', help='records to judge'
    )
    parser.add_argument('--suite', metavar='NAME', help='default: the only suite in the baseline')
    parser.add_argument(
        '--history', type=Path, metavar='FILE', help='scores of earlier nights, to detect drift'
    )
    parser.add_argument(
        '--append', action='store_true', help='add this night to the file of --history'
    )
    parser.add_argument(
        '--out', type=Path, metavar='DIR', help='folder for text, Markdown, JUnit and JSON'
    )
    parser.add_argument('--json', action='store_true', help='print JSON')
    add_rules(parser)
    parser.set_defaults(command=regress)


def regress(options: Namespace) -> int:
    """Compare two folders of records; return 0 fine, 1 regression, 2 could not tell."""
    from benchmark.regression.cells import gather
    from benchmark.regression.compare import compare, tell
    from benchmark.regression.history import write_history
    from benchmark.regression.outputs import to_json, write_outputs
    from benchmark.results.store import ResultStore, one_writer

    rules = rules_of(options)
    stores = {}
    for name in ('baseline', 'candidate'):
        folder: Path = getattr(options, name)
        if not folder.is_dir():
            raise BenchmarkError(f'--{name} {folder}: no such folder')
        stores[name] = ResultStore(folder, folder)
    suite = options.suite or _only_suite(stores['baseline'])
    baseline = gather(record for record in stores['baseline'].records(suite) if record.is_ok)
    if not baseline:
        raise BenchmarkError(f"--baseline {options.baseline}: no good record of suite '{suite}'")
    history = _history(options, suite)
    candidate = gather(stores['candidate'].records(suite))
    runs = (*baseline.values(), *candidate.values())
    check_margin(rules.margin, (run.metric.key for run in runs))
    comparison = compare(
        baseline,
        candidate,
        history,
        night_of(options).isoformat(),
        rules,
    )
    if options.append:
        with one_writer(options.history):  # another night may have been written meanwhile
            write_history(options.history, tell(_history(options, suite), comparison))
    if options.out:
        write_outputs(comparison, options.out)
    if options.json:
        print(to_json(comparison), end='')
    print_comparison(comparison, options.junit, is_quiet=options.json)
    return comparison.exit_code


def _history(options: Namespace, suite: str) -> History:
    """Return the earlier nights: those of the file, which may begin with this one."""
    from benchmark.regression.history import History, read_history

    if options.append and options.history is None:
        raise BenchmarkError('--append needs --history FILE, the file to write into')
    if options.history is None or (options.append and not options.history.exists()):
        return History(suite)
    return read_history(options.history, suite)


def _only_suite(store: ResultStore) -> str:
    suites = store.suites()
    if len(suites) != 1:
        known = ', '.join(suites) or 'none'
        raise BenchmarkError(
            f'--baseline {store.results}: name one suite by --suite (there: {known})'
        )
    return suites[0]
