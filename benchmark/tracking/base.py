"""The contract of a tracker: runs that take numbers, pictures and files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

PROJECT = 'transferbench'
"""The project, experiment or group of runs in a tracker, unless its own settings name another."""

End = Literal['finished', 'failed', 'interrupted']
"""How a run ended; an interrupted one goes on when the same command is given again."""


@dataclass(frozen=True)
class Home:
    """Where a tracker keeps its files unless its own settings say otherwise."""

    folder: Path


@dataclass(frozen=True)
class Subject:
    """What one run in a tracker is about: a cell, or a watched folder.

    Attributes:
        key: names it uniquely, in letters that a file name may have.
        name: what people read.
        group: what belongs together: the suite.
        folder: its work folder, where it is remembered how much was sent.
        facts: what is known of it, as JSON data: seed, fingerprint, the compiled configuration.
        goes_on: whether what comes after its end belongs to the same run.
    """

    key: str
    name: str
    group: str
    folder: Path
    facts: Mapping[str, Any] = field(default_factory=dict, compare=False)
    goes_on: bool = False


@runtime_checkable
class TrackedRun(Protocol):
    """One run in a tracker. All its calls come from one thread."""

    @property
    def id(self) -> str:
        """What the tracker knows it by, to go on with it in another process."""

    def scalars(self, values: Mapping[str, float], step: int) -> None:
        """Take numbers by name at a step."""

    def picture(self, name: str, path: Path, step: int) -> None:
        """Take a picture."""

    def artefact(self, path: Path) -> None:
        """Take a file, such as the record."""

    def close(self, end: End) -> None:
        """End the run."""


@runtime_checkable
class Tracker(Protocol):
    """A place for runs. It may raise whatever it likes at any call: a cell never notices."""

    @property
    def place(self) -> str:
        """Where its runs can be seen, for people."""

    def open(self, subject: Subject, known: str) -> TrackedRun:
        """Return the run of ``subject``: that with the id ``known`` if it is not empty."""


MakeTracker = Callable[[Home], Tracker]
"""What an entry point of the group ``transferbench.trackers`` names."""


def flat(facts: Mapping[str, Any], prefix: str = '') -> dict[str, Any]:
    """Return nested facts by dotted name, lists as texts.

    >>> flat({'spec': {'seed': 0}, 'sizes': [1, 2]})
    {'spec.seed': 0, 'sizes': '[1, 2]'}
    """
    found: dict[str, Any] = {}
    for key, value in facts.items():
        if isinstance(value, Mapping):
            found |= flat(value, f'{prefix}{key}.')
        else:
            found[f'{prefix}{key}'] = str(value) if isinstance(value, list | tuple) else value
    return found
