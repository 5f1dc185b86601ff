"""Weights & Biases, through its client: mmengine's backend knows one run per process."""

from __future__ import annotations

import netrc
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmark.tracking.base import PROJECT, End, Home, Subject

_CODES = {'finished': 0, 'failed': 1, 'interrupted': 255}


class WandbTracker:
    """A project of W&B: ``WANDB_PROJECT``, else ``transferbench``.

    ``WANDB_MODE`` says whether it is online. Unless it does, runs stay in the folder of the
    tracker where no key is known, and ``wandb sync`` sends them later; nobody is asked for one.

    Raises:
        ImportError: wandb is not installed.
    """

    def __init__(self, home: Home) -> None:
        # it would report its own faults to its makers, offline too
        os.environ.setdefault('WANDB_ERROR_REPORTING', 'false')
        import wandb

        self._wandb: Any = wandb
        self._folder = home.folder
        self._folder.mkdir(parents=True, exist_ok=True)
        self._project = os.environ.get('WANDB_PROJECT') or PROJECT
        self._mode = os.environ.get('WANDB_MODE') or ('online' if _has_key() else 'offline')

    @property
    def place(self) -> str:
        """The project, or the folder of what is kept offline."""
        if self._mode == 'offline':
            return f'offline in {self._folder} (wandb sync --sync-all sends it)'
        return f'project {self._project} ({self._mode})'

    def open(self, subject: Subject, known: str) -> _Run:
        """Return the run of ``subject``, as a new one or that with the id ``known``."""
        run = self._wandb.init(
            project=self._project,
            name=subject.name,
            group=subject.group,
            id=known or None,
            resume='allow' if known and self._mode == 'online' else None,
            config=dict(subject.facts),
            dir=str(self._folder),
            mode=self._mode,
            reinit='create_new',
            settings=self._wandb.Settings(silent=True, console='off', x_disable_stats=True),
        )
        # steps of a watch may come in any order
        run.define_metric('step')
        run.define_metric('*', step_metric='step')
        return _Run(self._wandb, run)


def _has_key() -> bool:
    """Whether a key is known, without asking anybody: the client would ask on a terminal."""
    if os.environ.get('WANDB_API_KEY'):
        return True
    host = urlsplit(os.environ.get('WANDB_BASE_URL') or 'https://api.wandb.ai').hostname or ''
    try:
        return netrc.netrc().authenticators(host) is not None
    except (OSError, netrc.NetrcParseError):
        return False


class _Run:
    def __init__(self, client: Any, run: Any) -> None:
        self._wandb, self._run, self.id = client, run, str(run.id)

    def scalars(self, values: Mapping[str, float], step: int) -> None:
        self._run.log({**values, 'step': step})

    def picture(self, name: str, path: Path, step: int) -> None:
        self._run.log({name: self._wandb.Image(str(path)), 'step': step})

    def artefact(self, path: Path) -> None:
        found = self._wandb.Artifact(f'record-{self.id}', type='record')
        found.add_file(str(path))
        self._run.log_artifact(found)

    def close(self, end: End) -> None:
        self._run.finish(exit_code=_CODES[end])
