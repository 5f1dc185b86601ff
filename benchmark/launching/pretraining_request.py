"""What a pretraining can be asked for, and what holds where nothing is said; imports no library."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmark.pretraining.budget import Unit

PICTURES = 20_000
"""How many pictures of the procedural world a pretraining sees unless it is told otherwise."""

SIZE = 224
"""Side of pictures that are not the world's, in pixels, unless the architecture has its own."""

DEFAULTS: Mapping[str, Any] = {'batch_size': 32, 'lr': 1e-3}
"""What neither the request nor the other side of a comparison says."""


@dataclass(frozen=True, kw_only=True)
class PretrainingRequest:
    """What a pretraining is asked for; ``None`` is as on the other side, or else the default.

    Attributes:
        method: a name in :data:`benchmark.pretraining.METHODS`.
        out: the folder to write to.
        arch: the architecture, as for ``tbench run --backbones``; its weights are not used.
        arch_options: arguments of the architecture by name.
        data: ``'world'``, or a folder of pictures.
        name: of the backbone that comes out; the folder's unless given.
        epochs: length in passes over the pictures.
        steps: length in steps of the optimiser.
        seconds: length in seconds on this machine.
        match: ``'epochs'``, ``'steps'`` or ``'seconds'``: as many as ``like`` took.
        like: folder of a finished pretraining, the other side of a comparison.
        size: side of the pictures in pixels.
        batch_size: pictures per step, over all processes.
        lr: largest learning rate.
        mask_ratio: share of the patches that is hidden; the paper's unless given.
        seed: of all random numbers.
        device: ``'auto'``, ``'cpu'`` or ``'cuda'``.
        processes: how many share every batch.
        threads: how many a single process has on a CPU.
        pictures: how many of the world.
        labels: the world's classes, ``'coarse'`` or ``'species'``.
        data_root: folder of the data sets, for the world.
        save_every: after how many steps the weights are also written to ``checkpoints``.
    """

    method: str
    out: Path
    data_root: Path
    arch: str | None = None
    arch_options: Mapping[str, Any] = field(default_factory=dict)
    data: str | None = None
    name: str | None = None
    epochs: float | None = None
    steps: int | None = None
    seconds: float | None = None
    match: Unit | None = None
    like: Path | None = None
    size: int | None = None
    batch_size: int | None = None
    lr: float | None = None
    mask_ratio: float | None = None
    seed: int = 0
    device: str = 'auto'
    processes: int = 1
    threads: int = 1
    pictures: int | None = None
    labels: str = 'coarse'
    save_every: int | None = None
