"""Archives for the servers that score test splits with withheld labels."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from mmengine.dist import is_main_process
from mmengine.hooks import Hook

from benchmark.kinds.tracking.toolkits import as_filed
from benchmark.registry import DATASETS, HOOKS


class Tracked(NamedTuple):
    """A sequence's name, its boxes (n, 4) that count from 1, and seconds (n,) per frame."""

    name: str
    boxes: np.ndarray
    seconds: np.ndarray


@HOOKS.register_module()
class SubmissionFiles(Hook):
    """Tracks the sequences of an official test split after the test, and packs the boxes.

    The archive is whole or not there. Of several processes the first one writes it.

    Args:
        layout: whose server reads it, ``'got10k'`` or ``'trackingnet'``.
        dataset: configuration of the sequences, whose first boxes alone are known.
        file: the archive.
    """

    # while averaged weights, if any, are still in place of the last ones
    priority = 'ABOVE_NORMAL'

    def __init__(self, *, layout: str, dataset: Mapping[str, Any], file: str) -> None:
        self._entries = _LAYOUTS[layout]
        self._config = dict(dataset)
        self._path = Path(file)
        self._sequences: Any = None
        self.seconds = 0.0

    def before_run(self, runner: Any) -> None:
        """Open the sequences, so that errors appear before hours of training.

        Raises:
            DataError: they are not there or cannot be read.
        """
        if self._sequences is None:
            self._sequences = DATASETS.build({'type': 'benchmark.Opened', 'of': self._config})

    def after_test_epoch(self, runner: Any, metrics: Mapping[str, float] | None = None) -> None:
        """Write the archive."""
        if not is_main_process():
            return
        start = time.perf_counter()
        model = getattr(runner.model, 'module', runner.model)
        pack(self._path, self._entries, (_track(model, item) for item in self._items()))
        self.seconds = time.perf_counter() - start

    def _items(self) -> Iterator[Any]:
        # a data set counts its length, but has no end
        return (self._sequences[index] for index in range(len(self._sequences)))


def _track(model: Any, item: dict[str, Any]) -> Tracked:
    sample = item['data_samples']
    sample.video = _Watched(sample.video)
    with torch.no_grad():
        (found,) = model.test_step({'data_samples': [sample]})
    return Tracked(found.name, as_filed(np.asarray(found.boxes)), found.video.seconds())


class _Watched:
    """A video that records when each of its frames was requested."""

    def __init__(self, video: Any) -> None:
        self._video = video
        self._starts: list[float] = []
        self.frame_size = video.frame_size

    def __len__(self) -> int:
        return len(self._video)

    def template(self, index: int, box: np.ndarray) -> Any:
        self._starts.append(time.perf_counter())
        return self._video.template(index, box)

    def search(self, index: int, box: np.ndarray) -> Any:
        self._starts.append(time.perf_counter())
        return self._video.search(index, box)

    def seconds(self) -> np.ndarray:
        """Return the seconds (n,) between frames; for the last one, until now."""
        return np.diff([*self._starts, time.perf_counter()])


Entries = Callable[[Tracked], Mapping[str, str]]
"""Type: the files of an archive, by name, for one sequence."""


def pack(path: Path, entries: Entries, sequences: Iterator[Tracked]) -> None:
    """Write the archive of ``sequences`` to ``path`` atomically."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f'.{path.name}.draft')
    try:
        with zipfile.ZipFile(draft, 'w', zipfile.ZIP_DEFLATED) as archive:
            for sequence in sequences:
                for name, text in entries(sequence).items():
                    archive.writestr(name, text)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def got10k_entries(sequence: Tracked) -> dict[str, str]:
    """Return the files of GOT-10k's server: a folder per sequence with boxes and seconds.

    As got-10k/toolkit writes them (got10k/experiments/got10k.py). A tracker that draws no random
    numbers is run once there too.
    """
    folder = f'{sequence.name}/{sequence.name}'
    return {
        f'{folder}_001.txt': _table(sequence.boxes, '%.3f'),
        f'{folder}_time.txt': _table(sequence.seconds, '%.8f'),
    }


def trackingnet_entries(sequence: Tracked) -> dict[str, str]:
    """Return the file of TrackingNet's server: boxes, one file per sequence and no folders.

    As SilvioGiancola/TrackingNet-devkit (metrics.py) reads them and visionml/pytracking
    (pytracking/util_scripts/pack_trackingnet_results.py) writes them.
    """
    return {f'{sequence.name}.txt': _table(sequence.boxes, '%.2f')}


def _table(rows: np.ndarray, form: str) -> str:
    text = io.StringIO()
    np.savetxt(text, rows, fmt=form, delimiter=',')
    return text.getvalue()


_LAYOUTS: Mapping[str, Entries] = {'got10k': got10k_entries, 'trackingnet': trackingnet_entries}
