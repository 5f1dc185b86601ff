"""Lists and depth maps of depth data sets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import scipy.io
from PIL import Image

from benchmark.acquiring.converting.files import write_lines
from benchmark.errors import DataError
from benchmark.kinds.common.tables import read_lines

_SHIFT = 3


def kitti(root: Path, lists: Path) -> list[str]:
    """Write ``eigen_train.txt`` and ``eigen_test.txt`` for the files below ``root``.

    ``lists`` holds the published lists ``eigen_train_files_with_gt.txt`` and
    ``eigen_test_files_with_gt.txt`` (of BTS and its successors) or ``train_list.txt`` and
    ``test_list.txt`` (MIM-Depth-Estimation): a picture and its depth map per line. Pictures lie
    in ``raw_data``, depth maps in ``data_depth_annotated/train`` or ``/val``. Lines without a
    depth map are left out; returns what was done.

    Raises:
        DataError: no list is there, or it names a file that is not.
    """
    done = []
    for role in ('train', 'test'):
        path = _first(lists, f'eigen_{role}_files_with_gt.txt', f'{role}_list.txt')
        rows = [line.split()[:2] for line in read_lines(path)]
        pairs = [f'{_raw(root, a)} {_annotated(root, b)}' for a, b in rows if b != 'None']
        count = write_lines(root / f'eigen_{role}.txt', pairs)
        done.append(f'{root / f"eigen_{role}.txt"}: {count} pairs of {len(rows)} lines')
    return done


def _first(folder: Path, *names: str) -> Path:
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise DataError(f'{folder}: holds none of {", ".join(names)}')


def _raw(root: Path, name: str) -> str:
    return _existing(root, f'raw_data/{name.lstrip("/").removeprefix("raw_data/")}')


def _annotated(root: Path, name: str) -> str:
    bare = name.lstrip('/').removeprefix('data_depth_annotated/')
    if bare.startswith(('train/', 'val/')):
        return _existing(root, f'data_depth_annotated/{bare}')
    # the lists of BTS name the drive without the split that it is in
    inside = f'data_depth_annotated/val/{bare}'
    if (root / inside).is_file():
        return inside
    return _existing(root, f'data_depth_annotated/train/{bare}')


def _existing(root: Path, name: str) -> str:
    if not (root / name).is_file():
        raise DataError(f'{root / name}: named by the list, but not there')
    return name


def sun_rgbd(root: Path) -> list[str]:
    """Write ``test_list.txt`` and ``depth/00000.png`` ... (millimetres) of the official test split.

    The release's 16-bit maps hold depth with its bits rotated by three.

    Raises:
        DataError: the split or a file is missing.
    """
    path = root / 'SUNRGBDtoolbox/traintestSUNRGBD/allsplit.mat'
    if not path.is_file():
        raise DataError(f'{path}: no such file')
    rows = []
    for number, place in enumerate(scipy.io.loadmat(path)['alltest'].ravel()):
        # the release names folders on its authors' machine
        scene = root / 'SUNRGBD' / str(np.asarray(place).item()).split('SUNRGBD/', 1)[1]
        picture, coded = _only(scene / 'image'), _only(scene / 'depth_bfx')
        depth = root / f'depth/{number:05d}.png'
        depth.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(decoded(np.asarray(Image.open(coded)))).save(depth)
        rows.append(f'{picture.relative_to(root)} {depth.relative_to(root)}')
    return [f'{root / "test_list.txt"}: {write_lines(root / "test_list.txt", rows)} pairs']


def nyuv2_labelled(root: Path) -> list[str]:
    """Write the labelled pairs as ``pictures/00001.png`` and ``depth/00001.png`` (millimetres).

    Pairs come from ``nyu_depth_v2_labeled.mat``, their official split from ``splits.mat``, which
    counts from 1. Depth is the raw one, without the release's filling of holes, as the common
    test split has it.

    Raises:
        DataError: a file is missing or of another form, or h5py is not installed.
    """
    labelled, splits = root / 'nyu_depth_v2_labeled.mat', root / 'splits.mat'
    for path in (labelled, splits):
        if not path.is_file():
            raise DataError(f'{path}: no such file')
    try:
        import h5py
    except ImportError:
        raise DataError(
            f"{labelled}: is HDF5; to read it: pip install 'transferbench[data]' (or h5py)"
        ) from None
    for folder in ('pictures', 'depth'):
        (root / folder).mkdir(exist_ok=True)
    with h5py.File(labelled, 'r') as file:
        missing = [name for name in ('images', 'rawDepths') if name not in file]
        if missing:
            raise DataError(f'{labelled}: lacks {" and ".join(missing)}')
        count = len(file['images'])
        for number in range(count):
            # MATLAB stores columns first: (3, width, height) and (width, height)
            picture = np.transpose(file['images'][number], (2, 1, 0))
            metres = np.transpose(file['rawDepths'][number])
            name = f'{number + 1:05d}.png'
            Image.fromarray(picture).save(root / 'pictures' / name)
            Image.fromarray(np.round(metres * 1000).astype(np.uint16)).save(root / 'depth' / name)
    found = scipy.io.loadmat(splits)
    done = [f'{root}: {count} pairs']
    for role in ('train', 'test'):
        key = f'{role}Ndxs'
        if key not in found:
            raise DataError(f'{splits}: lacks {key}')
        names = [f'{number:05d}.png' for number in found[key].ravel().tolist()]
        rows = [f'pictures/{name} depth/{name}' for name in names]
        path = root / f'{role}_list.txt'
        done.append(f'{path}: {write_lines(path, rows)} pairs')
    return done


def decoded(coded: np.ndarray) -> np.ndarray:
    """Return depth in millimetres from SUN RGB-D's code (H, W): its bits rotated right by three."""
    code = coded.astype(np.uint16)
    millimetres: np.ndarray = (code >> _SHIFT) | (code << (16 - _SHIFT))
    return millimetres


def _only(folder: Path) -> Path:
    found = sorted(folder.glob('*.*'))
    if len(found) != 1:
        raise DataError(f'{folder}: holds {len(found)} files, must be one')
    return found[0]
