"""Bring data sets from their official layouts into those that the tasks read."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from benchmark.errors import DataError, unknown_name

CONVERTERS: dict[str, tuple[str, str, dict[str, Any]]] = {
    'birdsnap': ('classification', 'birdsnap', {}),
    'caltech101': ('classification', 'caltech101', {}),
    'cifar10': ('classification', 'cifar', {'classes': 10}),
    'cifar100': ('classification', 'cifar', {'classes': 100}),
    'cityscapes': ('segmentation', 'cityscapes', {}),
    'coco-val-pose': ('pose', 'coco_val', {}),
    'coco-stuff': ('segmentation', 'coco_stuff', {}),
    'cog': ('classification', 'cog', {}),
    'crowdpose': ('pose', 'crowdpose', {}),
    'dancetrack': ('tracking', 'dancetrack', {}),
    'got10k-val': ('tracking', 'got10k_val', {}),
    'imagenet': ('classification', 'imagenet', {}),
    'kitti': ('depth', 'kitti', {}),
    'lasot': ('tracking', 'lasot', {}),
    'mpii': ('pose', 'mpii', {}),
    'nyuv2-labelled': ('depth', 'nyuv2_labelled', {}),
    'otb100': ('tracking', 'otb100', {}),
    'places205': ('classification', 'places205', {}),
    'sbd': ('segmentation', 'sbd', {}),
    'sun-rgbd': ('depth', 'sun_rgbd', {}),
    'trackingnet': ('tracking', 'trackingnet', {}),
    'uav123': ('tracking', 'uav123', {}),
}
"""Per name: the module here and its function that converts a folder, and further arguments."""

LISTS = 'lists'
"""Where a converter that needs published lists looks for them below the data set's folder."""

_NEED_LISTS = ('kitti',)


def convert(name: str, folder: Path, lists: Path | None = None) -> list[str]:
    """Convert the data set in ``folder`` by the converter called ``name``; return what was done.

    Args:
        name: one of ``CONVERTERS``.
        folder: where the unpacked release lies.
        lists: published lists, for a converter that needs them; ``folder``'s own unless given.

    Raises:
        UnknownNameError: there is no such converter.
        DataError: the data are not as released, or lists are given that are not needed.
    """
    if name not in CONVERTERS:
        raise unknown_name('converter', name, CONVERTERS)
    module, function, arguments = CONVERTERS[name]
    if name in _NEED_LISTS:
        arguments = {**arguments, 'lists': lists or folder / LISTS}
    elif lists is not None:
        raise DataError(f'{name} needs no lists; --lists is for {", ".join(_NEED_LISTS)}')
    # numpy, scipy and pictures are read in only where something is converted
    found = importlib.import_module(f'{__name__}.{module}')
    done: list[str] = getattr(found, function)(folder, **arguments)
    return done
