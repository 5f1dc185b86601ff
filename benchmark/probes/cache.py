"""A cache of frozen features on disk, keyed by everything that determines them, of limited size."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from benchmark.engine.audit import hash_tensor
from benchmark.errors import UNFIT
from benchmark.probes.reading import Choices

_SUFFIX = '.safetensors'
_CHECKSUM = 'sha256'
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Collected:
    """Features of all pictures of a split under fixed views, with their packed targets.

    Attributes:
        values: features in half precision, (N, D) or (N, h, w, D).
        targets: what the readout packed, (N, P) or (N, h, w, P); empty where nothing learns.
        choices: columns by name.
    """

    values: Tensor
    targets: Tensor
    choices: Choices


@dataclass(frozen=True)
class FeatureCache:
    """A folder of feature files; the ones longest unused go first when it grows beyond ``limit``.

    Files appear whole, by renaming, and one that disappears is collected again: any number of
    processes may use the folder at once.

    Attributes:
        folder: where the files are.
        limit: bytes that the files may take together.
    """

    folder: Path
    limit: int

    @staticmethod
    def name_of(key: str) -> str:
        """Return the name of the file with the features stored under ``key``."""
        return f'{key}{_SUFFIX}'

    def read(self, key: str) -> Collected | None:
        """Return the features stored under ``key``; ``None`` if missing or damaged."""
        path = self.folder / self.name_of(key)
        try:
            with safe_open(path, framework='pt') as file:
                about = file.metadata()
                found = {name: file.get_tensor(name) for name in ('values', 'targets')}
            if about[_CHECKSUM] != _checksum(found, about['choices']):
                raise ValueError('its content is damaged')
            ends = json.loads(about['choices'])
        except FileNotFoundError:
            return None
        except (OSError, SafetensorError, RuntimeError, *UNFIT) as error:
            _LOG.warning('%s: not used, features are collected again (%s)', path, error)
            return None
        with contextlib.suppress(OSError):  # a folder that can be read only
            os.utime(path)
        return Collected(**found, choices={name: slice(*end) for name, end in ends.items()})

    def write(self, key: str, collected: Collected) -> bool:
        """Keep ``collected`` under ``key`` and return whether it could be.

        What cannot be written is left out, with a line in the log: nothing depends on it.
        """
        tensors = {'values': collected.values, 'targets': collected.targets}
        if sum(tensor.nbytes for tensor in tensors.values()) > self.limit:
            return False
        ends = json.dumps({name: [c.start, c.stop] for name, c in collected.choices.items()})
        about = {'choices': ends, _CHECKSUM: _checksum(tensors, ends)}
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._write_and_rename(key, tensors, about)
            self._make_room(spared=f'{key}{_SUFFIX}')
        except (OSError, SafetensorError) as error:
            _LOG.warning(
                '%s: features are not kept (%s); make room, or turn the cache off with '
                '--feature-cache 0',
                self.folder,
                error,
            )
            return False
        return True

    def _write_and_rename(
        self, key: str, tensors: dict[str, Tensor], about: dict[str, str]
    ) -> None:
        handle, name = tempfile.mkstemp(dir=self.folder, prefix='.', suffix='.tmp')
        os.close(handle)
        temporary = Path(name)
        try:
            save_file({key: t.contiguous() for key, t in tensors.items()}, temporary, about)
            temporary.replace(self.folder / f'{key}{_SUFFIX}')
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise

    def _make_room(self, *, spared: str) -> None:
        """Remove the least recently used files until the rest fits."""
        ages: list[tuple[float, int, Path]] = []
        for path in self.folder.glob(f'*{_SUFFIX}'):
            try:
                status = path.stat()
            except FileNotFoundError:  # another process made room
                continue
            ages.append((status.st_mtime, status.st_size, path))
        excess = sum(size for _, size, _ in ages) - self.limit
        for _, size, path in sorted(ages):
            if excess <= 0:
                return
            if path.name != spared:
                path.unlink(missing_ok=True)
                excess -= size


def _checksum(tensors: dict[str, Tensor], choices: str) -> str:
    """Return a SHA-256 over features, targets and the names of columns."""
    parts = [f'{name} {tuple(t.shape)} {hash_tensor(t)}' for name, t in sorted(tensors.items())]
    return hashlib.sha256('\n'.join([*parts, choices]).encode()).hexdigest()


def to_half(values: Tensor) -> Tensor:
    """Return ``values`` as float16, or as bfloat16 if they are too large for float16."""
    fits = values.abs().max() <= torch.finfo(torch.float16).max if values.numel() else True
    return values.to(torch.float16 if fits else torch.bfloat16)
