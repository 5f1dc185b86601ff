"""``tbench watch``: evaluate the checkpoints of a pretraining while it writes them."""

from __future__ import annotations

import argparse
from argparse import Namespace
from pathlib import Path

from benchmark.cli.arguments import Subparsers, positive, real, whole
from benchmark.cli.board import showing
from benchmark.cli.options import (
    add_cells,
    add_changes,
    add_quiet,
    add_seeds,
    add_tracking,
    place_of,
    running_of,
)
from benchmark.cli.printing import say


def add_parser(subparsers: Subparsers) -> None:
    """Add the command ``watch``."""
    parser = subparsers.add_parser(
        'watch', help='evaluate every new checkpoint below a folder once, on validation splits'
    )
    parser.add_argument(
        'folder', type=Path, metavar='DIR', help='folder where the checkpoints are being written'
    )
    parser.add_argument(
        '--suite',
        required=True,
        metavar='NAME|FILE',
        help='name from `tbench list suites`, or a file of your own; its probes are run unless '
        '--protocols names others',
    )
    parser.add_argument(
        '--arch',
        metavar='ID',
        help='architecture of the checkpoints, as for `run --backbones` (default: architecture.py '
        'in DIR, which `pretrain --save-every` writes)',
    )
    parser.add_argument(
        '--out',
        type=Path,
        metavar='FOLDER',
        help='folder for scores, curves, records and the ledger (default: DIR-watch)',
    )
    _add_choice(parser)
    _add_end(parser)
    add_seeds(parser)
    add_cells(parser)
    add_changes(parser)
    add_tracking(parser)
    add_quiet(parser)
    parser.set_defaults(command=watch)


def _add_choice(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group('which checkpoints')
    group.add_argument(
        '--every', type=positive, default=1, metavar='N', help='evaluate only steps divisible by N'
    )
    group.add_argument(
        '--newest-first', action='store_true', help='evaluate the newest waiting checkpoint first'
    )
    group.add_argument(
        '--max-lag',
        type=positive,
        metavar='N',
        help='skip the oldest if more than N are waiting (default: evaluate all)',
    )
    group.add_argument(
        '--step-key',
        default='',
        metavar='KEY',
        help='key in the file under which the step is stored, as in global_step or meta.iter '
        '(default: read it from the name)',
    )
    group.add_argument(
        '--copy',
        default='',
        metavar='KEY',
        help='key of the copy to load from files with several copies, as in teacher',
    )
    group.add_argument(
        '--marker',
        default='',
        metavar='ENDING',
        help='evaluate a checkpoint only once FILE+ENDING exists (in a folder: ENDING)',
    )
    group.add_argument(
        '--keep-best',
        type=whole(0),
        default=0,
        metavar='N',
        help='keep a copy of the N best checkpoints in --out (default: 0)',
    )
    group.add_argument(
        '--no-health',
        dest='health',
        action='store_false',
        help='skip the label-free measures of the features',
    )
    group.add_argument(
        '--no-outcomes',
        dest='outcomes',
        action='store_false',
        help='do not store the outcome of each validation example, which intervals over examples '
        'are computed from',
    )


def _add_end(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group('until when', 'default: until it is stopped')
    group.add_argument(
        '--once', action='store_true', help='evaluate the existing checkpoints and end'
    )
    group.add_argument(
        '--until',
        type=Path,
        metavar='FILE',
        help='end once FILE exists and all checkpoints up to then are evaluated',
    )
    group.add_argument(
        '--interval',
        type=real,
        default=5.0,
        metavar='S',
        help='seconds between checks (default: 5)',
    )
    group.add_argument(
        '--final-test',
        nargs='?',
        const='best',
        default='',
        choices=('best', 'last'),
        help='at the end, score the best checkpoint (or the last one) on the test splits, once',
    )


def watch(options: Namespace) -> int:
    """Evaluate checkpoints until the requested end; return 1 if a cell failed."""
    from benchmark.errors import BenchmarkError
    from benchmark.watching.evaluating import Evaluator
    from benchmark.watching.watch import Watching
    from benchmark.watching.watch import watch as run
    from benchmark.watching.writing import PAGE, agreement_lines

    if not 0 <= options.interval < float('inf'):
        raise BenchmarkError(f'--interval {options.interval:g}: must be a number from 0')
    folder = options.folder
    out = options.out or folder.resolve().with_name(f'{folder.resolve().name}-watch')
    watching = Watching(
        folder=folder,
        arch=options.arch or '',
        copy=options.copy,
        marker=options.marker,
        step_key=options.step_key,
        every=options.every,
        newest_first=options.newest_first,
        max_lag=options.max_lag,
        keep_best=options.keep_best,
        once=options.once,
        until=options.until,
        interval=options.interval,
        final_test=options.final_test,
    )
    has_terminal = options.executor != 'inline'
    with showing(out / 'work', is_quiet=options.quiet, has_terminal=has_terminal) as told:
        evaluator = Evaluator(
            suite=options.suite,
            out=out,
            tasks=options.tasks,
            protocols=options.protocols,
            seeds=options.seeds,
            options={**running_of(options), 'outcomes': options.outcomes},
            has_health=options.health,
            say=told,
        )
        ledger = run(
            watching,
            evaluator,
            **place_of(options),
            processes=options.processes,
            track=options.track,
        )
    for line in () if options.quiet else agreement_lines(ledger):
        say(line)
    if not options.quiet:
        say(f'scores over steps: {out / PAGE}')
    return int(any(entry.errors for entry in ledger.entries))
