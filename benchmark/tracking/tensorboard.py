"""TensorBoard's event files, through the backend of mmengine's visualiser."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmark.tracking.base import End, Home, Subject

_FORMAT = 'utf-8'


class TensorboardTracker:
    """A folder of event files, one below it per run: ``tensorboard --logdir FOLDER`` shows them.

    Raises:
        ImportError: tensorboard is not installed.
    """

    def __init__(self, home: Home) -> None:
        from mmengine.visualization.vis_backend import TensorboardVisBackend
        from torch.utils import tensorboard  # noqa: F401  (mmengine imports it when it first writes)

        self._make = TensorboardVisBackend
        self._folder = home.folder

    @property
    def place(self) -> str:
        """The command that shows them."""
        return f'tensorboard --logdir {self._folder}'

    def open(self, subject: Subject, known: str) -> _Run:
        """Return the run in the folder of ``subject``; one that goes on gets another file there."""
        folder = self._folder / (known or f'{subject.group}/{subject.key}')
        run = _Run(known or f'{subject.group}/{subject.key}', self._make(str(folder)))
        if not known:
            run.text('facts', json.dumps(subject.facts, indent=1, default=str))
        return run


class _Run:
    def __init__(self, name: str, backend: Any) -> None:
        self.id = name
        self._backend, self._writer = backend, backend.experiment

    def scalars(self, values: Mapping[str, float], step: int) -> None:
        self._backend.add_scalars(dict(values), step)
        self._writer.flush()

    def picture(self, name: str, path: Path, step: int) -> None:
        import numpy as np
        from PIL import Image

        with Image.open(path) as image:
            pixels = np.asarray(image.convert('RGB'))
        self._backend.add_image(name, pixels, step)

    def artefact(self, path: Path) -> None:
        """Keep a file as a text: event files know no others."""
        self.text(path.name, path.read_text(_FORMAT))

    def text(self, name: str, content: str) -> None:
        # a block of code in Markdown is shown as it is
        self._writer.add_text(name, '\n'.join(f'    {line}' for line in content.splitlines()))

    def close(self, end: End) -> None:
        self.text('end', end)
        self._backend.close()
