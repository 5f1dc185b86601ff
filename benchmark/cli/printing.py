"""How commands speak to a person: a line at a time."""

from __future__ import annotations

from benchmark.cli.terminal import printable


def say(line: str) -> None:
    """Print a line at once, though the output may be a pipe."""
    print(printable(line), flush=True)
