"""Features of frozen backbones on disk: found again by what made them, bounded in size."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from benchmark.errors import BenchmarkError
from benchmark.probes.reading import Choices

_SUFFIX = '.safetensors'


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

    def read(self, key: str) -> Collected | None:
        """Return what was kept under ``key``; ``None`` if nothing is, or the file is damaged."""
        path = self.folder / f'{key}{_SUFFIX}'
        try:
            with safe_open(path, framework='pt') as file:
                about = json.loads(file.metadata()['choices'])
                found = {name: file.get_tensor(name) for name in ('values', 'targets')}
            os.utime(path)
        except (OSError, SafetensorError, RuntimeError, KeyError, TypeError, ValueError):
            return None
        return Collected(**found, choices={name: slice(*ends) for name, ends in about.items()})

    def write(self, key: str, collected: Collected) -> bool:
        """Keep ``collected`` under ``key`` and return whether there is room for it.

        Raises:
            BenchmarkError: the folder cannot be written.
        """
        tensors = {'values': collected.values, 'targets': collected.targets}
        if sum(tensor.nbytes for tensor in tensors.values()) > self.limit:
            return False
        ends = {name: [c.start, c.stop] for name, c in collected.choices.items()}
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._write_and_rename(key, tensors, {'choices': json.dumps(ends)})
        except (OSError, SafetensorError) as error:
            raise BenchmarkError(
                f'{self.folder}: features cannot be kept ({error}); make room, or turn the cache '
                'off with --feature-cache 0'
            ) from None
        self._make_room(spared=f'{key}{_SUFFIX}')
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
        """Remove files, the one longest unused first, until the rest fits."""
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


def halved(values: Tensor) -> Tensor:
    """Return ``values`` in half precision: the finer one of 16 bits, the wider one if too large."""
    fits = values.abs().max() <= torch.finfo(torch.float16).max if values.numel() else True
    return values.to(torch.float16 if fits else torch.bfloat16)
