"""Trackio, the local tracker of Hugging Face, through its client."""

from __future__ import annotations

import contextvars
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmark.tracking.base import PROJECT, End, Home, Subject, flat


class TrackioTracker:
    """A local project ``transferbench``, or ``TRACKIO_PROJECT``; ``TRACKIO_SPACE_ID`` sends it on.

    Raises:
        ImportError: trackio is not installed.
    """

    def __init__(self, home: Home) -> None:
        # trackio reads it when it is imported
        self._folder = os.environ.setdefault('TRACKIO_DIR', str(home.folder))
        import trackio

        self._trackio: Any = trackio
        self._project = os.environ.get('TRACKIO_PROJECT') or PROJECT

    @property
    def place(self) -> str:
        """The command that shows it."""
        return f'TRACKIO_DIR={self._folder} trackio show --project {self._project}'

    def open(self, subject: Subject, known: str) -> _Run:
        """Return the run of ``subject``, as a new one or that of the name ``known``."""
        # in a context of its own: the client ends the run before, of which several go on here
        run = contextvars.copy_context().run(
            self._trackio.init,
            project=self._project,
            name=known or subject.key,
            group=subject.group,
            config=flat(subject.facts),
            resume='allow' if known else 'never',
            space_id=os.environ.get('TRACKIO_SPACE_ID'),
            embed=False,
            auto_log_gpu=False,
            auto_log_cpu=False,
        )
        return _Run(self._trackio, run)


class _Run:
    def __init__(self, client: Any, run: Any) -> None:
        self._trackio, self._run, self.id = client, run, str(run.name)

    def scalars(self, values: Mapping[str, float], step: int) -> None:
        self._run.log(dict(values), step=step)

    def picture(self, name: str, path: Path, step: int) -> None:
        self._run.log({name: self._trackio.Image(str(path))}, step=step)

    def artefact(self, path: Path) -> None:
        self._run.log_artifact(str(path), name=f'record-{self.id}'[:100], type='record')

    def close(self, end: End) -> None:
        self._run.finish()
