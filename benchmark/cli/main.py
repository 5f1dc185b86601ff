"""``tbench``: the console command."""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import sys
from collections.abc import Sequence

from benchmark import __version__
from benchmark.cli import (
    analyze,
    cancel,
    check,
    compare,
    data,
    doctor,
    export,
    import_,
    list_,
    new,
    nightly,
    plan,
    pretrain,
    regress,
    report,
    run,
    site,
    status,
    submit,
    verify,
    watch,
    work,
)
from benchmark.cli.arguments import Parser
from benchmark.cli.terminal import keep_traceback, printable
from benchmark.errors import BenchmarkError
from benchmark.stopping import Stopped, stopped_by_signals

DONE, SOME_FAILED, WRONG_REQUEST, OTHERS_AT_WORK, OUR_FAULT = 0, 1, 2, 3, 4
_LONGEST = 300

COMMANDS = (
    run,
    work,
    plan,
    status,
    cancel,
    list_,
    report,
    compare,
    regress,
    nightly,
    analyze,
    pretrain,
    watch,
    export,
    import_,
    submit,
    verify,
    site,
    new,
    check,
    data,
    doctor,
)
"""The module of each command, in the order of the help."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return the exit code.

    0: done; 1: some cells failed; 2: the request is invalid; 3: other processes are working on some
    cells; 4: an error in the program, whose traceback is in a file that is named; 130: interrupted;
    143: stopped by SIGTERM or SIGHUP, 99: by SIGUSR1, after which the command is to be run again.
    """
    # the libraries' own messages belong in the workers' logs; the user gets one line
    logging.getLogger('benchmark').addHandler(logging.NullHandler())
    try:
        with stopped_by_signals():
            return _carry_out(arguments)
    except BenchmarkError as error:
        for problem in getattr(error, 'problems', (error,)):
            print(f'tbench: {printable(problem)}', file=sys.stderr)
        return WRONG_REQUEST
    except KeyboardInterrupt:
        print(
            'tbench: interrupted; finished cells and checkpoints are kept, '
            'the same command continues',
            file=sys.stderr,
        )
        return 130
    except Stopped as error:
        print(
            f'tbench: stopped by {error}; finished cells and checkpoints are kept, the same '
            'command continues',
            file=sys.stderr,
        )
        return error.code
    except BrokenPipeError:
        return DONE
    except Exception as error:  # the last resort: the user gets a line, not a traceback
        said = ' '.join(printable(error).split())[:_LONGEST]
        print(
            f'tbench: an error in the program, {type(error).__name__}: {said}; {keep_traceback()}',
            file=sys.stderr,
        )
        return OUR_FAULT
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
    for command in COMMANDS:
        command.add_parser(subparsers)
    return parser


if __name__ == '__main__':
    sys.exit(main())
