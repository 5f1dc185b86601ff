"""Printing of single lines."""

from __future__ import annotations

from benchmark.cli.terminal import printable


def say(line: str) -> None:
    """Print a line and flush it, also if the output is a pipe."""
    print(printable(line), flush=True)
