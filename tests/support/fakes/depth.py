"""Depth data sets in miniature."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import scipy.io

from tests.support.fakes.pictures import array, depth, lines, picture

KITTI_SIZE = (370, 1226)
NYU_SIZE = (480, 640)


def nyuv2(root: Path, size: tuple[int, int] = (96, 128)) -> None:
    """Lists with a leading slash; the test pictures are larger than the scored window begins."""
    for role, folder, scene, count in (
        ('train', 'sync', 'kitchen_0028b', 4),
        ('test', 'official_splits/test', 'bathroom', 2),
    ):
        rows = []
        for i in range(count):
            name = f'{scene}/rgb_{i:05d}.jpg', f'{scene}/sync_depth_{i:05d}.png'
            picture(root / folder / name[0], size)
            depth(root / folder / name[1], scale=1e-3, far=10, size=size)
            rows.append(f'/{name[0]} /{name[1]}')
        lines(root / f'{role}_list.txt', *rows)


def nyuv2_labelled(root: Path) -> None:
    """As released: HDF5 with columns first, and the split counted from 1."""
    import h5py

    root.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(0)
    with h5py.File(root / 'nyu_depth_v2_labeled.mat', 'w') as file:
        file['images'] = generator.integers(0, 256, (6, 3, *NYU_SIZE[::-1]), dtype=np.uint8)
        file['rawDepths'] = generator.uniform(0.7, 9, (6, *NYU_SIZE[::-1])).astype(np.float32)
    scipy.io.savemat(
        root / 'splits.mat',
        {'trainNdxs': np.array([[1], [3], [4], [6]]), 'testNdxs': np.array([[2], [5]])},
    )


def kitti(root: Path) -> None:
    """As released, with the lists of BTS beside it; one picture has no depth map."""
    drives = {
        'train': '2011_09_26/2011_09_26_drive_0057_sync',
        'test': '2011_09_26/2011_09_26_drive_0002_sync',
    }
    for role, split in (('train', 'train'), ('test', 'val')):
        rows = []
        for i in range(3):
            image = f'{drives[role]}/image_02/data/{i:010d}.png'
            truth = f'{Path(drives[role]).name}/proj_depth/groundtruth/image_02/{i:010d}.png'
            picture(root / 'raw_data' / image, KITTI_SIZE, parts=5)
            if i < 2:
                depth(
                    root / f'data_depth_annotated/{split}' / truth,
                    scale=1 / 256,
                    far=80,
                    size=KITTI_SIZE,
                )
            rows.append(f'{image} {truth if i < 2 else "None"} 721.5377')
        lines(root / f'lists/eigen_{role}_files_with_gt.txt', *rows)


def sun_rgbd(root: Path) -> None:
    """As released: two test scenes, their depth coded by rotating its bits."""
    places = []
    for i in range(2):
        scene = f'SUNRGBD/kv1/NYUdata/NYU{i:04d}'
        picture(root / f'{scene}/image/NYU{i:04d}.jpg', (72, 96))
        metres = np.linspace(0.5, 7.5, 72)[:, None] * np.ones((72, 96))
        millimetres = np.round(1000 * metres).astype(np.uint16)
        array(root / f'{scene}/depth_bfx/NYU{i:04d}.png', (millimetres << 3) | (millimetres >> 13))
        places.append(f'/n/fs/sun3d/data/{scene}')
    path = root / 'SUNRGBDtoolbox/traintestSUNRGBD/allsplit.mat'
    path.parent.mkdir(parents=True)
    scipy.io.savemat(path, {'alltest': np.array([places], dtype=object)})
