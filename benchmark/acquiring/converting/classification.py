"""Lists and pictures of classification data sets."""

from __future__ import annotations

import io
import pickle
import random
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import scipy.io
from PIL import Image

from benchmark.acquiring.converting.files import folders, write_lines
from benchmark.acquiring.unpacking import move_in
from benchmark.errors import DataError
from benchmark.kinds.common.tables import read_lines

_TRAINING_IMAGES = 30
_SIDE = 32


def caltech101(root: Path) -> list[str]:
    """Write ``meta/train.txt`` and ``meta/test.txt``: 30 pictures of each class, and the rest.

    The release has no split; this one is drawn with seed 0 and counts the background as a class,
    as Kornblith, Shlens and Le (arXiv 1805.08974) do. Returns what was done.

    Raises:
        DataError: there are no pictures, or a class has too few.
    """
    split: dict[str, list[str]] = {'train': [], 'test': []}
    for label, folder in enumerate(folders(root / '101_ObjectCategories')):
        names = sorted(path.name for path in folder.glob('*.jpg'))
        if len(names) <= _TRAINING_IMAGES:
            raise DataError(f'{folder}: {len(names)} pictures, needs more than {_TRAINING_IMAGES}')
        random.Random(f'0/{folder.name}').shuffle(names)
        rows = [f'{folder.name}/{name} {label}' for name in names]
        split['train'] += rows[:_TRAINING_IMAGES]
        split['test'] += rows[_TRAINING_IMAGES:]
    return [_listed(root / f'meta/{role}.txt', sorted(rows)) for role, rows in split.items()]


def _listed(path: Path, rows: Sequence[str]) -> str:
    return f'{path}: {write_lines(path, rows)} pictures'


def birdsnap(root: Path) -> list[str]:
    """Write ``train.txt`` and ``test.txt`` of the pictures that are there, and say how many lack.

    Raises:
        DataError: a list of the release is missing or malformed.
    """
    rows = _table(root / 'images.txt')
    test = {row['path'] for row in _table(root / 'test_images.txt')}
    found = [row for row in rows if (root / 'images' / row['path']).is_file()]
    split: dict[str, list[str]] = {'train': [], 'test': []}
    for row in found:
        role = 'test' if row['path'] in test else 'train'
        split[role].append(f'{row["path"]} {int(row["species_id"]) - 1}')
    done = [_listed(root / f'{role}.txt', listed) for role, listed in split.items()]
    return [*done, f'{len(rows) - len(found)} of {len(rows)} pictures are not there']


def _table(path: Path) -> list[dict[str, str]]:
    header, *rows = read_lines(path) or ['']
    names = header.split('\t')
    if 'path' not in names:
        raise DataError(f'{path}: its first line has no column called path; found: {names}')
    return [dict(zip(names, row.split('\t'), strict=False)) for row in rows]


def cifar(root: Path, classes: int) -> list[str]:
    """Unpack the binary version into ``train`` and ``test`` with one folder of PNGs per class.

    Raises:
        DataError: a file is missing or of another size than whole pictures have.
    """
    folder = root / ('cifar-10-batches-bin' if classes == 10 else 'cifar-100-binary')
    names = read_lines(folder / ('batches.meta.txt' if classes == 10 else 'fine_label_names.txt'))
    if len(names) != classes:
        raise DataError(f'{folder}: names {len(names)} classes, not {classes}')
    batches = [f'data_batch_{number}.bin' for number in range(1, 6)]
    files = {10: {'train': batches, 'test': ['test_batch.bin']}}.get(
        classes, {'train': ['train.bin'], 'test': ['test.bin']}
    )
    done = []
    for role, parts in files.items():
        pictures = [picture for part in parts for picture in _pictures(folder / part, classes)]
        for number, (label, picture) in enumerate(pictures):
            # the digits keep the classes in order for loaders that sort folders
            place = root / role / f'{label:02d}_{names[label]}' / f'{number:05d}.png'
            place.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(picture).save(place)
        done.append(f'{root / role}: {len(pictures)} pictures')
    return done


def _pictures(path: Path, classes: int) -> Iterator[tuple[int, np.ndarray]]:
    """Yield the label (CIFAR-100: the fine one) and RGB picture (32, 32, 3) of every record."""
    header = 1 if classes == 10 else 2
    size = header + 3 * _SIDE * _SIDE
    try:
        content = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError as error:
        raise DataError(f'{path}: cannot be read ({error.strerror})') from None
    if not len(content) or len(content) % size:
        raise DataError(f'{path}: {len(content)} bytes, must be a multiple of {size}')
    for record in content.reshape(-1, size):
        picture = record[header:].reshape(3, _SIDE, _SIDE).transpose(1, 2, 0)
        yield int(record[header - 1]), np.ascontiguousarray(picture)


