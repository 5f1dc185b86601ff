"""The fake copy of every shipped task that needs data from elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmark.acquiring.converting import classification as converting
from benchmark.acquiring.converting import depth as converting_depth
from benchmark.acquiring.converting import pose as converting_pose
from benchmark.acquiring.converting import tracking as converting_tracking
from tests.support.fakes import classification, depth, detection, mot, pose, segmentation, tracking

Builder = Callable[[Path], object]
"""Writes a data set into the folder that stands for the task's root."""


def _then(*builders: Builder) -> Builder:
    def build(root: Path) -> None:
        for builder in builders:
            builder(root)

    return build


def _kitti(root: Path) -> None:
    depth.kitti(root)
    converting_depth.kitti(root, root / 'lists')


def _sun_rgbd(root: Path) -> None:
    depth.nyuv2(root / 'nyu_depth_v2')
    depth.sun_rgbd(root / 'sunrgbd')
    converting_depth.sun_rgbd(root / 'sunrgbd')


def _films(*names: str) -> Builder:
    """Return what writes GOT-10k and the released data sets ``names``, converted."""

    def build(root: Path) -> None:
        tracking.got10k(root / 'got10k')
        for name in names:
            getattr(tracking, name)(root / name)
            getattr(converting_tracking, name)(root / name)

    return build


def _got10k_val(root: Path) -> None:
    tracking.got10k(root / 'got10k')
    converting_tracking.got10k_val(root / 'got10k')


_cog = _then(classification.cog, converting.cog)

COPIES: dict[str, Builder] = {
    'ade20k': segmentation.ade20k,
    'ade20k-linear': segmentation.ade20k,
    'ap10k': pose.ap10k,
    'birdsnap': _then(classification.birdsnap, converting.birdsnap),
    'caltech101': _then(classification.caltech101, converting.caltech101),
    'cifar10': _then(
        partial(classification.cifar, classes=10), partial(converting.cifar, classes=10)
    ),
    'cifar100': _then(
        partial(classification.cifar, classes=100), partial(converting.cifar, classes=100)
    ),
    'cityscapes': segmentation.cityscapes,
    'cityscapes-linear': segmentation.cityscapes,
    'coco-detection-cascade': detection.coco,
    'coco-detection': detection.coco,
    'coco-pose': pose.coco_pose,
    'coco-val-pose': _then(pose.coco_pose, converting_pose.coco_val),
    'coco-stuff164k': segmentation.coco_stuff164k,
    'coco-detection-classic': detection.coco,
    **{f'cog-l{level}': _cog for level in range(1, 6)},
    'crowdpose': _then(pose.crowdpose, converting_pose.crowdpose),
    'cub200': classification.cub200,
    'dancetrack': mot.dancetrack,
    'dtd': classification.dtd,
    'fgvc-aircraft': classification.fgvc_aircraft,
    'flowers102': classification.flowers102,
    'food101': classification.food101,
    'got10k': _films(),
    'got10k-val': _got10k_val,
    'imagenet1k': classification.imagenet1k,
    'inat2018': partial(classification.inaturalist, year=2018, last=8141),
    'inat2019': partial(classification.inaturalist, year=2019, last=1009),
    'kitti-depth': _kitti,
    'lasot': _films('lasot', 'trackingnet'),
    'lvis': detection.lvis,
    'mot17': mot.mot17,
    'mot17-bytetrack': mot.mot17,
    'mot20': mot.mot20,
    'mpii': _then(pose.mpii, converting_pose.mpii),
    'nabirds': classification.nabirds,
    'nyuv2': depth.nyuv2,
    'nyuv2-labelled': _then(depth.nyuv2_labelled, converting_depth.nyuv2_labelled),
    'otb100': _films('lasot', 'trackingnet', 'otb100'),
    'oxford-pets': classification.oxford_pets,
    'pascal-context': segmentation.pascal_context,
    'places205': classification.places205,
    'stanford-cars': classification.stanford_cars,
    'sun-rgbd': _sun_rgbd,
    'sun397': classification.sun397,
    'trackingnet': _films('lasot', 'trackingnet'),
    'uav123': _films('lasot', 'trackingnet', 'uav123'),
    'voc-detection': detection.voc_detection,
    'voc2007': classification.voc2007,
    'voc2012-aug': segmentation.voc2012_aug,
    'voc2012-aug-linear': segmentation.voc2012_aug,
}
"""Per task; a builder of a converted data set writes the release and converts it."""

COPIES |= {
    f'{name}-1k': COPIES[name]
    for name in ('caltech101', 'cifar100', 'dtd', 'flowers102', 'oxford-pets', 'voc-detection')
}
COPIES['voc2012-1k'] = COPIES['voc2012-aug']
