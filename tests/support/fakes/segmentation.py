"""Segmentation data sets in miniature."""

from __future__ import annotations

from pathlib import Path

from tests.support.fakes.pictures import labels, lines, picture


def ade20k(root: Path) -> None:
    """Label 0 is no class, and 1 to 150 are classes."""
    for role, count in (('training', 4), ('validation', 2)):
        for i in range(1, count + 1):
            name = f'ADE_{"train" if role == "training" else "val"}_{i:08d}'
            picture(root / f'images/{role}/{name}.jpg')
            labels(root / f'annotations/{role}/{name}.png', 151)


def cityscapes(root: Path) -> None:
    for role, city, count in (('train', 'aachen', 4), ('val', 'frankfurt', 2)):
        for i in range(count):
            name = f'{city}_{i:06d}_000019'
            picture(root / f'leftImg8bit/{role}/{city}/{name}_leftImg8bit.png')
            labels(root / f'gtFine/{role}/{city}/{name}_gtFine_labelTrainIds.png', 19)
            labels(root / f'gtFine/{role}/{city}/{name}_gtFine_labelIds.png', 34)


def pascal_context(root: Path) -> None:
    for role, count in (('train', 4), ('val', 2)):
        ids = [f'2008_{len(role)}{i:05d}' for i in range(count)]
        lines(root / f'ImageSets/SegmentationContext/{role}.txt', *ids)
        for id_ in ids:
            picture(root / f'JPEGImages/{id_}.jpg')
            labels(root / f'SegmentationClassContext/{id_}.png', 60)


def voc2012_aug(root: Path) -> None:
    for name, folder, count in (
        ('train', 'SegmentationClass', 2),
        ('aug', 'SegmentationClassAug', 3),
        ('val', 'SegmentationClass', 2),
    ):
        ids = [f'2011_{len(name)}{i:05d}{name[0]}' for i in range(count)]
        lines(root / f'ImageSets/Segmentation/{name}.txt', *ids)
        for id_ in ids:
            picture(root / f'JPEGImages/{id_}.jpg')
            labels(root / f'{folder}/{id_}.png', 21)


def coco_stuff164k(root: Path) -> None:
    for role, count in (('train2017', 4), ('val2017', 2)):
        for i in range(count):
            picture(root / f'images/{role}/{i:012d}.jpg')
            labels(root / f'annotations/{role}/{i:012d}_labelTrainIds.png', 171)