def cog(root: Path) -> list[str]:
    """Write ``cog_lN_train.txt`` and ``cog_lN_test.txt`` from the two files of ImageNet-CoG.

    The concepts' folders of pictures move from the archive's own folder into ``images``, where
    the lists expect them. Returns what was done.

    Raises:
        DataError: a file is missing, or holds anything but names.
    """
    levels = _plain_pickle(root / 'cog_levels_mapping_file.pkl')
    files = _plain_pickle(root / 'cog_concepts_split_file.pkl')
    done = []
    for number, concepts in enumerate(levels, 1):
        for role in ('train', 'test'):
            rows = [
                f'{str(name).lstrip("/")} {label}'
                for label, concept in enumerate(sorted(concepts))
                for name in sorted(files[concept][role])
            ]
            done.append(_listed(root / f'cog_l{number}_{role}.txt', rows))
    packed = root / 'images/winter21_whole'
    # a link may lead to pictures that others read where they are
    if packed.is_dir() and not packed.is_symlink():
        count = sum(1 for _ in packed.iterdir())
        move_in(packed, packed.parent)
        shutil.rmtree(packed)  # empty folders are left where some were there already
        done.append(f'{packed.parent}: pictures of {count:,} concepts moved here')
    return done


def places205(root: Path) -> list[str]:
    """Put the lists of the archive of splits where the data set's loader looks for them.

    Raises:
        DataError: nothing was found.
    """
    for role in ('train', 'val'):
        place = root / f'{role}_places205.csv'
        packed = root / 'trainvalsplit_places205' / place.name
        if packed.is_file():
            packed.replace(place)
        if not place.is_file():
            raise DataError(f'{place}: no such file')
    return [f'{root}: lists of both splits']


def imagenet(root: Path) -> list[str]:
    """Sort the pictures in ``val`` into one folder per class, by the development kit of 2012.

    Pictures that are sorted already stay where they are. Returns what was done.

    Raises:
        DataError: a file of the kit is missing, or its classes and pictures do not fit.
    """
    kit = root / 'ILSVRC2012_devkit_t12/data'
    names = _synsets(kit / 'meta.mat')
    labels = read_lines(kit / 'ILSVRC2012_validation_ground_truth.txt')
    loose = sorted((root / 'val').glob('*.JPEG'))
    for path in loose:
        number = path.stem.rpartition('_')[2]
        if not number.isdigit() or not 1 <= int(number) <= len(labels):
            raise DataError(f'{path}: must be called ILSVRC2012_val_ and 1 to {len(labels)}')
        label = labels[int(number) - 1]
        if label not in names:
            raise DataError(f'{kit}: its classes have no {label!r}, that of {path.name}')
        place = root / 'val' / names[label] / path.name
        place.parent.mkdir(exist_ok=True)
        path.replace(place)
    return [f'{root / "val"}: {len(loose)} pictures sorted into {len(names)} classes']


def _synsets(path: Path) -> dict[str, str]:
    """Return WordNet's name of each class by its number in the kit."""
    try:
        rows = scipy.io.loadmat(path, squeeze_me=True)['synsets']
        # classes of classes have children
        return {str(row['ILSVRC2012_ID']): str(row['WNID']) for row in rows if not row[4]}
    except (OSError, ValueError, KeyError, IndexError) as error:
        raise DataError(f'{path}: not readable as the kit of 2012 ({error})') from None


class _NamesOnly(pickle.Unpickler):
    """Reads lists, dictionaries, text and numpy arrays; refuses everything else."""

    _ALLOWED: ClassVar = {
        ('numpy', 'dtype'),
        ('numpy', 'ndarray'),
        ('numpy.core.multiarray', '_reconstruct'),
        ('numpy._core.multiarray', '_reconstruct'),
        ('numpy.core.multiarray', 'scalar'),
        ('numpy._core.multiarray', 'scalar'),
        # what numpy writes bytes of text with
        ('_codecs', 'encode'),
    }

    def find_class(self, module: str, name: str) -> Any:
        """Return a class or function that builds an array."""
        if (module, name) not in self._ALLOWED:
            raise pickle.UnpicklingError(f'it asks for {module}.{name}')
        return super().find_class(module, name)


def _plain_pickle(path: Path) -> Any:
    try:
        return _NamesOnly(io.BytesIO(path.read_bytes())).load()
    except (OSError, pickle.UnpicklingError, EOFError, AttributeError) as error:
        raise DataError(f'{path}: not readable as names and arrays ({error})') from None
