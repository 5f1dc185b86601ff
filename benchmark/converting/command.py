"""The command line of the converters."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from benchmark.converting import classification, depth, pose, tracking
from benchmark.errors import BenchmarkError

Converter = Callable[..., list[str]]

CONVERTERS: dict[str, Converter] = {
    'birdsnap': classification.birdsnap,
    'caltech101': classification.caltech101,
    'cifar10': partial(classification.cifar, classes=10),
    'cifar100': partial(classification.cifar, classes=100),
    'cog': classification.cog,
    'crowdpose': pose.crowdpose,
    'kitti': depth.kitti,
    'lasot': tracking.lasot,
    'mpii': pose.mpii,
    'otb100': tracking.otb100,
    'sun-rgbd': depth.sun_rgbd,
    'trackingnet': tracking.trackingnet,
    'uav123': tracking.uav123,
}
"""What converts a data set in its folder, by name."""

_NEEDS_LISTS = {'kitti'}


def main(arguments: Sequence[str] | None = None) -> int:
    """Convert one data set and return the exit code: 0 done, 2 the data are not as released."""
    parser = argparse.ArgumentParser(
        description='Bring a data set from its official layout into the one that its task reads.'
    )
    parser.add_argument('layout', choices=sorted(CONVERTERS))
    parser.add_argument('folder', type=Path, help='where the unpacked release lies')
    parser.add_argument('--lists', type=Path, metavar='DIR', help='kitti: published Eigen lists')
    options = parser.parse_args(arguments)
    if (options.layout in _NEEDS_LISTS) is not (options.lists is not None):
        parser.error(f'--lists is for {", ".join(sorted(_NEEDS_LISTS))}, and needed there')
    try:
        more = {'lists': options.lists} if options.lists else {}
        done = CONVERTERS[options.layout](options.folder, **more)
    except BenchmarkError as error:
        print(f'convert: {error}', file=sys.stderr)
        return 2
    print('\n'.join(done))
    return 0
