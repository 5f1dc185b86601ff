"""Reading of folders of torch.distributed.checkpoint, without executing what they contain."""

from __future__ import annotations

import pickle
import warnings
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.distributed.checkpoint import metadata
from torch.distributed.checkpoint.api import CheckpointException
from torch.distributed.checkpoint.filesystem import FileSystemReader
from torch.distributed.checkpoint.state_dict_loader import load

from benchmark.errors import CheckpointError
from benchmark.weight_files import DISTRIBUTED

# what a description of tensors consists of, by module
_HARMLESS: dict[str, tuple[str, ...]] = {
    'torch.distributed.checkpoint.metadata': tuple(
        name
        for name, value in vars(metadata).items()
        if isinstance(value, type) and value.__module__ == metadata.__name__
    ),
    'torch.distributed.checkpoint.filesystem': ('_StorageInfo', '_StoragePrefix'),
    'torch': ('Size', *(name for name, v in vars(torch).items() if isinstance(v, torch.dtype))),
    'torch.serialization': ('_get_layout',),
    'collections': ('OrderedDict',),
    'builtins': ('set', 'frozenset'),
    'pathlib': ('PosixPath', 'PurePosixPath', 'Path'),
    'pathlib._local': ('PosixPath', 'PurePosixPath', 'Path'),
}
_NOT_WEIGHTS = ('optim', 'scheduler')


def read_distributed(folder: Path) -> dict[str, Tensor]:
    """Return the named tensors of a folder of torch.distributed.checkpoint, on CPU.

    What an optimiser keeps, and what is no tensor, is left out.

    Raises:
        CheckpointError: the folder is incomplete, damaged, unsafe or holds no tensors.
    """
    reader = _SafeReader(folder)
    try:
        described = reader.read_metadata().state_dict_metadata
        tensors = {
            name: torch.empty(facts.size, dtype=facts.properties.dtype)
            for name, facts in described.items()
            if isinstance(facts, metadata.TensorStorageMetadata)
            and not any(part in name for part in _NOT_WEIGHTS)
        }
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')  # that there is one process, which is meant
            load(tensors, storage_reader=reader, no_dist=True)
    except CheckpointError:
        raise
    except (Exception, CheckpointException) as error:  # a damaged folder fails in any way
        first = next(iter(getattr(error, 'failures', {}).values()), (error,))[0]
        reason = ' '.join(str(first).split())[:120] or type(first).__name__
        raise CheckpointError(
            f'{folder}: not a readable folder of torch.distributed.checkpoint ({reason}); fetch '
            'it again'
        ) from error
    if not tensors:
        raise CheckpointError(f'{folder}: holds no weights, or those of an optimiser alone')
    return tensors


class _SafeReader(FileSystemReader):
    """A reader that unpickles nothing but the description of tensors."""

    def read_metadata(self, *args: Any, **kwargs: Any) -> metadata.Metadata:
        """Return what the folder says of its tensors.

        Raises:
            CheckpointError: it names anything else, which was not executed.
        """
        path = Path(self.path) / DISTRIBUTED
        with path.open('rb') as stream:
            found = _Description(stream, path).load()
        if not isinstance(found, metadata.Metadata):
            raise CheckpointError(f'{path}: holds a {type(found).__name__}, not a description')
        if found.storage_meta is None:
            found.storage_meta = metadata.StorageMeta()
        found.storage_meta.load_id = self.load_id
        return found


class _Description(pickle.Unpickler):
    def __init__(self, stream: Any, path: Path) -> None:
        super().__init__(stream)
        self._path = path

    def find_class(self, module: str, name: str) -> Any:
        """Return a class that a description may name.

        Raises:
            CheckpointError: it names anything else.
        """
        if name not in _HARMLESS.get(module, ()):
            raise CheckpointError(
                f"{self._path}: holds code or objects ('{module}.{name}') besides a description "
                'of tensors, none of which were executed; save the weights as safetensors'
            )
        return super().find_class(module, name)
