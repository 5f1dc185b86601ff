"""Label maps and lists of segmentation data sets, as mmseg's own converters write them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import scipy.io
from PIL import Image

from benchmark.acquiring.converting.files import write_lines
from benchmark.errors import DataError
from benchmark.kinds.common.tables import read_lines

IGNORED = 255
"""The label of pixels that do not count."""

_CITYSCAPES = (7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33)
"""Cityscapes' labels that count, in the order of their training numbers (cityscapesScripts)."""

_COCO_STUFF = tuple(
    # the numbers of classes that COCO's annotators never used, counted from 0
    sorted(set(range(182)) - {11, 25, 28, 29, 44, 65, 67, 68, 70, 82, 90})
)
"""COCO-Stuff's labels that occur, in the order of their training numbers (mmseg)."""


def cityscapes(root: Path) -> list[str]:
    """Write ``*_labelTrainIds.png`` beside each ``*_labelIds.png`` of ``gtFine``.

    Raises:
        DataError: nothing was found, or a file cannot be read.
    """
    done = []
    for role in ('train', 'val'):
        folder = root / 'gtFine' / role
        paths = sorted(folder.glob('*/*_labelIds.png'))
        _write_all(folder, paths, '_labelIds.png', _table(_CITYSCAPES))
        done.append(f'{folder}: {len(paths)} label maps')
    return done


def coco_stuff(root: Path) -> list[str]:
    """Write ``*_labelTrainIds.png`` beside each label map in ``annotations``.

    Raises:
        DataError: nothing was found, or a file cannot be read.
    """
    done = []
    for role in ('train2017', 'val2017'):
        folder = root / 'annotations' / role
        found = sorted(folder.glob('*.png'))
        paths = [path for path in found if not path.stem.endswith('_labelTrainIds')]
        _write_all(folder, paths, '.png', _table(_COCO_STUFF))
        done.append(f'{folder}: {len(paths)} label maps')
    return done


def _table(labels: tuple[int, ...]) -> np.ndarray:
    """Return the training number of each of 256 labels, 255 for those that do not count."""
    table = np.full(256, IGNORED, np.uint8)
    table[list(labels)] = np.arange(len(labels))
    return table


def _write_all(folder: Path, paths: list[Path], ending: str, table: np.ndarray) -> None:
    if not paths:
        raise DataError(f'{folder}: holds no label maps *{ending}')
    for path in paths:
        place = path.with_name(path.name.removesuffix(ending) + '_labelTrainIds.png')
        Image.fromarray(table[_labels(path)]).save(place)


def _labels(path: Path) -> np.ndarray:
    try:
        labels = np.asarray(Image.open(path))
    except OSError as error:
        raise DataError(f'{path}: not readable as a picture ({error})') from None
    if labels.ndim != 2 or labels.dtype != np.uint8:
        raise DataError(f'{path}: must be a label map of 8 bits, has shape {labels.shape}')
    return labels


def sbd(root: Path) -> list[str]:
    """Write VOC 2012's ``SegmentationClassAug`` and ``aug.txt`` from SBD's annotations.

    ``root`` holds ``VOC2012`` and ``benchmark_RELEASE``. The list has all pictures of SBD but
    those that VOC 2012 itself annotates.

    Raises:
        DataError: a file is missing or cannot be read.
    """
    release, voc = root / 'benchmark_RELEASE/dataset', root / 'VOC2012'
    annotated = {name for role in ('train', 'val') for name in read_lines(release / f'{role}.txt')}
    lists = voc / 'ImageSets/Segmentation'
    own = {name for role in ('train', 'val') for name in read_lines(lists / f'{role}.txt')}
    names = sorted(annotated - own)
    folder = voc / 'SegmentationClassAug'
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        Image.fromarray(_of_mat(release / f'cls/{name}.mat')).save(folder / f'{name}.png')
    count = write_lines(lists / 'aug.txt', names)
    return [f'{lists / "aug.txt"}: {count} pictures of {len(annotated)}']


def _of_mat(path: Path) -> np.ndarray:
    try:
        labels = scipy.io.loadmat(path)['GTcls'][0]['Segmentation'][0]
    except (OSError, ValueError, KeyError, IndexError) as error:
        raise DataError(f'{path}: not readable as an annotation ({error})') from None
    return np.asarray(labels, np.uint8)
