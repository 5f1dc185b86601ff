"""What a file is that holds no readable weights, and what to do about it."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from benchmark.errors import CheckpointError

HEAD = 512
"""How many bytes of a file are looked at."""

_TO_SAFETENSORS = 'save its state_dict as safetensors'
_UNPACK = 'unpack it and give the weights file inside'

_BEGINNINGS: tuple[tuple[tuple[bytes, ...], str], ...] = (
    (
        (b'version https://git-lfs',),
        "a git-lfs pointer, not the weights themselves; run 'git lfs pull'",
    ),
    (
        (b'GGUF', b'ggml', b'ggjt'),
        'a GGUF file of llama.cpp, whose tensors are renamed and often quantised; give the weights '
        'that it was made from',
    ),
    (
        (b'\x89HDF\r\n',),
        f'an HDF5 file, as Keras writes; convert the model to PyTorch and {_TO_SAFETENSORS}',
    ),
    (
        (b'\x93NUMPY',),
        'a single NumPy array, not named tensors; save the weights as safetensors',
    ),
    ((b'\x1f\x8b', b'BZh', b'\xfd7zXZ\x00', b'\x28\xb5\x2f\xfd'), f'a compressed file; {_UNPACK}'),
    ((b'7z\xbc\xaf', b'Rar!'), f'an archive; {_UNPACK}'),
    ((b'%PDF', b'\x89PNG', b'\xff\xd8\xff'), 'a document or picture, not weights; fetch it again'),
)
_PAGES = (b'<!doctype', b'<html', b'<head', b'<?xml')
_SUFFIXES = {
    '.onnx': 'a graph of ONNX, whose tensors have lost their names; give the weights that it was '
    'exported from',
    '.msgpack': 'a checkpoint of Flax; load it with transformers (from_flax=True) or convert it, '
    f'and {_TO_SAFETENSORS}',
    '.h5': f'a file of Keras; convert the model to PyTorch and {_TO_SAFETENSORS}',
    '.keras': f'a file of Keras; convert the model to PyTorch and {_TO_SAFETENSORS}',
    '.pb': f'a graph of TensorFlow; convert the model to PyTorch and {_TO_SAFETENSORS}',
    '.tflite': f'a graph of TensorFlow; convert the model to PyTorch and {_TO_SAFETENSORS}',
    '.npz': 'NumPy arrays, as the augreg weights of Flax; load them with '
    f'timm.create_model(NAME, checkpoint_path=FILE) and {_TO_SAFETENSORS}',
    '.gguf': 'a GGUF file of llama.cpp; give the weights that it was made from',
    '.index': f'a checkpoint of TensorFlow; convert the model to PyTorch and {_TO_SAFETENSORS}',
}
_SHARD = re.compile(r'(.+)-(\d{5})-of-(\d{5})(\.\w+)')
_OPTIMISER = re.compile(r'.*optim_states\.pt|optimizer\.(pt|bin)|scheduler\.pt|scaler\.pt')
_ZERO = re.compile(r'(?:bf16_)?zero_pp_rank_.*')
_MODEL_PARALLEL = re.compile(r'mp_rank_\d+_model_states\.pt')
_SHOWN = 4


def refuse_other_formats(path: Path, *, is_shard: bool = False) -> bytes:
    """Return the first bytes of a file that may well hold weights.

    ``is_shard`` says that the file is read as one of several that belong together.

    Raises:
        CheckpointError: the file is missing, unreadable or empty, or evidently something else;
            the message says what, and what to do.
    """
    head = _head(path)
    found = _by_beginning(head) or _by_name(path, is_shard=is_shard) or _by_zip_members(path, head)
    if found:
        raise CheckpointError(f'{path}: {found}')
    return head


def _head(path: Path) -> bytes:
    try:
        with path.open('rb') as stream:
            return stream.read(HEAD)
    except FileNotFoundError as error:
        raise CheckpointError(f'{path}: no such file; give the path of a weights file') from error
    except OSError as error:
        raise CheckpointError(f'{path}: cannot be read ({error.strerror})') from error


def _by_beginning(head: bytes) -> str | None:
    if not head:
        return 'the file is empty; fetch it again'
    for beginnings, what in _BEGINNINGS:
        if head.startswith(beginnings):
            return what
    text = head.removeprefix(b'\xef\xbb\xbf').lstrip()
    if text.lower().startswith(_PAGES):
        return 'a web page, not weights; the download was answered by an error or log-in page'
    if text.startswith((b'{', b'[')) and text[1:].lstrip()[:1] in (b'"', b'{', b'}', b']'):
        return 'JSON text, not weights; give the weights file, or the index of shards by its name'
    if not head.strip(b'\0'):
        return 'begins with zeros only, so the download did not finish; fetch it again'
    if head[257:262] == b'ustar':
        return f'a tar archive; {_UNPACK}'
    if b'pytorch' in head[:64] and head[:1] == b'\x08':
        return _SUFFIXES['.onnx']
    return None


def _by_name(path: Path, *, is_shard: bool) -> str | None:
    shard = None if is_shard else _SHARD.fullmatch(path.name)
    if shard and int(shard[3]) > 1:
        index = f'{shard[1]}{shard[4]}.index.json'
        return (
            f'shard {int(shard[2])} of {int(shard[3])}, a part of the weights; give the index '
            f'({index}) or the folder'
        )
    is_part = _MODEL_PARALLEL.fullmatch(path.name) and len([*path.parent.glob('mp_rank_*')]) > 1
    if is_part or _ZERO.fullmatch(path.name):
        return (
            "one process's part of a checkpoint of DeepSpeed; run its 'python zero_to_fp32.py . "
            "OUT' and give the file that this writes"
        )
    if _OPTIMISER.fullmatch(path.name):
        return 'the state of an optimiser or schedule, not weights; give the file of the model'
    return _SUFFIXES.get(path.suffix)


def _by_zip_members(path: Path, head: bytes) -> str | None:
    """Return what a zip archive is that is not one of torch.save."""
    if not head.startswith(b'PK\x03\x04'):
        return None
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError):
        return None  # torch says what is damaged
    ends = {name.rpartition('/')[2] for name in names}
    if 'constants.pkl' in ends:
        return (
            'a TorchScript archive, which holds code; where you trust it, load it with '
            f'torch.jit.load and {_TO_SAFETENSORS}'
        )
    if any('archive_format' in name or name.endswith('.pt2') for name in names):
        return (
            'a program of torch.export, which holds a graph; where you trust it, load it with '
            f'torch.export.load and {_TO_SAFETENSORS}'
        )
    if 'data.pkl' in ends:
        return None
    if names and all(name.endswith('.npy') for name in names):
        return _SUFFIXES['.npz']
    listed = ', '.join(names[:_SHOWN]) + (', ...' if len(names) > _SHOWN else '')
    return f'a zip archive of {len(names)} files ({listed}); {_UNPACK}'
