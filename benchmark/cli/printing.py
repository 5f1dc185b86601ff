"""How commands speak to a person: a line at a time."""

from __future__ import annotations


def say(line: str) -> None:
    """Print a line at once, though the output may be a pipe."""
    print(line, flush=True)
