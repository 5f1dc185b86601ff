"""Which files hold a backbone's weights: one file, shards with an index, an adapter or a folder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from benchmark.errors import UNFIT, CheckpointError
from benchmark.hashing import file_hash

WHOLE = ('model.safetensors', 'pytorch_model.bin')
"""Files in which transformers keeps all weights of a model, the preferred one first."""

INDEX = '.index.json'
"""How the name of a file ends that lists the shards of a model."""

ADAPTER = 'adapter_config.json'
"""The file of PEFT that describes an adapter."""

DISTRIBUTED = '.metadata'
"""The file of torch.distributed.checkpoint that describes a folder."""

_INDEXES = tuple(f'{name}{INDEX}' for name in WHOLE)
_ADAPTERS = ('adapter_model.safetensors', 'adapter_model.bin')
# accelerate's name for what FSDP saved in the format of torch.distributed.checkpoint
_FSDP = 'pytorch_model_fsdp_0'
_SHOWN = 6


def locate_weights(path: Path) -> Path:
    """Return what is read for ``path``: a file, or a folder of torch.distributed.checkpoint.

    Raises:
        CheckpointError: there is no such file, or the folder holds nothing that can be read; the
            message names what was found and how to make a readable file of it.
    """
    if path.is_file():
        return path
    if not path.is_dir():
        raise CheckpointError(f'{path}: no such weights file; give the path of a file or folder')
    return _in_folder(path)


def _in_folder(folder: Path) -> Path:
    for name in (*WHOLE, *_INDEXES):
        if (folder / name).is_file():
            return folder / name
    if (folder / ADAPTER).is_file():
        return _adapter_in(folder)
    for found in (folder, folder / _FSDP):
        if (found / DISTRIBUTED).is_file():
            return found
    for has, what in _FOLDERS:
        if has(folder):
            raise CheckpointError(f'{folder}: {what}')
    names = sorted(entry.name for entry in folder.iterdir())
    raise CheckpointError(
        f'{folder}: a folder without {", ".join((*WHOLE, *_INDEXES))}, {ADAPTER} or {DISTRIBUTED} '
        f'(found: {_listed(names) or "nothing"}); give the path of the weights file in it'
    )


def _adapter_in(folder: Path) -> Path:
    for name in _ADAPTERS:
        if (folder / name).is_file():
            return folder / name
    raise CheckpointError(f'{folder}: has {ADAPTER} but no {" or ".join(_ADAPTERS)}')


def _has(*patterns: str) -> Callable[[Path], bool]:
    return lambda folder: any(any(folder.glob(pattern)) for pattern in patterns)


_FOLDERS: tuple[tuple[Callable[[Path], bool], str], ...] = (
    (
        _has('global_step*', '*mp_rank_*', '*zero_pp_rank_*', 'pytorch_model/*mp_rank_*'),
        "a checkpoint of DeepSpeed, split over processes; run its own 'python zero_to_fp32.py . "
        "OUT' there and give the file that this writes",
    ),
    (
        _has('*rank_[0-9]*.pt*', '*.rank_[0-9]*'),
        'a checkpoint of FSDP, a file per process; gather it with the code that wrote it '
        '(StateDictType.FULL_STATE_DICT) and give that file',
    ),
    (
        _has('data.pkl', '*/data.pkl'),
        'the unpacked inside of a torch file, not a weights file; zip the folder again without '
        'compression, or fetch the file',
    ),
    (
        _has('saved_model.pb', '*.data-00000-of-*', '*.msgpack', 'keras_metadata.pb'),
        'a model of TensorFlow or JAX; convert it to PyTorch, and save it as safetensors',
    ),
)


def is_adapter(path: Path) -> bool:
    """Return whether a weights file is an adapter of PEFT, without the network it adapts."""
    return path.is_file() and path.name in _ADAPTERS and (path.parent / ADAPTER).is_file()


def listed_shards(index: Path) -> tuple[str, ...]:
    """Return the names of the files that an index of shards lists, sorted.

    Raises:
        CheckpointError: the index is unreadable.
    """
    listed = read_object(index).get('weight_map')
    if not isinstance(listed, dict) or not listed:
        raise CheckpointError(
            f"{index}: lists no shards ('weight_map' is missing); give the weights file itself"
        )
    return tuple(sorted({str(name) for name in listed.values()}))


def shards_of(index: Path) -> tuple[Path, ...]:
    """Return the files that an index of shards lists, sorted.

    Raises:
        CheckpointError: the index is unreadable, or shards are missing.
    """
    paths = tuple(index.parent / name for name in listed_shards(index))
    missing = [path.name for path in paths if not path.is_file()]
    if missing:
        raise CheckpointError(
            f'{index}: lists {len(paths)} shards, {len(missing)} of them are not there '
            f'({_listed(missing)}); fetch them into {index.parent}'
        )
    return paths


def base_of(adapter: Path) -> tuple[str, Path | None]:
    """Return the name of the model that an adapter belongs to, and its place on this machine.

    A relative path is looked up beside the adapter, in the folder above and in the current one.

    Raises:
        CheckpointError: the adapter's configuration or the base is unreadable.
    """
    name = read_object(adapter.parent / ADAPTER).get('base_model_name_or_path') or ''
    text = str(name)
    if not text:
        return '', None
    for start in (adapter.parent, adapter.parent.parent, Path()):
        if (start / text).expanduser().exists():
            return text, locate_weights((start / text).expanduser())
    return text, None


def weights_hash(path: Path, of_file: Callable[[Path], str] = file_hash) -> str:
    """Return the SHA-256 of the weights at ``path``, with all files that belong to them.

    For a plain file it is that of the file's content, which ``of_file`` returns.

    Raises:
        DataError: a file cannot be read.
        CheckpointError: an index or an adapter is incomplete.
    """
    if path.is_dir():
        return _joint_hash((p for p in sorted(path.iterdir()) if p.is_file()), of_file)
    if path.name.endswith(INDEX):
        return _joint_hash((path, *shards_of(path)), of_file)
    if is_adapter(path):
        _, base = base_of(path)
        own = _joint_hash((path, path.parent / ADAPTER), of_file)
        return _hash_of(own, weights_hash(base, of_file)) if base else own
    return of_file(path)


def _joint_hash(paths: Iterable[Path], of_file: Callable[[Path], str]) -> str:
    return _hash_of(*(f'{path.name}:{of_file(path)}' for path in paths))


def _hash_of(*parts: str) -> str:
    return hashlib.sha256('\n'.join(parts).encode()).hexdigest()


def read_object(path: Path) -> dict[str, Any]:
    """Return the JSON object in a file that describes weights.

    Raises:
        CheckpointError: the file is unreadable, or holds something else.
    """
    try:
        content = json.loads(path.read_text(encoding='utf-8-sig'))
    except (OSError, *UNFIT) as error:
        raise CheckpointError(f'{path}: cannot be read as JSON ({error}); fetch it again') from None
    if not isinstance(content, dict):
        raise CheckpointError(f'{path}: holds a {type(content).__name__}, not an object')
    return content


def _listed(names: list[str]) -> str:
    return ', '.join(names[:_SHOWN]) + (', ...' if len(names) > _SHOWN else '')
