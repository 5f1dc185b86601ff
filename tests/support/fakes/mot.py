"""Multi-object tracking data sets in miniature."""

from __future__ import annotations

from pathlib import Path

from tests.support.fakes.pictures import lines, picture


def _sequence(folder: Path, frames: int, digits: int) -> None:
    """Write a film of two persons that walk, a car (class 3) and a person not to be tracked."""
    for n in range(frames):
        picture(folder / f'img1/{n + 1:0{digits}d}.jpg')
    rows = [
        row
        for n in range(1, frames + 1)
        for row in (
            f'{n},1,{4 + 2 * n},8,14,30,1,1,1.0',
            f'{n},2,{40 - 2 * n},10,15,32,1,1,0.8',
            f'{n},3,20,2,9,9,0,3,1.0',
            f'{n},4,50,2,9,22,0,1,0.1',
        )
    ]
    lines(folder / 'gt/gt.txt', *rows)
    lines(
        folder / 'seqinfo.ini',
        '[Sequence]',
        f'name={folder.name}',
        'imDir=img1',
        'frameRate=30',
        f'seqLength={frames}',
        'imWidth=64',
        'imHeight=48',
        'imExt=.jpg',
    )


def mot17(root: Path) -> None:
    """Each film once per detector; only one of them is read."""
    for name in ('MOT17-02', 'MOT17-04'):
        for detector in ('DPM', 'FRCNN', 'SDP'):
            _sequence(root / f'train/{name}-{detector}', 5, 6)
    picture(root / 'test/MOT17-01-FRCNN/img1/000001.jpg')


def mot20(root: Path) -> None:
    for name in ('MOT20-01', 'MOT20-02'):
        _sequence(root / f'train/{name}', 5, 6)


def dancetrack(root: Path) -> None:
    _sequence(root / 'train/dancetrack0001', 4, 8)
    _sequence(root / 'val/dancetrack0004', 3, 8)
