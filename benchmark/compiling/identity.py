"""The identity of a run: everything that determines its numbers, and nothing else.

Which parts of the benchmark a run depends on, and what does not count, is told by
:mod:`benchmark.results.identity`; here are the numbers and versions of this installation.
"""

from __future__ import annotations

import functools
import hashlib
import os
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path

from benchmark.catalog.sources import SOURCE_NUMERICS
from benchmark.errors import DataError, DeclarationError
from benchmark.hashing import canonical_json
from benchmark.kinds import load_kind
from benchmark.kinds.base import Config
from benchmark.protocols import load_protocol
from benchmark.results.identity import identity_of, parts_of

NUMERICS: Mapping[str, int] = {
    'reading': 1,
    'networks': 1,
    'training': 2,
    'search': 1,
    'probe': 1,
    'as-is': 1,
    'trivial': 1,
}
"""Numbers of the parts that no kind, protocol or source owns; each rises when its results change.

``reading`` is how samples are opened and decoded, ``networks`` what stands between a source's
network and a head, the others are procedures. The release of the package is no part of a run's
identity: raise the number of exactly the part whose change alters scores or losses. Kinds,
protocols and sources declare theirs themselves. The built-in world needs none: other pictures or
labels are other contents.
"""

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
READERS = ('opencv-python-headless', 'pillow', 'pycocotools', 'scipy', 'scikit-learn')
_ALTERNATIVES = {
    'mmengine': ('onedl-mmengine', 'mmengine'),
    'mmcv': ('onedl-mmcv', 'mmcv', 'mmcv-lite'),
    'mmdet': ('onedl-mmdetection', 'mmdet'),
    'mmpretrain': ('onedl-mmpretrain', 'mmpretrain'),
    'mmsegmentation': ('onedl-mmsegmentation', 'mmsegmentation'),
}


def fingerprint_of(
    config: Config,
    *,
    weights: str | None,
    manifest: str,
    task_version: int,
    numerics: Mapping[str, int],
    source: str = '',
) -> str:
    """Return the SHA-256 that identifies a run: that of :func:`identity_text`.

    Args:
        config: the compiled configuration, with placeholders for local paths.
        weights: hash of the backbone's weights; ``None`` if they are random.
        manifest: digest of the data.
        task_version: version that the task declares.
        numerics: those of :func:`numerics_of`.
        source: where the backbone's network comes from; empty without one.

    Raises:
        DeclarationError: the configuration holds something that JSON cannot, as infinity.
    """
    text = identity_text(
        config,
        weights=weights,
        manifest=manifest,
        task_version=task_version,
        numerics=numerics,
        source=source,
    )
    return hashlib.sha256(text.encode()).hexdigest()


def identity_text(
    config: Config,
    *,
    weights: str | None,
    manifest: str,
    task_version: int,
    numerics: Mapping[str, int],
    source: str = '',
) -> str:
    """Return everything that identifies a run as one canonical text.

    Args:
        config: the compiled configuration, with placeholders for local paths.
        weights: hash of the backbone's weights; ``None`` if they are random.
        manifest: digest of the data.
        task_version: version that the task declares.
        numerics: those of :func:`numerics_of`.
        source: where the backbone's network comes from; empty without one.

    Raises:
        DeclarationError: the configuration holds something that JSON cannot, as infinity.
    """
    content = identity_of(
        config,
        weights=weights,
        data=manifest,
        task_version=task_version,
        libraries=library_versions(source),
        numerics=numerics,
    )
    try:
        return canonical_json(content)
    except (TypeError, ValueError) as error:
        raise DeclarationError(f'the configuration is not plain data ({error})') from None


def numerics_of(config: Config, *, kind: str, protocol: str, source: str) -> dict[str, int]:
    """Return the number of each part of the benchmark that a cell involves.

    Args:
        config: the compiled configuration.
        kind: name of the kind of task.
        protocol: name of the protocol.
        source: where the backbone's network comes from; empty without one.
    """
    known = {
        **NUMERICS,
        f'kind {kind}': load_kind(kind).numerics,
        f'protocol {protocol}': load_protocol(protocol).numerics,
        **source_numerics(source),
    }
    parts = parts_of(config, kind=kind, protocol=protocol, source=source)
    return {part: known[part] for part in parts}


def source_numerics(source: str) -> dict[str, int]:
    """Return the numbers of the parts that a network of ``source`` goes through."""
    library = source.partition(':')[0]
    return {
        'networks': NUMERICS['networks'],
        f'source {library}': SOURCE_NUMERICS.get(library, 1),
    }


def library_versions(source: str = '') -> dict[str, str]:
    """Return the versions that can change numbers, read without importing the libraries.

    ``source`` is that of a backbone: where it is ``hf:``, transformers is among them.
    """
    found: dict[str, str] = {}
    for name in (*LIBRARIES, *(['transformers'] if source.startswith('hf:') else [])):
        for distribution in _ALTERNATIVES.get(name, (name,)):
            version = _version(distribution)
            if version:
                found[name] = version
                break
    return found


def reader_versions() -> dict[str, str]:
    """Return the versions of what reads pictures and counts scores, which a record states too.

    Not part of a run's identity: upgrading one invalidates no record.
    """
    found = {name: _version(name) for name in READERS}
    return {name: version for name, version in found.items() if version}


@functools.cache
def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def names_and_sizes(root: Path, patterns: Iterable[str] = ()) -> str:
    """Return a SHA-256 over the relative paths and sizes of the files below ``root``.

    Records of schema 2 and before know their data by this.

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
        below[:] = [name for name in below if not leads_back(place / name)]
        for path in (place / name for name in names):
            if path.is_file():
                found[path.relative_to(root).as_posix()] = path.stat().st_size
    return found


def leads_back(folder: Path) -> bool:
    """Whether ``folder`` is a link to a folder that it lies in."""
    return folder.is_symlink() and folder.parent.resolve().is_relative_to(folder.resolve())
