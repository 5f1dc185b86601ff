"""Files and folders that hold no readable weights: named for what they are, with what to do."""

from __future__ import annotations

import io
import pickle
import re
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from benchmark.errors import CheckpointError
from benchmark.openmmlab.checkpoints import read_contents
from benchmark.weight_files import locate_weights, weights_hash

Write = Callable[[Path], object]


def in_bytes(content: bytes) -> Write:
    return lambda path: path.write_bytes(content)


def in_numpy(save: Callable[[io.BytesIO], None]) -> Write:
    stream = io.BytesIO()
    save(stream)
    return in_bytes(stream.getvalue())


def torchscript(path: Path) -> None:
    torch.jit.trace(nn.Linear(2, 2), torch.ones(1, 2)).save(str(path))


def zipped(path: Path) -> None:
    with zipfile.ZipFile(path, 'w') as archive:
        archive.writestr('run/model.safetensors', b'x')
        archive.writestr('run/log.txt', b'x')


def tarred(path: Path) -> None:
    with tarfile.open(path, 'w') as archive:
        archive.addfile(tarfile.TarInfo('weights.pth'), io.BytesIO())


FILES: dict[str, tuple[str, Write, str]] = {
    'TorchScript': ('w.pt', torchscript, r'a TorchScript archive.*torch\.jit\.load'),
    'a zipped folder': (
        'w.pth',
        zipped,
        r'zip archive of 2 files \(run/model\.safetensors, .*unpack',
    ),
    'tar': ('w.pth.tar', tarred, 'a tar archive; unpack'),
    'gzip': ('w.pth', in_bytes(b'\x1f\x8b\x08' + bytes(90)), 'a compressed file; unpack'),
    'augreg': ('w.npz', lambda path: np.savez(path, a=np.ones(2)), 'augreg.*checkpoint_path'),
    'augreg by another name': (
        'w.pth',
        in_numpy(lambda stream: np.savez(stream, a=np.ones(2))),
        'NumPy arrays',
    ),
    'a NumPy array': (
        'w.pth',
        in_numpy(lambda stream: np.save(stream, np.ones(2))),
        'single NumPy',
    ),
    'Flax': ('flax_model.msgpack', in_bytes(b'\x81\xa6params'), 'a checkpoint of Flax.*from_flax'),
    'GGUF': ('w.gguf', in_bytes(b'GGUF\x03\0\0\0' + bytes(90)), 'a GGUF file'),
    'ONNX': ('w.onnx', in_bytes(b'\x08\x08\x12\x07pytorch'), 'a graph of ONNX'),
    'ONNX by another name': ('w.pth', in_bytes(b'\x08\x08\x12\x07pytorch\x1a'), 'a graph of ONNX'),
    'Keras': ('w.pth', in_bytes(b'\x89HDF\r\n\x1a\n'), 'an HDF5 file, as Keras'),
    'JSON': ('w.pth', in_bytes(b'{"error": "not found"}'), 'JSON text, not weights'),
    'zeros': ('w.pth', in_bytes(bytes(4096)), 'begins with zeros only.*did not finish'),
    'a log-in page': ('w.pth', in_bytes(b'\xef\xbb\xbf\r\n<HTML><body>Sign in'), 'log-in page'),
    'a picture': ('w.pth', in_bytes(b'\x89PNG\r\n\x1a\n'), 'a document or picture'),
    'a shard': (
        'model-00001-of-00003.safetensors',
        in_bytes(b'x'),
        r'shard 1 of 3.*model\.safetensors\.index\.json',
    ),
    'a part of DeepSpeed': (
        'zero_pp_rank_0_mp_rank_00_model_states.pt',
        in_bytes(b'x'),
        'DeepSpeed.*zero_to_fp32',
    ),
    "Trainer's optimiser": ('optimizer.pt', in_bytes(b'x'), 'the state of an optimiser'),
}


