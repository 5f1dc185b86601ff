"""Maps of a frozen backbone, kept on disk by the content of the picture that they are of.

What a frozen backbone returns for a picture never changes, so that a head can train on maps that
were computed once: by an earlier pass, another seed, or another task on the same pictures.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from benchmark.errors import UNFIT, IncompatibleError
from benchmark.hashing import fingerprint

_SUFFIX = '.maps'
_DIGEST = hashlib.sha256().digest_size
_USED = 'used'
_LARGEST = torch.finfo(torch.float16).max

Maps = tuple[Tensor, ...]


def rounded(maps: Sequence[Tensor]) -> Maps:
    """Return maps with the precision of those that are kept, float16, in their own type.

    Raises:
        IncompatibleError: a value is too large for it.
    """
    return tuple(_to_half(values).to(values.dtype) for values in maps)


def one_by_one(images: Tensor, compute: Callable[[Tensor], Maps]) -> Maps:
    """Return the maps of images (B, 3, H, W) in the images' type.

    On a CPU they are computed one by one, so that the maps of each picture are the same to the
    last bit whatever else is in its batch.
    """
    each = 1 if images.device.type == 'cpu' else len(images)
    parts = [compute(images[i : i + each]) for i in range(0, len(images), each)]
    return tuple(torch.cat(level).to(images.dtype) for level in zip(*parts, strict=True))


def _to_half(values: Tensor) -> Tensor:
    if values.numel() and not values.detach().abs().max() <= _LARGEST:
        raise IncompatibleError(
            'the backbone returns values that half precision cannot hold, or none at all: '
            "run the protocol 'frozen' in place of 'frozen-kept'"
        )
    return values.to(torch.float16)


@dataclass
class MapStore:
    """A folder of maps of one backbone; the folders longest unused go first.

    Any number of processes may use the folder at once: files appear whole, by renaming, and what
    is missing or damaged is computed again. What does not fit is computed each time.

    Attributes:
        read: how many maps were read so far.
        computed: how many were computed.
        root: the folder of all backbones.
        limit: bytes that all files may take together.
        about: everything that determines the maps of a picture, as JSON data.
        levels: the numbers of the network's maps that are wanted, each kept in a file of its own.
    """

    root: Path
    limit: int
    about: Mapping[str, object]
    levels: Sequence[int]
    read: int = field(default=0, init=False)
    computed: int = field(default=0, init=False)
    _left: int | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        """Name the folder of this backbone."""
        self._folder = self.root / fingerprint(dict(self.about))[:24]

    def maps_of(self, images: Tensor, compute: Callable[[Tensor], Maps]) -> Maps:
        """Return the maps of images (B, 3, H, W), computing those that are not there."""
        names = [_name(image) for image in images]
        found = [self._read(name) for name in names]
        missing = [i for i, maps in enumerate(found) if maps is None]
        self.read += len(names) - len(missing)
        self.computed += len(missing)
        computed = _split(one_by_one(images[missing], compute)) if missing else []
        for place, maps in zip(missing, computed, strict=True):
            found[place] = maps
            self._write(names[place], maps)
        whole = [maps for maps in found if maps is not None]
        return tuple(
            torch.stack([m.to(images.device, images.dtype) for m in level])
            for level in zip(*whole, strict=True)
        )

    def _path(self, name: str, level: int) -> Path:
        return self._folder / name[:2] / f'{name[2:]}-{level}{_SUFFIX}'

    def _read(self, name: str) -> Maps | None:
        """Return the maps kept under ``name``; ``None`` if one is missing or damaged."""
        found = []
        for level in self.levels:
            try:
                content = self._path(name, level).read_bytes()
                body = content[_DIGEST:]
                if hashlib.sha256(body).digest() != content[:_DIGEST]:
                    return None
                found.append(load(body)['map'])
            except (OSError, SafetensorError, *UNFIT):
                return None
        return tuple(found)

    def _write(self, name: str, maps: Maps) -> None:
        """Keep maps where there is room; nothing depends on whether there was."""
        for level, values in zip(self.levels, maps, strict=True):
            body = save({'map': _to_half(values).cpu().contiguous()})
            with contextlib.suppress(OSError):
                if not self._has_room(len(body)):
                    return
                path = self._path(name, level)
                path.parent.mkdir(parents=True, exist_ok=True)
                draft = path.with_name(f'.{path.name}.{os.getpid()}')
                draft.write_bytes(hashlib.sha256(body).digest() + body)
                draft.replace(path)

    def _has_room(self, size: int) -> bool:
        """Whether so many bytes more may be kept; other backbones' maps go where that helps."""
        if self._left is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            (self._folder / _USED).touch()
            self._left = self.limit - _free(self.root, self._folder, self.limit)
        if self._left < size:
            return False
        self._left -= size
        return True


def _name(image: Tensor) -> str:
    """Return the hash of a picture as the network gets it: (3, H, W)."""
    values = image.detach().float().cpu().contiguous().numpy()
    digest = hashlib.sha256(str(values.shape).encode())
    digest.update(values.tobytes())
    return digest.hexdigest()


def _split(maps: Maps) -> list[Maps]:
    """Return the maps of each picture of a batch."""
    return [tuple(level[i] for level in maps) for i in range(len(maps[0]))]


def _free(root: Path, own: Path, limit: int) -> int:
    """Remove the folders of other backbones, the longest unused first, to half of ``limit``.

    Return the bytes that stay. One that was used within the hour is left alone.
    """
    sizes = {folder: _size(folder) for folder in root.iterdir() if folder.is_dir()}
    total, now = sum(sizes.values()), time.time()
    for folder in sorted(sizes.keys() - {own}, key=_last_used):
        if total - sizes[own] <= limit / 2 or now - _last_used(folder) < 3600:
            break
        shutil.rmtree(folder, ignore_errors=True)
        total -= sizes[folder]
    return total


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob(f'*{_SUFFIX}'))


def _last_used(folder: Path) -> float:
    try:
        return (folder / _USED).stat().st_mtime
    except OSError:
        return 0.0
