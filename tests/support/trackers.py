"""Trackers that note, raise or hang."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmark.tracking import Subject
from benchmark.tracking.base import End


class NotedRun:
    """A run that notes what it is given."""

    def __init__(self, name: str, known: str) -> None:
        self.id, self.known = name, known
        self.points: list[tuple[int, dict[str, float]]] = []
        self.pictures: list[tuple[str, bytes]] = []
        self.files: list[str] = []
        self.ends: list[End] = []

    def scalars(self, values: Mapping[str, float], step: int) -> None:
        self.points.append((step, dict(values)))

    def picture(self, name: str, path: Path, step: int) -> None:
        self.pictures.append((name, path.read_bytes()[:4]))

    def artefact(self, path: Path) -> None:
        self.files.append(path.name)

    def close(self, end: End) -> None:
        self.ends.append(end)


class Noting:
    """A tracker that notes what it is given."""

    place = 'nowhere'

    def __init__(self) -> None:
        self.subjects: list[Subject] = []
        self.runs: list[NotedRun] = []

    def open(self, subject: Subject, known: str) -> NotedRun:
        self.subjects.append(subject)
        self.runs.append(NotedRun(known or f'run {len(self.runs)}', known))
        return self.runs[-1]


class RaisingRun:
    id = 'x'

    def __getattr__(self, name: str) -> Any:
        raise OSError(f'no network at {name}')


class Refusing:
    """A tracker whose every call raises."""

    place = 'nowhere'

    def open(self, subject: Subject, known: str) -> Any:
        raise ValueError('not today')


class Broken(Refusing):
    """A tracker that opens runs whose every call raises."""

    def open(self, subject: Subject, known: str) -> Any:
        return RaisingRun()


class Hanging(Refusing):
    """A tracker that takes its time."""

    def open(self, subject: Subject, known: str) -> Any:
        time.sleep(3)
        return RaisingRun()
