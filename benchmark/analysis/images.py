"""The pictures that an analysis shows to the backbones."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from benchmark.errors import DataError, EnvironmentProblem
from benchmark.openmmlab.decoding import PICTURES, is_picture, read_upright
from benchmark.world import SEMANTIC_CLASSES, ensure_world

WORLD, PHOTOS = 'world', 'photos'

# photographs of scikit-image that are in the public domain or CC0 and lie in its package
_PHOTOS = ('astronaut', 'chelsea', 'coffee', 'rocket')
_PHOTO_SIZE = 224

Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class ImageSet:
    """Pictures of one size.

    Attributes:
        name: where they come from.
        names: of the pictures.
        pixels: (n, size, size, 3), RGB.
        labels: (n, size, size) classes of the procedural world, or ``None``.
    """

    name: str
    names: tuple[str, ...]
    pixels: Bytes
    labels: Bytes | None = None

    def __len__(self) -> int:
        """How many pictures there are."""
        return len(self.names)

    def facts(self) -> dict[str, Any]:
        """Return what a record says of the pictures."""
        content = hashlib.sha256(self.pixels.tobytes())
        if self.labels is not None:
            content.update(self.labels.tobytes())
        return {
            'source': self.name,
            'count': len(self),
            'size': int(self.pixels.shape[1]),
            'sha256': content.hexdigest(),
        }


def load_images(source: str, *, count: int, size: int | None, data_root: Path) -> ImageSet:
    """Return ``count`` pictures, or all where there are fewer.

    Args:
        source: ``'world'`` for test scenes of the procedural world, which is rendered first
            where it is absent; ``'photos'`` for scikit-image's; or a folder.
        count: how many, at least 1.
        size: height and width in pixels; ``None`` keeps the world's, else 224.
        data_root: folder of the data sets.

    Raises:
        DataError: no picture was found, or one cannot be read.
        EnvironmentProblem: scikit-image is needed and not installed.
    """
    if source == WORLD:
        return _world(count, size, data_root)
    if source == PHOTOS:
        return _photos(count, size or _PHOTO_SIZE)
    return _folder(Path(source), count, size or _PHOTO_SIZE)


def _world(count: int, size: int | None, data_root: Path) -> ImageSet:
    scenes = ensure_world(data_root) / 'scenes'
    paths = sorted((scenes / 'images' / 'test').iterdir())[:count]
    pixels = [read_picture(path) for path in paths]
    labels = [_read_labels(scenes / 'semantic' / 'test' / f'{path.stem}.png') for path in paths]
    if size is not None:
        pixels = [fit(image, size) for image in pixels]
        labels = [fit(label, size, cv2.INTER_NEAREST) for label in labels]
    return ImageSet('world', tuple(p.name for p in paths), np.stack(pixels), np.stack(labels))


def _photos(count: int, size: int) -> ImageSet:
    try:
        import skimage.data
    except ImportError:
        raise EnvironmentProblem(
            "--images photos: needs scikit-image (`pip install 'transferbench[analysis]'`)"
        ) from None
    readers: Sequence[Callable[[], Bytes]] = [getattr(skimage.data, name) for name in _PHOTOS]
    pixels = [fit(reader(), size) for reader in readers[:count]]
    return ImageSet('scikit-image photographs', _PHOTOS[:count], np.stack(pixels))


def _folder(folder: Path, count: int, size: int) -> ImageSet:
    if not folder.is_dir():
        raise DataError(f"--images '{folder}': no such folder (also allowed: {WORLD}, {PHOTOS})")
    paths = sorted(p for p in folder.rglob('*') if is_picture(p))[:count]
    if not paths:
        raise DataError(f'{folder}: holds no picture ({", ".join(PICTURES)})')
    names = tuple(path.relative_to(folder).as_posix() for path in paths)
    return ImageSet(folder.name, names, np.stack([fit(read_picture(p), size) for p in paths]))


def read_picture(path: Path) -> Bytes:
    """Return the picture (H, W, 3) in RGB.

    Raises:
        DataError: the file is not a readable picture.
    """
    image = read_upright(path)
    return np.ascontiguousarray(image[..., ::-1], dtype=np.uint8)


def _read_labels(path: Path) -> Bytes:
    labels = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if labels is None or labels.max() >= len(SEMANTIC_CLASSES):
        raise DataError(f'{path}: cannot be read as a map of the world')
    return np.asarray(labels, dtype=np.uint8)


def fit(image: Bytes, size: int, interpolation: int = cv2.INTER_AREA) -> Bytes:
    """Return the central square of ``image`` (H, W, ...) as (size, size, ...)."""
    height, width = image.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = np.ascontiguousarray(image[top : top + side, left : left + side])
    if side < size and interpolation == cv2.INTER_AREA:
        interpolation = cv2.INTER_LINEAR
    return np.asarray(cv2.resize(square, (size, size), interpolation=interpolation), np.uint8)
