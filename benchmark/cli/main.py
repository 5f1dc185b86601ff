"""``tbench``: the console command."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmark import __version__
from benchmark.cli import analyze, commands, pretrain, regression, sharing
from benchmark.cli.arguments import Parser, gibibytes, positive, seed, workers
from benchmark.errors import BenchmarkError
from benchmark.launching.devices import DEVICES

DONE, SOME_FAILED, WRONG_REQUEST = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Return the exit code: 0 done, 1 some cells failed, 2 the request is wrong."""
    try:
        return _carry_out(arguments)
    except BenchmarkError as error:
        print(f'tbench: {error}', file=sys.stderr)
        return WRONG_REQUEST
    except KeyboardInterrupt:
        print(
            'tbench: interrupted; finished cells are kept, the same command continues',
            file=sys.stderr,
        )
        return 130
    except BrokenPipeError:
        return DONE
    finally:
        _flush()


def _carry_out(arguments: Sequence[str] | None) -> int:
    parser = build_parser()
    options = parser.parse_args(arguments)
    if not hasattr(options, 'command'):
        parser.print_help()
        return WRONG_REQUEST
    return int(options.command(options))


def _flush() -> None:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        # the reader of our output (head, less) has seen enough
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = Parser(
        prog='tbench',
        description='Which pretrained backbone transfers best, to what, and how sure are we?',
    )
    parser.add_argument('--version', action='version', version=f'tbench {__version__}')
    subparsers = parser.add_subparsers(title='commands', metavar='COMMAND')
    _add_run(subparsers)
    _add_plan(subparsers)
    _add_status(subparsers)
    _add_list(subparsers)
    _add_report(subparsers)
    _add_regress(subparsers)
    _add_nightly(subparsers)
    analyze.add_parser(subparsers, add_request=_add_request)
    pretrain.add_parser(subparsers)
    _add_sharing(subparsers)
    _add_check(subparsers)
    _add_doctor(subparsers)
    return parser


_Subparsers = argparse._SubParsersAction  # argparse gives its type no public name


def _add_run(subparsers: _Subparsers) -> None:  # type: ignore[type-arg]
    parser = subparsers.add_parser(
        'run', help='train and test every cell of a suite; run again to continue'
    )
    _add_request(parser)
    _add_results(parser)
    _add_seeds(parser)
    parser.add_argument(
        '--submission',
        action='store_true',
        help='trained trackers also write the archive for the evaluation server of a task whose '
        'test labels are withheld; cells that are done are trained again for it',
    )
    parser.set_defaults(command=commands.run)


def _add_plan(subparsers: _Subparsers) -> None:  # type: ignore[type-arg]
    parser = subparsers.add_parser(
        'plan', help='what `run` would do with the same options, and its cost; starts nothing'
    )
    _add_request(parser)
    _add_results(parser)
    _add_seeds(parser)
    parser.add_argument('--json', action='store_true', help='for programs')
    parser.set_defaults(command=commands.plan)


def _add_status(subparsers: _Subparsers) -> None:  # type: ignore[type-arg]
    parser = subparsers.add_parser('status', help='what is running, done, failed, and why')
    parser.add_argument('--suite', metavar='NAME', help='default: all suites of the work folder')
    _add_work(parser)
    parser.add_argument('--json', action='store_true', help='for programs')
    parser.add_argument(
        '--watch',
        nargs='?',
        type=positive,
        const=5,
        metavar='SECONDS',
        help='tell again every 5 (or so many) seconds until nothing runs',
    )
    parser.set_defaults(command=commands.status)


