"""Argument types of the command line, and a parser whose errors are one line."""

from __future__ import annotations

import argparse
from argparse import Namespace
from collections.abc import Callable, Sequence
from datetime import date
from typing import NoReturn, TypeAlias, TypeVar

from benchmark.cli.examples import example_of
from benchmark.errors import BenchmarkError

MOST_WORKERS = 1024
"""Largest number of worker processes, or of processes of a cell."""

_LONGEST = 40
T = TypeVar('T')


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line instead of the whole usage.

    Attributes:
        fill: adds what only its own command needs, before that is parsed.
    """

    fill: Callable[[Parser], None] | None = None

    def format_help(self) -> str:
        """Return the help, with an example of the command at its end."""
        example = example_of(self.prog)
        return super().format_help() + (f'\nexample:\n  {example}\n' if example else '')

    def error(self, message: str) -> NoReturn:
        """Raise the error of an invalid command line.

        Raises:
            BenchmarkError: always.
        """
        raise BenchmarkError(f'{" ".join(message.split())}; see `{self.prog} --help`')

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: Namespace | None = None
    ) -> tuple[Namespace, list[str]]:
        """Return the options; unknown ones are refused here, where the command is known.

        Raises:
            BenchmarkError: an argument is unknown or wrong.
        """
        if self.fill is not None:
            fill, self.fill = self.fill, None
            fill(self)
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f'unknown argument: {" ".join(unknown)}')
        return found, unknown


Subparsers: TypeAlias = 'argparse._SubParsersAction[Parser]'
"""The object to which a command adds its parser; argparse has no public name for it."""


def _shorten(text: str) -> str:
    return repr(text if len(text) <= _LONGEST else f'{text[:_LONGEST]}...')


def _wrong(text: str, wanted: str) -> argparse.ArgumentTypeError:
    return argparse.ArgumentTypeError(f'{_shorten(text)} is not {wanted}')


def whole(low: int | None = None, high: int | None = None) -> Callable[[str], int]:
    """Return a function that parses a whole number from ``low`` to ``high``, inclusive."""
    wanted = 'a whole number'
    if low is not None:
        wanted += f' from {low} to {high}' if high is not None else f' from {low}'

    def read(text: str) -> int:
        number = _read(int, text, wanted)
        if (low is not None and number < low) or (high is not None and number > high):
            raise _wrong(text, wanted)
        return number

    return read


positive = whole(1)
seed = whole()
workers = whole(1, MOST_WORKERS)
loaders = whole(0, MOST_WORKERS)


def real(text: str) -> float:
    """Parse a real number."""
    return _read(float, text, 'a number')


def gibibytes(text: str) -> int:
    """Parse a number of GiB and return bytes."""
    number = real(text)
    if not 0 <= number < float('inf'):
        raise _wrong(text, 'a number from 0')
    return round(number * 2**30)


def day(text: str) -> date:
    """Parse a date."""
    return _read(date.fromisoformat, text, 'a date as in 2031-05-04')


def _read(kind: Callable[[str], T], text: str, wanted: str) -> T:
    try:
        return kind(text)
    except ValueError:
        raise _wrong(text, wanted) from None
