"""A tiny rendered world, and the command line with it in the place of the whole one.

``python -m tests.support.tiny_world COMMAND ...`` is ``tbench COMMAND ...`` on the tiny world.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

from benchmark import world
from benchmark.world import SplitCounts, WorldSpec, store

TINY = WorldSpec(
    size=64,
    scenes=SplitCounts(8, 4, 4),
    covered_per_class=SplitCounts(2, 1, 1),
    fine_per_class=SplitCounts(0, 0, 0),
    sequences=SplitCounts(0, 0, 0),
    sequence_length=2,
)

HOLD = 'TINY_WORLD_HOLD'
"""Environment variable: the step after whose snapshot a pretraining waits to be killed."""


def shrink() -> None:
    """Let this process know the tiny world alone."""
    whole = world.ensure_world

    def tiny(root: Path, spec: WorldSpec = TINY) -> Path:
        return whole(root, TINY)

    world.ensure_world = store.ensure_world = tiny


def _hold_after(step: int) -> None:
    from benchmark.execution.saving import Snapshots

    whole = Snapshots.after_train_iter

    def held(self: Any, runner: Any, *args: object, **kwargs: object) -> None:
        whole(self, runner, *args, **kwargs)
        if runner.iter + 1 == step:
            time.sleep(3600)

    Snapshots.after_train_iter = held  # type: ignore[method-assign]


if __name__ == '__main__':
    shrink()
    if os.environ.get(HOLD):
        _hold_after(int(os.environ[HOLD]))
    from benchmark.cli.main import main

    sys.exit(main(sys.argv[1:]))
