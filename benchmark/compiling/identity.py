"""The identity of a run: everything that determines its numbers, and nothing else."""

from __future__ import annotations

import functools
import hashlib
import os
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path

from benchmark import __version__
from benchmark.errors import DataError, DeclarationError
from benchmark.kinds.base import Config
from benchmark.specs import fingerprint

LIBRARIES = (
    'torch',
    'torchvision',
    'timm',
    'numpy',
    'mmengine',
    'mmcv',
    'mmpretrain',
    'mmdet',
    'mmsegmentation',
    'mmpose',
)
READERS = ('opencv-python-headless', 'pillow', 'pycocotools', 'scipy')
_ALTERNATIVES = {
    'mmengine': ('onedl-mmengine', 'mmengine'),
    'mmcv': ('onedl-mmcv', 'mmcv', 'mmcv-lite'),
    'mmdet': ('onedl-mmdetection', 'mmdet'),
    'mmpretrain': ('onedl-mmpretrain', 'mmpretrain'),
    'mmsegmentation': ('onedl-mmsegmentation', 'mmsegmentation'),
}


def fingerprint_of(
    config: Config, *, weights: str | None, manifest: str, task_version: int, source: str = ''
) -> str:
    """Return the SHA-256 that identifies a run.

    ``weights`` is the hash of the backbone's file (``None`` when it has none), ``source`` where
    its network comes from, and ``manifest`` the hash of the data.

    Raises:
        DeclarationError: the configuration holds something that JSON cannot, as infinity.
    """
    content = {
        'config': config,
        'weights': weights,
        'manifest': manifest,
        'task_version': task_version,
        'libraries': library_versions(source),
    }
    try:
        return fingerprint(content)
    except (TypeError, ValueError) as error:
        raise DeclarationError(f'the configuration is not plain data ({error})') from None


def library_versions(source: str = '') -> dict[str, str]:
    """Return the versions that can change numbers, read without importing the libraries.

    ``source`` is that of a backbone: where it is ``hf:``, transformers is among them.
    """
    found = {'benchmark': __version__}
    for name in (*LIBRARIES, *(['transformers'] if source.startswith('hf:') else [])):
        for distribution in _ALTERNATIVES.get(name, (name,)):
            version = _version(distribution)
            if version:
                found[name] = version
                break
    return found


def reader_versions() -> dict[str, str]:
    """Return the versions of what reads pictures and counts scores, which a record states too.

    They are no part of a run's identity: a new one makes no record another.
    """
    found = {name: _version(name) for name in READERS}
    return {name: version for name, version in found.items() if version}


@functools.cache
def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def manifest_of(root: Path, patterns: Iterable[str] = ()) -> str:
    """Return a SHA-256 over the relative paths and sizes of the files below ``root``.

    All of them, or those that ``patterns`` find: what another task keeps in the same folder is no
    part of this one's data. Links to folders are followed.

    Raises:
        DataError: ``root`` is no folder or holds no file.
    """
    digest = hashlib.sha256()
    wanted = tuple(patterns)
    files = sorted((_found(root, wanted) if wanted else files_below(root)).items())
    if not files:
        raise DataError(f'{root}: no data here (the folder is missing or empty)')
    for name, size in files:
        digest.update(f'{name}\0{size}\n'.encode())
    return digest.hexdigest()


def _found(root: Path, patterns: Iterable[str]) -> Mapping[str, int]:
    paths = (path for pattern in patterns for path in root.glob(pattern) if path.is_file())
    return {path.relative_to(root).as_posix(): path.stat().st_size for path in paths}


def files_below(root: Path) -> Mapping[str, int]:
    """Return the size of each file below ``root`` by relative path; links are followed."""
    found: dict[str, int] = {}
    for folder, below, names in os.walk(root, followlinks=True):
        place = Path(folder)
        # a link to a folder above it would never end
        below[:] = [name for name in below if not _leads_back(place / name)]
        for path in (place / name for name in names):
            if path.is_file():
                found[path.relative_to(root).as_posix()] = path.stat().st_size
    return found


def _leads_back(folder: Path) -> bool:
    return folder.is_symlink() and folder.parent.resolve().is_relative_to(folder.resolve())
