"""``tbench``: the console command."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Sequence

from benchmark import __version__
from benchmark.cli import (
    analyze,
    check,
    doctor,
    export,
    import_,
    list_,
    nightly,
    plan,
    pretrain,
    regress,
    report,
    run,
    status,
)
from benchmark.cli.arguments import Parser
from benchmark.errors import BenchmarkError

DONE, SOME_FAILED, WRONG_REQUEST = 0, 1, 2

COMMANDS = (
    run,
    plan,
    status,
    list_,
    report,
    regress,
    nightly,
    analyze,
    pretrain,
    export,
    import_,
    check,
    doctor,
)
"""The module of each command, in the order of the help."""


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
    for command in COMMANDS:
        command.add_parser(subparsers)
    return parser


if __name__ == '__main__':
    sys.exit(main())
