"""Writes what a training's log says as points that trackers and `tbench status` read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from mmengine.visualization.vis_backend import BaseVisBackend

from benchmark.registry import VISBACKENDS
from benchmark.results.live import LiveFile

_LEFT_OUT = ('iter', 'epoch', 'step', 'eta', 'base_lr', 'data_time', 'time', 'memory')
_MIB = 2**20


@VISBACKENDS.register_module()
class LiveBackend(BaseVisBackend):
    """A backend of mmengine's visualiser: the scalars of each log line as a point.

    Args:
        save_dir: the work folder of the run.
        total: steps of the training.
        batch: pictures of a step, those of all processes together.
        is_fresh: whether the training begins at its first step.
    """

    def __init__(self, save_dir: str, *, total: int, batch: int, is_fresh: bool) -> None:
        super().__init__(save_dir)
        self._file = LiveFile(Path(save_dir), is_fresh=is_fresh)
        self._total, self._batch = total, batch

    @property
    def experiment(self) -> LiveFile:
        """The file that is written."""
        return self._file

    def _init_env(self) -> None:
        """Need nothing."""

    def add_scalars(
        self, scalar_dict: Mapping[str, Any], step: int = 0, *args: object, **kwargs: object
    ) -> None:
        """Write the numbers of one log line, with memory and pictures per second."""
        values = {
            name: float(value) for name, value in scalar_dict.items()
            if name not in _LEFT_OUT and isinstance(value, int | float)
        }  # fmt: skip
        seconds = scalar_dict.get('time')
        if isinstance(seconds, int | float) and seconds > 0:
            values['images_per_second'] = self._batch / seconds
        self._file.add(step, self._total, {**values, 'memory_mb': memory_mb()})


def memory_mb() -> float:
    """Return the MiB that are held now: by tensors on a GPU, else by this process."""
    if torch.cuda.is_available():  # not run on a GPU
        return torch.cuda.memory_allocated() / _MIB
    import psutil

    return float(psutil.Process().memory_info().rss) / _MIB
