"""Print how fast the procedural world is rendered and written, with one process and with all cores.

Usage: python tools/bench/world.py [FRAMES]
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

from benchmark.world import SplitCounts, WorldSpec, ensure_world


def seconds(frames: int, cores: set[int]) -> float:
    """Return the seconds that a world of ``frames`` scenes takes on the given cores."""
    os.sched_setaffinity(0, cores)
    none = SplitCounts(0, 0, 0)
    spec = WorldSpec(
        scenes=SplitCounts(frames, 0, 0),
        covered_per_class=none,
        fine_per_class=none,
        sequences=none,
    )
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        ensure_world(Path(folder), spec)
        return time.perf_counter() - start


def main() -> None:
    """Measure both in one run and print the ratio."""
    frames = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    cores = os.sched_getaffinity(0)
    one, all_ = seconds(frames, {min(cores)}), seconds(frames, cores)
    print(f'1 core: {frames / one:.0f} frames/s')
    print(f'{len(cores)} cores: {frames / all_:.0f} frames/s ({one / all_:.2f} x)')


if __name__ == '__main__':
    main()
