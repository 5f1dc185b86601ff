"""Single-object tracking data sets in miniature."""

from __future__ import annotations

from pathlib import Path

from tests.support.fakes.pictures import lines, picture

_FRAMES = 5


def _boxes(count: int, separator: str = ',') -> list[str]:
    """Return boxes of a target that moves to the right, counted from 1."""
    return [separator.join(map(str, (5 + 3 * n, 8, 20, 16))) for n in range(count)]


def got10k(root: Path) -> None:
    for role, count in (('train', 3), ('val', 2)):
        names = [f'GOT-10k_{role.capitalize()}_{i + 1:06d}' for i in range(count)]
        lines(root / role / 'list.txt', *names)
        for name in names:
            folder = root / role / name
            for n in range(_FRAMES):
                picture(folder / f'{n + 1:08d}.jpg')
            lines(folder / 'groundtruth.txt', *_boxes(_FRAMES))
            lines(folder / 'absence.label', *[0] * _FRAMES)
            lines(folder / 'cover.label', *[8] * _FRAMES)
            lines(folder / 'cut_by_image.label', *[0] * _FRAMES)


def lasot(root: Path) -> None:
    """The third frame of every sequence is occluded, the last out of view."""
    split = {'training_set.txt': ['airplane-1', 'dog-2'], 'testing_set.txt': ['airplane-13']}
    for listed, names in split.items():
        lines(root / listed, *names)
        for name in names:
            folder = root / name.rsplit('-', 1)[0] / name
            for n in range(_FRAMES):
                picture(folder / f'img/{n + 1:08d}.jpg')
            lines(folder / 'groundtruth.txt', *_boxes(_FRAMES))
            lines(folder / 'full_occlusion.txt', '0,0,1,0,0')
            lines(folder / 'out_of_view.txt', '0,0,0,0,1')
            lines(folder / 'nlp.txt', 'something that moves')


def trackingnet(root: Path) -> None:
    """Three parts for training, and the official test split with first boxes alone."""
    for part, names in (
        ('TRAIN_0', ('aa_0', 'bb_1')),
        ('TRAIN_1', ('cc_0',)),
        ('TRAIN_11', ('dd_0',)),
    ):
        for name in names:
            for n in range(12):
                picture(root / part / f'frames/{name}/{n}.jpg')
            lines(root / part / f'anno/{name}.txt', *_boxes(12))
    for n in range(7):
        picture(root / f'TEST/frames/ee_0/{n}.jpg')
    lines(root / 'TEST/anno/ee_0.txt', *_boxes(1))


def otb100(root: Path) -> None:
    """A plain sequence, one with two targets, and one whose annotations begin at frame 300."""
    for n in range(_FRAMES):
        picture(root / f'Basketball/img/{n + 1:04d}.jpg')
        picture(root / f'Jogging/img/{n + 1:04d}.jpg')
        picture(root / f'David/img/{n + 298:04d}.jpg')
    lines(root / 'Basketball/groundtruth_rect.txt', *_boxes(_FRAMES))
    lines(root / 'Jogging/groundtruth_rect.1.txt', *_boxes(_FRAMES, '\t'))
    lines(root / 'Jogging/groundtruth_rect.2.txt', *_boxes(_FRAMES, '\t'))
    lines(root / 'David/groundtruth_rect.txt', *_boxes(3))


def uav123(root: Path) -> None:
    """One film of which two sequences are parts; a target that is lost for a frame."""
    for n in range(8):
        picture(root / f'data_seq/UAV123/group1/{n + 1:06d}.jpg')
    described = [
        "struct('name','group1','path','..\\data_seq\\UAV123\\group1\\','startFrame',1,"
        "'endFrame',8,'nz',6,'ext','jpg','init_rect',[0,0,0,0]),...",
        "struct('name','group1_1','path','..\\data_seq\\UAV123\\group1\\','startFrame',1,"
        "'endFrame',4,'nz',6,'ext','jpg','init_rect',[0,0,0,0]),...",
        "struct('name','group1_2','path','..\\data_seq\\UAV123\\group1\\','startFrame',5,"
        "'endFrame',8,'nz',6,'ext','jpg','init_rect',[0,0,0,0]),...",
    ]
    lines(root / 'configSeqs.m', 'seqs={...', *described, '};')
    lines(root / 'anno/UAV123/group1_1.txt', *_boxes(4))
    first, _, third, fourth = _boxes(4)
    lines(root / 'anno/UAV123/group1_2.txt', first, 'NaN,NaN,NaN,NaN', third, fourth)