def _add_request(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('--suite', required=True, metavar='NAME|FILE')
    parser.add_argument(
        '--backbones',
        nargs='+',
        default=(),
        metavar='ID',
        help='zoo name, declaration FILE.py, timm:NAME, mmpretrain:NAME, hf:FOLDER, hf:REPO, '
        'torchvision:NAME or FILE.py:CLASS, each with @CHECKPOINT[#KEY] or +random, then +dropK or '
        "+reinitK; default: the suite's",
    )
    parser.add_argument('--tasks', nargs='+', default=(), metavar='TASK')
    parser.add_argument('--protocols', nargs='+', default=(), metavar='PROTOCOL')
    parser.add_argument('--device', choices=DEVICES, default='auto')
    parser.add_argument(
        '--executor',
        metavar='NAME',
        help='where cells run: local (worker processes, the default), inline (in this process, so '
        'that a breakpoint works), or one that another package adds',
    )
    parser.add_argument('--jobs', type=workers, metavar='N', help='worker processes')
    parser.add_argument(
        '--processes',
        type=workers,
        default=1,
        metavar='N',
        help='processes that train a cell together and share its batch (default: 1)',
    )
    parser.add_argument(
        '--split-loading',
        action='store_true',
        help='let each of the --processes load its share alone: faster, but with random numbers '
        'of its own',
    )
    parser.add_argument(
        '--data-root',
        type=Path,
        default=Path(os.environ.get('TBENCH_DATA', 'data')),
        metavar='DIR',
        help='folder of the data sets (default: $TBENCH_DATA or ./data)',
    )
    parser.add_argument(
        '--quick-data',
        action='store_true',
        help='know photographs (JPEG and the like) by name and size, without reading them once; '
        'annotations and label maps are read all the same, and the records say so',
    )
    _add_work(parser)
    parser.add_argument(
        '--feature-cache',
        type=gibibytes,
        default=gibibytes('4'),
        metavar='GIB',
        help='room for kept features of frozen backbones, oldest out; 0 keeps none (default: 4)',
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        default=(),
        metavar='KEY=VALUE',
        help='changes to every compiled configuration, as in optim_wrapper.optimizer.lr=1e-4',
    )


def _add_seeds(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('--seeds', nargs='+', type=seed, default=(), metavar='N')


def _add_results(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('--results', type=Path, default=Path('results'), metavar='DIR')


def _add_work(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('--work-dir', type=Path, default=Path('work_dirs'), metavar='DIR')


def _add_regress(subparsers: _Subparsers) -> None:  # type: ignore[type-arg]
    parser = subparsers.add_parser(
        'regress', help='does a set of records say that something got worse? 0 no, 1 yes, 2 unclear'
    )
    regression.add_regress_options(parser)


def _add_nightly(subparsers: _Subparsers) -> None:  # type: ignore[type-arg]
    parser = subparsers.add_parser(
        'nightly', help='run a suite with fresh seeds, compare, confirm, tell'
    )
    _add_request(parser)
    parser.set_defaults(results=Path('results'))
    regression.add_nightly_options(parser)


def _add_list(subparsers: _Subparsers) -> None:  # type: ignore[type-arg]
    parser = subparsers.add_parser('list', help='list what is declared')
    parser.add_argument('what', choices=('tasks', 'backbones', 'suites', 'protocols'))
    parser.add_argument('--json', action='store_true', help='for programs')
    parser.set_defaults(command=commands.list_declared)


def _add_report(subparsers: _Subparsers) -> None:  # type: ignore[type-arg]
    parser = subparsers.add_parser('report', help='write tables and a page from the records')
    parser.add_argument('--suite', required=True, metavar='NAME|FILE')
    _add_results(parser)
    _add_work(parser)
    parser.add_argument('--out', type=Path, metavar='DIR', help='default: RESULTS/tables')
    parser.add_argument(
        '--format',
        nargs='+',
        metavar='FORMAT',
        help='of md csv tex paper json html (default: md csv html)',
    )
    parser.add_argument(
        '--reference', metavar='BACKBONE', help='show the differences of all scores to this one'
    )
    parser.add_argument(
        '--normaliser',
        type=Path,
        metavar='FILE',
        help="declaration of the scale of aggregates (default: the project's own)",
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
        help='write nothing; exit 1 and name the files that the records have outrun',
    )
    literature.add_argument(
        '--with-published',
        action='store_true',
        help='the report, and the rows beside the literature in tables of their own',
    )
    parser.set_defaults(command=commands.report)


def _add_sharing(subparsers: _Subparsers) -> None:  # type: ignore[type-arg]
    packing = subparsers.add_parser('export', help='pack the records of a suite into one archive')
    sharing.add_export_options(packing)
    _add_results(packing)
    merging = subparsers.add_parser(
        'import', help='merge the records of an archive; nothing is overwritten'
    )
    sharing.add_import_options(merging)
    _add_results(merging)


def _add_check(subparsers: _Subparsers) -> None:  # type: ignore[type-arg]
    parser = subparsers.add_parser('check', help='validate a backbone, a task or its data')
    kinds = parser.add_subparsers(title='what', required=True, metavar='backbone|task|data')
    backbone = kinds.add_parser('backbone', help='build it, load its weights, run it')
    backbone.add_argument('id', metavar='ID|FILE')
    backbone.set_defaults(command=commands.check_backbone)
    task = kinds.add_parser('task', help='validate its declaration and compile it')
    data = kinds.add_parser('data', help="compare a task's data with its declaration")
    for parser_, command in ((task, commands.check_task), (data, commands.check_data)):
        parser_.add_argument('name', metavar='NAME|FILE')
        parser_.add_argument(
            '--data-root',
            type=Path,
            default=Path(os.environ.get('TBENCH_DATA', 'data')),
            metavar='DIR',
        )
        parser_.set_defaults(command=command)
    data.add_argument(
        '--full', action='store_true', help='read every picture, and compare those of two splits'
    )
    data.add_argument(
        '--draw',
        type=Path,
        metavar='FILE.html',
        help='write a page with samples of each split and their labels, to look at',
    )
    _add_work(data)


def _add_doctor(subparsers: _Subparsers) -> None:  # type: ignore[type-arg]
    parser = subparsers.add_parser(
        'doctor', help='versions, device, what is missing and its remedy'
    )
    parser.set_defaults(command=commands.doctor)


if __name__ == '__main__':
    sys.exit(main())