@pytest.mark.parametrize(('name', 'write', 'message'), FILES.values(), ids=FILES)
def test_a_file_is_named_for_what_it_is(
    name: str, write: Write, message: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    write(path)
    with pytest.raises(CheckpointError) as caught:
        read_contents(path)
    assert re.match(rf'{re.escape(str(path))}: .*{message}', str(caught.value)), caught.value
    assert '\n' not in str(caught.value)


FOLDERS: dict[str, tuple[tuple[str, ...], str]] = {
    'DeepSpeed': (('latest', 'global_step10/mp_rank_00_model_states.pt'), 'zero_to_fp32'),
    'FSDP': (('model_0000.rank_0.pth', 'model_0000.rank_1.pth'), 'FULL_STATE_DICT'),
    'an unpacked torch file': (('archive/data.pkl', 'archive/data/0'), 'the unpacked contents'),
    'TensorFlow': (('saved_model.pb',), 'TensorFlow or JAX'),
    'an adapter without weights': (('adapter_config.json',), 'no adapter_model'),
    'something else': (('a.txt', 'last.ckpt'), r'found: a\.txt, last\.ckpt'),
    'nothing': ((), 'found: nothing'),
}


@pytest.mark.parametrize(('names', 'message'), FOLDERS.values(), ids=FOLDERS)
def test_a_folder_is_named_for_what_it_is(
    names: tuple[str, ...], message: str, tmp_path: Path
) -> None:
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b'x')
    with pytest.raises(CheckpointError, match=message):
        locate_weights(tmp_path)


def test_a_folder_of_torch_distributed_is_read_and_its_objects_are_not(tmp_path: Path) -> None:
    from torch.distributed.checkpoint import save

    trace = tmp_path / 'executed'
    tensors = {'a.weight': torch.randn(3, 4), 'b': torch.ones(2, dtype=torch.bfloat16)}
    content = {'model': tensors, 'optimizer': {'m': torch.ones(2)}, 'extra': Touches(trace)}
    save(content, checkpoint_id=tmp_path / 'dcp', no_dist=True)
    path = locate_weights(tmp_path / 'dcp')
    before = weights_hash(path)
    (found,) = read_contents(path).tensors.values()
    assert found.keys() == {'model.a.weight', 'model.b'}
    assert torch.equal(found['model.a.weight'], tensors['a.weight'])
    assert found['model.b'].dtype == torch.bfloat16
    assert not trace.exists()
    (tmp_path / 'dcp' / '__0_0.distcp').write_bytes(b'x')
    assert weights_hash(path) != before
    with pytest.raises(CheckpointError, match=r'not a readable folder of torch\.distributed'):
        read_contents(path)


def test_code_in_the_description_of_a_folder_is_refused(tmp_path: Path) -> None:
    trace = tmp_path / 'executed'
    (tmp_path / '.metadata').write_bytes(pickle.dumps(Touches(trace)))
    with pytest.raises(
        CheckpointError, match=r'holds code or objects .*none of which were executed'
    ):
        read_contents(tmp_path)
    assert not trace.exists()


class Touches:
    """An object whose unpickling creates the file ``path``."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., object], tuple[Path]]:
        """Return what a pickle is told to call."""
        return Path.touch, (self.path,)


def test_a_part_that_fsdp_wrote_is_named(tmp_path: Path) -> None:
    path = tmp_path / 'rank0.pth'
    content = pickle.dumps({'model': 1}, protocol=2).replace(
        b'.', b'ctorch.distributed._shard.sharded_tensor.api\nShardedTensor\n.', 1
    )
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=re.escape(str(path))):
        read_contents(path)


@pytest.mark.filterwarnings('ignore:Sparse CSR')
def test_sparse_tensors_are_filled_up(tmp_path: Path) -> None:
    dense = torch.tensor([[0.0, 2.0], [0.0, 0.0]])
    torch.save({'a': dense.to_sparse(), 'b': dense.to_sparse_csr()}, tmp_path / 'w.pth')
    (found,) = read_contents(tmp_path / 'w.pth').tensors.values()
    assert torch.equal(found['a'], dense)
    assert torch.equal(found['b'], dense)


def test_what_a_file_says_of_itself_is_kept(tmp_path: Path) -> None:
    content = {'model': {'a': torch.ones(1)}, 'args': {'arch': 'vit_small', 'size': [3, 64, 64]}}
    torch.save({**content, 'optimizer': {'lr': 1.0}}, tmp_path / 'w.pth')
    facts = read_contents(tmp_path / 'w.pth').facts
    assert facts == {'args.arch': 'vit_small', 'args.size': [3, 64, 64]}
