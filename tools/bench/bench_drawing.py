"""What it costs to seed the generators before every sample and every step.

    python tools/bench/bench_drawing.py [--samples 400] [--pairs 9]

Samples of a small picture pass through mmpretrain's random crop and flip with and without seeding,
in turn; medians over pairs. Microseconds of the processor, one thread.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from itertools import islice
from typing import Any

import numpy as np
from mmengine.registry import TRANSFORMS, DefaultScope

from benchmark.kinds.common.order import SampleOrder, SeededSamples, Turn
from benchmark.openmmlab import prepare
from benchmark.openmmlab.randomness import seed_for, torch_draws_for

SIDE = 256
STEPS = (
    {'type': 'RandomResizedCrop', 'scale': 224, 'interpolation': 'bicubic'},
    {'type': 'RandomFlip', 'prob': 0.5},
)


class Pictures:
    """Pictures in memory, cut and flipped at random."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._picture = np.random.default_rng(0).integers(0, 255, (SIDE, SIDE, 3), dtype=np.uint8)
        with DefaultScope.overwrite_default_scope('mmpretrain'):
            self._steps: list[Any] = [TRANSFORMS.build(dict(step)) for step in STEPS]

    def __len__(self) -> int:
        """Return the number of pictures."""
        return self._count

    def __getitem__(self, index: int) -> Any:
        """Return a picture, drawn with the global generators."""
        sample: Any = {'img': self._picture, 'img_shape': (SIDE, SIDE)}
        for step in self._steps:
            sample = step(sample)
        return sample


def microseconds(work: Callable[[], None], count: int) -> float:
    """Return the processor's microseconds for each of the ``count`` things that ``work`` does."""
    start = time.process_time()
    work()
    return 1e6 * (time.process_time() - start) / count


def measure_samples(count: int, pairs: int) -> tuple[float, float]:
    """Return the medians without and with seeding."""
    pictures = Pictures(count)
    seeded, order = SeededSamples(pictures, seed=0), SampleOrder(pictures, seed=0)
    turns: list[Turn] = list(islice(iter(order), count))
    plain = lambda: [pictures[turn.sample] for turn in turns]  # noqa: E731
    drawn = lambda: [seeded[turn] for turn in turns]  # noqa: E731
    found = [
        (microseconds(plain, count), microseconds(drawn, count))  # type: ignore[arg-type]
        for _ in range(pairs)
    ]
    return statistics.median(a for a, _ in found), statistics.median(b for _, b in found)


def measure_alone(work: Callable[[int], None], count: int, pairs: int) -> float:
    """Return the median of ``work`` for one number after the other."""

    def everything() -> None:
        for number in range(count):
            work(number)

    return statistics.median(microseconds(everything, count) for _ in range(pairs))


def draw_regions(number: int) -> None:
    """Do what surrounds the sampling of regions of one picture."""
    with torch_draws_for('regions', 0, 0, number):
        pass


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--samples', type=int, default=400)
    parser.add_argument('--pairs', type=int, default=9)
    asked = parser.parse_args()
    prepare()
    import mmpretrain.datasets  # noqa: F401

    plain, drawn = measure_samples(asked.samples, asked.pairs)
    step = measure_alone(lambda number: seed_for('step', 0, number), 5 * asked.samples, asked.pairs)
    regions = measure_alone(draw_regions, 5 * asked.samples, asked.pairs)
    print('| what | microseconds |')
    print('| --- | --: |')
    print(f'| a sample of {SIDE} px, cropped and flipped, not decoded | {plain:.0f} |')
    print(f'| the same, seeded | {drawn:.0f} ({drawn / plain:.3f} of it) |')
    print(f'| seeding of a step | {step:.1f} |')
    print(f'| seeding of the regions of a picture | {regions:.1f} |')


if __name__ == '__main__':
    main()
