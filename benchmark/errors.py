"""The project's error hierarchy.

Every error that a user can cause is a :class:`BenchmarkError` whose message is
one line: what is wrong, where, the value found and what is allowed.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

UNFIT = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RecursionError,
)
"""What goes wrong where the content of a file has another form than its writer gives it."""


class BenchmarkError(Exception):
    """Base of all errors that a user's input can cause; printed without a traceback."""


class DeclarationError(BenchmarkError):
    """A declaration file (task, backbone, suite) is unreadable or says something not allowed.

    Args:
        problems: everything that is wrong, each a line of its own.
    """

    def __init__(self, *problems: str) -> None:
        super().__init__(*problems)
        self.problems = problems

    def __str__(self) -> str:
        """Return all problems in one line."""
        return '; '.join(self.problems)


class UnknownNameError(BenchmarkError):
    """A backbone, task, suite, protocol or kind was asked for by a name that does not exist."""


class IncompatibleError(BenchmarkError):
    """A backbone, task and protocol are each valid but cannot be combined."""


class DataError(BenchmarkError):
    """A data set is missing, incomplete or unreadable."""


class CheckpointError(BenchmarkError):
    """A weights file is missing, corrupt, unsafe, or belongs to another architecture."""


class RecordError(BenchmarkError):
    """A run record or results folder is unreadable or of an unknown schema version."""


class LostError(BenchmarkError):
    """Others, or a lack of memory, ended a process of a cell, which may be tried again."""


class EnvironmentProblem(BenchmarkError):
    """A library, device or operator that the request needs is not available here."""


def unknown_name(what: str, name: str, allowed: Iterable[str]) -> UnknownNameError:
    """Return an error that names the unknown ``name``, the closest match and all allowed names."""
    names = sorted(allowed)
    hint = did_you_mean(name, names)
    return UnknownNameError(f"unknown {what} '{name}'{hint} (known: {', '.join(names) or 'none'})")


def did_you_mean(name: str, allowed: Iterable[str], prefix: str = '') -> str:
    """Return the closest match to ``name`` as the end of a message, nothing where none is close."""
    close = get_close_matches(name, list(allowed), n=1)
    return f"; did you mean '{prefix}{close[0]}'?" if close else ''
