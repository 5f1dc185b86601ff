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
    """A declaration file (task, backbone, suite) is unreadable or contains something not allowed.

    Args:
        problems: everything that is wrong, one line each.
    """

    def __init__(self, *problems: str) -> None:
        super().__init__(*problems)
        self.problems = problems

    def __str__(self) -> str:
        """Return all problems in one line."""
        return '; '.join(self.problems)


class UnknownNameError(BenchmarkError):
    """The name of a backbone, task, suite, protocol or kind does not exist."""


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


def unknown_name(
    what: str, name: str, allowed: Iterable[str], *, where: str = ''
) -> UnknownNameError:
    """Return an error that names the unknown ``name``, the closest match and all allowed names.

    Args:
        what: what it should be the name of, such as ``'task'``.
        name: the unknown name.
        allowed: the known ones.
        where: the place that has no such thing, such as ``"of suite 'quick'"``.
    """
    names = sorted(allowed)
    said = f"unknown {what} '{name}'{where and f' {where}'}{did_you_mean(name, names)}"
    return UnknownNameError(f'{said} (known: {", ".join(names) or "none"})')


def did_you_mean(name: str, allowed: Iterable[str], prefix: str = '') -> str:
    """Return the closest match to ``name`` as the end of a message; empty if none is close."""
    close = get_close_matches(name, list(allowed), n=1)
    return f"; did you mean '{prefix}{close[0]}'?" if close else ''
