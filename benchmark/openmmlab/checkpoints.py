"""Reading of weights and checkpoints that never executes what a file contains."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from pickle import UnpicklingError
from types import MappingProxyType
from typing import IO, Any, NamedTuple
from urllib.error import URLError

import numpy as np
import torch
from numpy._core import multiarray
from torch import Tensor

from benchmark.errors import CheckpointError
from benchmark.openmmlab.formats import refuse_other_formats
from benchmark.weight_files import DISTRIBUTED, INDEX, shards_of

MapLocation = str | torch.device | Callable[..., Any] | None

_WRAPPERS = ('state_dict', 'model_state_dict', 'model_state', 'model', 'module', 'net')
_PREFIXES = ('module.', '_orig_mod.', 'model.', 'backbone.', 'encoder.')
# keys of what an optimiser of torch saves
_OPTIMISER = frozenset({'state', 'param_groups'})
_SHARDED = ('torch.distributed', 'torch.testing._internal', 'fairscale')
_HISTORY_METHODS = ('min', 'max', 'current', 'mean')
_NUMBERS = '?bBhHiIlLqQefd'
_REFUSED_INSTRUCTION = 'WeightsUnpickler error: Unsupported operand'
_REFUSED_GLOBAL = re.compile(r'GLOBAL (\S+)|reduce for unrecognized function (.+?)(?: which|$)')


def read_weights(path: str | Path) -> dict[str, Tensor]:
    """Return the named tensors of a safetensors or torch file, on CPU.

    A wrapper such as ``state_dict`` or ``model`` is opened, and a prefix such as ``module.`` or
    ``backbone.`` removed if all names have it. Entries that are not tensors are left out.

    Raises:
        CheckpointError: the file is missing, unreadable, unsafe or holds no weights.
    """
    path = Path(path)
    content = _read(path)
    entries = _unwrap(content, path)
    weights = {name: value.detach() for name, value in entries.items() if isinstance(value, Tensor)}
    if not weights:
        raise CheckpointError(f'{path}: holds no weights{_describe(entries)}')
    return _without_common_prefixes(weights)


class Contents(NamedTuple):
    """What a weights file holds.

    ``tensors`` are its mappings of names to tensors by their dotted place in the file, ``''``
    being the top level; ``facts`` its numbers and texts by their dotted names, such as
    ``args.img_size``.
    """

    tensors: Mapping[str, Mapping[str, Tensor]]
    facts: Mapping[str, Any] = MappingProxyType({})


def read_contents(path: str | Path) -> Contents:
    """Return all named tensors in a safetensors or torch file, on CPU, and what is said of them.

    An index of shards is read with its shards, and a folder of torch.distributed.checkpoint as a
    file of one mapping. What an optimiser keeps is left out; sparse tensors are filled up.

    Raises:
        CheckpointError: the file is missing, unreadable, unsafe or holds no weights.
    """
    path = Path(path)
    content = _read(path)
    if not isinstance(content, Mapping):
        raise CheckpointError(
            f'{path}: holds a {type(content).__name__}, not a mapping of names to tensors'
        )
    found = dict(_mappings(content, ''))
    if not found:
        raise CheckpointError(f'{path}: holds no weights{_describe(content)}')
    return Contents(found, dict(_facts(content, '')))


def _read(path: Path, *, is_shard: bool = False) -> Any:
    if path.is_dir() and (path / DISTRIBUTED).is_file():
        from benchmark.openmmlab.distributed import read_distributed

        return read_distributed(path)
    if path.name.endswith(INDEX):
        return {k: v for shard in shards_of(path) for k, v in _read(shard, is_shard=True).items()}
    head = refuse_other_formats(path, is_shard=is_shard)
    if _is_safetensors(path, head):
        return _read_safetensors(path)
    return _load(path, name=str(path), map_location='cpu')


def _mappings(content: Mapping[Any, Any], place: str) -> Iterator[tuple[str, dict[str, Tensor]]]:
    if _OPTIMISER.issubset(content):
        return
    tensors = {
        str(k): (v if v.layout == torch.strided else v.to_dense()).detach()
        for k, v in content.items()
        if isinstance(v, Tensor)
    }
    if tensors:
        yield place, tensors
    for name, value in content.items():
        if isinstance(value, Mapping) and 'optim' not in str(name):
            yield from _mappings(value, f'{place}.{name}' if place else str(name))


def _facts(content: Mapping[Any, Any], place: str) -> Iterator[tuple[str, Any]]:
    for key, value in content.items():
        name = f'{place}.{key}' if place else str(key)
        plain = vars(value) if isinstance(value, argparse.Namespace) else value
        if isinstance(plain, Mapping) and 'optim' not in str(key):
            yield from _facts(plain, name)
        elif isinstance(plain, str | int | float | list | tuple):
            yield name, plain


def load_checkpoint(path: str | Path, *, map_location: MapLocation = 'cpu') -> Any:
    """Return what a torch file contains: tensors, plain Python values and mmengine's logs.

    Raises:
        CheckpointError: the file is missing, unreadable, or holds objects of any other kind.
    """
    path = Path(path)
    refuse_other_formats(path)
    return _load(path, name=str(path), map_location=map_location)


def install_safe_loading() -> None:
    """Make mmengine load checkpoints, local or downloaded, without executing their contents.

    mmengine 0.10.7 cannot resume its own checkpoints under torch's default, and its fork repeats
    a refused load with ``weights_only=False``, which runs any code in the file.
    """
    from mmengine.runner import checkpoint as mmengine_checkpoint

    loader = mmengine_checkpoint.CheckpointLoader
    loader.register_scheme(prefixes='', loader=load_from_local, force=True)
    mmengine_checkpoint.load_url = _load_url
    if hasattr(mmengine_checkpoint, '_safe_torch_load'):
        mmengine_checkpoint._safe_torch_load = _load_stream


def load_from_local(filename: str, map_location: MapLocation = None) -> Any:
    """Return the checkpoint in a local file; mmengine logs the name of this function.

    Raises:
        CheckpointError: the file is missing, unreadable or unsafe.
    """
    return load_checkpoint(Path(filename).expanduser(), map_location=map_location)


def _load_url(
    url: str,
    model_dir: str | None = None,
    map_location: MapLocation = None,
    progress: bool = True,
) -> Any:
    """Return the checkpoint at ``url``, downloading it unless it is in the cache."""
    with torch.serialization.safe_globals(_harmless_globals()), _one_line_errors(url):
        return torch.hub.load_state_dict_from_url(
            url, model_dir, map_location, progress=progress, weights_only=True
        )


def _load_stream(
    file: str | IO[bytes], map_location: MapLocation = None, weights_only: bool | None = None
) -> Any:
    """Return the checkpoint in ``file``, safely whatever ``weights_only`` says."""
    return _load(file, name=str(file), map_location=map_location)


def _load(file: str | Path | IO[bytes], *, name: str, map_location: MapLocation) -> Any:
    """Return the contents of ``file``, called ``name`` in errors, if they are all harmless."""
    with torch.serialization.safe_globals(_harmless_globals()), _one_line_errors(name):
        return torch.load(file, map_location=map_location, weights_only=True)


@contextmanager
def _one_line_errors(name: str) -> Iterator[None]:
    """Turn any failure to decode the file ``name`` into a :class:`CheckpointError`."""
    try:
        yield
    except Exception as error:  # a damaged file makes the decoder fail in any way
        raise _load_error(name, error) from error


def _load_error(name: str, error: Exception) -> CheckpointError:
    """Return the error for a file that torch refused to load."""
    text = ' '.join(str(error).split())
    if isinstance(error, URLError):
        return CheckpointError(f'{name}: cannot be downloaded ({error.reason})')
    refused = _REFUSED_GLOBAL.search(text)
    if refused:
        what = (refused[1] or refused[2]).rstrip('.')
        if what.startswith(_SHARDED):
            return CheckpointError(
                f"{name}: one process's part of weights split over several ('{what}'), as FSDP "
                'writes; gather them with the code that wrote it (StateDictType.FULL_STATE_DICT) '
                'and give that file'
            )
        return CheckpointError(
            f"{name}: holds code or objects ('{what}') besides weights, none of which were"
            ' executed; save its tensors alone, best as safetensors'
        )
    if _REFUSED_INSTRUCTION in text:
        return CheckpointError(
            f'{name}: not a readable weights file, or one that holds code (none was executed); '
            'fetch it again, best as safetensors'
        )
    reason = text.partition('. ')[0][:120] or type(error).__name__
    return CheckpointError(
        f'{name}: not a readable weights file, perhaps truncated ({reason}); fetch it again'
    )


def _harmless_globals() -> list[Any]:
    """Return the only classes and functions, beyond torch's own, that a checkpoint may name.

    They are what mmengine's logs and numpy's numbers consist of, and the bag of options that
    many pretraining scripts save beside the weights.
    """
    from mmengine.logging.history_buffer import HistoryBuffer

    return [
        np.ndarray,
        np.dtype,
        *{type(np.dtype(code)) for code in _NUMBERS},
        multiarray._reconstruct,
        multiarray.scalar,
        # the names that numpy 1 wrote
        (multiarray._reconstruct, 'numpy.core.multiarray._reconstruct'),
        (multiarray.scalar, 'numpy.core.multiarray.scalar'),
        HistoryBuffer,
        (_history_method, 'builtins.getattr'),
        argparse.Namespace,
    ]


def _history_method(owner: Any, name: str) -> Callable[..., float]:
    """Return a method of mmengine's log, which names its methods by ``getattr`` when saved.

    ``getattr`` itself would hand out any attribute of any class.
    """
    from mmengine.logging.history_buffer import HistoryBuffer

    if owner is not HistoryBuffer or name not in _HISTORY_METHODS:
        raise UnpicklingError(f'GLOBAL getattr:{name} was not an allowed global')
    method: Callable[..., float] = getattr(HistoryBuffer, name)
    return method


def _is_safetensors(path: Path, head: bytes) -> bool:
    """Return whether the name or the first bytes say that a file is in safetensors format."""
    return path.suffix == '.safetensors' or head[8:10] == b'{"'


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a safetensors file, on CPU."""
    from safetensors.torch import load_file

    with _one_line_errors(str(path)):
        return load_file(path, device='cpu')


def _unwrap(content: Any, path: Path) -> Mapping[str, Any]:
    """Return the innermost mapping under the known wrappers."""
    if not isinstance(content, Mapping):
        raise CheckpointError(
            f'{path}: holds a {type(content).__name__}, not a mapping of names to tensors'
        )
    for wrapper in _WRAPPERS:
        if isinstance(content.get(wrapper), Mapping):
            return _unwrap(content[wrapper], path)
    return content


def _describe(entries: Mapping[str, Any]) -> str:
    """Return a remark on the nested mappings that may hold the weights."""
    if not entries:
        return ': it is an empty mapping; save the weights again'
    if _OPTIMISER.issubset(entries):
        return ', only the state of an optimiser; give the file of the model'
    nested = [str(name) for name, value in entries.items() if isinstance(value, Mapping)]
    if not nested:
        return ''
    return f" at its top level, but mappings '{', '.join(nested[:6])}'; save one of them by itself"


def _without_common_prefixes(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return ``weights`` without the known prefixes that all their names share."""
    for prefix in _PREFIXES:
        if all(name.startswith(prefix) for name in weights):
            shorter = {name.removeprefix(prefix): value for name, value in weights.items()}
            return _without_common_prefixes(shorter)
    return weights
