"""``tbench run``: train and test every cell of a suite."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from benchmark import api
from benchmark.cli.arguments import Subparsers
from benchmark.cli.board import showing
from benchmark.cli.data import fetch
from benchmark.cli.options import (
    add_quiet,
    add_request,
    add_results,
    add_seeds,
    add_tracking,
    place_of,
    request_of,
)
from benchmark.cli.printing import say


def add_parser(subparsers: Subparsers) -> None:
    """Add the command ``run``."""
    parser = subparsers.add_parser(
        'run', help='train and test every cell of a suite; run again to continue'
    )
    add_request(parser)
    add_results(parser)
    add_seeds(parser)
    add_tracking(parser)
    add_quiet(parser)
    parser.add_argument(
        '--get',
        action='store_true',
        help="first download missing data of the tasks, as 'tbench data get' does",
    )
    parser.add_argument(
        '--submission',
        action='store_true',
        help='also write the archive for the evaluation server of tracking tasks whose test labels '
        'are withheld; cells that are done are trained again for it',
    )
    parser.add_argument(
        '--no-outcomes',
        dest='outcomes',
        action='store_false',
        help='do not store the outcome of each test example, which `tbench compare` uses',
    )
    parser.set_defaults(command=run)


def run(options: Namespace) -> int:
    """Run a suite; return 1 if some cells failed, 3 if other processes are running some."""
    if options.get:
        fetch(options.tasks or [options.suite], options.data_root)
    return carry_out(options, submission=options.submission, outcomes=options.outcomes)


def carry_out(
    options: Namespace, *, submission: bool = False, outcomes: bool = True, waits: bool = False
) -> int:
    """Run a suite with these options, and return the exit code.

    Args:
        options: what the command line says.
        submission: also write the archives for evaluation servers.
        outcomes: keep what was found of each test example.
        waits: stay until no cell is left, those of other processes included.
    """
    with showing_of(options) as told:
        asked = request_of(
            options,
            seeds=options.seeds,
            submission=submission,
            outcomes=outcomes,
            waits=waits,
            track=options.track,
            say=told,
        )
        done = api.run_request(asked, **place_of(options))
    for line in done.flags:
        say(f'look again: {line}')
    for archive in done.archives:
        say(f'for the server: {archive}')
    if not options.quiet:
        say(f'next: tbench report --suite {options.suite} {_places(options)}'.rstrip())
    if done.failed:
        return 1
    return 3 if done.busy else 0


def showing_of(options: Namespace) -> AbstractContextManager[Callable[[str], None]]:
    """Return the block in which the cells of a command are shown; it yields what says a line."""
    return showing(
        options.work_dir, is_quiet=options.quiet, has_terminal=options.executor != 'inline'
    )


def _places(options: Namespace) -> str:
    """Return the options with which another command uses the same folders."""
    places = (
        ('--results', options.results, 'results'),
        ('--work-dir', options.work_dir, 'work_dirs'),
    )
    return ' '.join(f'{name} {path}' for name, path, default in places if path != Path(default))
