"""Reading of weights: formats, wrappers, prefixes, damaged files and files that would run code."""

from __future__ import annotations

import argparse
import hashlib
import os
import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from benchmark.errors import CheckpointError, DataError
from benchmark.hashing import file_hash
from benchmark.openmmlab.checkpoints import load_checkpoint, read_weights


class CreatesFile:
    """An object whose unpickling creates the file ``path``."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., int], tuple[str]]:
        """Return what a pickle is told to call."""
        return os.system, (f'touch {self.path}',)


class TakesFirst:
    """An object whose unpickling asks for the attribute of a class."""

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[type, str]]:
        """Return what a pickle is told to call."""
        return getattr, (np.ndarray, 'tofile')


@pytest.fixture
def tensors() -> dict[str, Tensor]:
    """Return two named tensors of different type."""
    return {'a.weight': torch.arange(6.0).reshape(2, 3), 'b.steps': torch.tensor(7)}


def assert_equal(actual: dict[str, Tensor], expected: dict[str, Tensor]) -> None:
    """Assert that names, values and types are the same, and that no gradient is tracked."""
    assert list(actual) == list(expected)
    for name, tensor in expected.items():
        assert torch.equal(actual[name], tensor)
        assert actual[name].dtype == tensor.dtype
        assert not actual[name].requires_grad


def test_safetensors_are_read(tensors: dict[str, Tensor], tmp_path: Path) -> None:
    for name in ('weights.safetensors', 'pytorch_model.bin'):
        save_file(tensors, tmp_path / name)
        assert_equal(dict(sorted(read_weights(tmp_path / name).items())), tensors)


@pytest.mark.parametrize('zipped', [True, False], ids=['zip', 'legacy'])
@pytest.mark.parametrize(
    'wrap',
    [
        lambda t: t,
        lambda t: {'state_dict': t, 'meta': {'epoch': 3}},
        lambda t: {'epoch': 3, 'model': t, 'optimizer': {'state': {0: torch.ones(1)}}},
        lambda t: {'model_state': {'state_dict': t}},
        lambda t: {'model': t, 'args': argparse.Namespace(lr=0.1), 'loss': np.float64(2)},
        lambda t: {**{f'module.{name}': tensor for name, tensor in t.items()}},
        lambda t: {'model': {f'module.backbone.{name}': tensor for name, tensor in t.items()}},
        lambda t: {name: torch.nn.Parameter(tensor, False) for name, tensor in t.items()},
        lambda t: {**t, 'version': 2},
    ],
)
def test_wrappers_and_common_prefixes_are_removed(
    wrap: Callable[[dict[str, Tensor]], Any],
    zipped: bool,
    tensors: dict[str, Tensor],
    tmp_path: Path,
) -> None:
    path = tmp_path / 'weights.pth'
    torch.save(wrap(tensors), path, _use_new_zipfile_serialization=zipped)
    assert_equal(read_weights(path), tensors)


def test_prefix_that_not_every_name_has_is_kept(tmp_path: Path) -> None:
    names = {'encoder.a': torch.ones(1), 'head.b': torch.ones(1)}
    torch.save(names, tmp_path / 'weights.pth')
    assert_equal(read_weights(tmp_path / 'weights.pth'), names)


def test_parameters_come_without_gradient(tmp_path: Path) -> None:
    torch.save(dict(torch.nn.Linear(2, 1).named_parameters()), tmp_path / 'weights.pth')
    assert not any(
        tensor.requires_grad for tensor in read_weights(tmp_path / 'weights.pth').values()
    )


def assert_one_line(path: Path, *patterns: str) -> None:
    """Assert that reading fails with one line that names the file and matches all patterns."""
    with pytest.raises(CheckpointError) as caught:
        read_weights(path)
    message = str(caught.value)
    assert '\n' not in message
    for pattern in (re.escape(str(path)), *patterns):
        assert re.search(pattern, message), message


@pytest.mark.parametrize('suffix', ['.pth', '.safetensors'])
@pytest.mark.parametrize(
    ('content', 'patterns'),
    [
        (b'', ('empty', 'fetch it again')),
        (b'\n <!DOCTYPE html><html>404</html>', ('web page',)),
        (b'<html lang="en">', ('web page',)),
        (b'version https://git-lfs.github.com/spec/v1\noid sha256:0\n', ('git lfs pull',)),
        (bytes(range(256)) * 4, ('not a readable weights file', 'fetch it again')),
    ],
    ids=['empty', 'doctype', 'html', 'lfs', 'noise'],
)
def test_file_that_is_no_weights_is_named(
    content: bytes, patterns: tuple[str, ...], suffix: str, tmp_path: Path
) -> None:
    path = tmp_path / f'weights{suffix}'
    path.write_bytes(content)
    assert_one_line(path, *patterns)


@pytest.mark.parametrize('suffix', ['.pth', '.legacy', '.safetensors'])
@pytest.mark.parametrize('share', [0.3, 0.9])
def test_truncated_file_is_named(share: float, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f'weights{suffix}'
    weights = {'a': torch.ones(100, 100)}
    if suffix == '.safetensors':
        save_file(weights, path)
    else:
        torch.save(weights, path, _use_new_zipfile_serialization=suffix == '.pth')
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    assert_one_line(path, 'not a readable weights file', 'truncated')


def test_missing_file_and_folder_are_named(tmp_path: Path) -> None:
    assert_one_line(tmp_path / 'absent.pth', 'no such file')
    assert_one_line(tmp_path, 'cannot be read')


@pytest.mark.parametrize('form', ['zip', 'legacy', 'bare pickle'])
def test_code_in_a_file_is_refused_and_not_executed(form: str, tmp_path: Path) -> None:
    path, trace = tmp_path / 'weights.pth', tmp_path / 'executed'
    content = {'state_dict': {'a': torch.ones(1)}, 'extra': CreatesFile(trace)}
    if form == 'bare pickle':
        path.write_bytes(pickle.dumps({'extra': CreatesFile(trace)}, protocol=2))
    else:
        torch.save(content, path, _use_new_zipfile_serialization=form == 'zip')
    assert_one_line(path, r'posix\.system', 'none of which were executed', 'safetensors')
    assert not trace.exists()


def test_attributes_of_other_classes_are_refused(tmp_path: Path) -> None:
    path = tmp_path / 'weights.pth'
    torch.save({'a': torch.ones(1), 'extra': TakesFirst()}, path)
    assert_one_line(path, 'getattr:tofile', 'none of which were executed')


@pytest.mark.parametrize(
    ('content', 'patterns'),
    [
        ([torch.ones(1)], ('holds a list',)),
        ({'epoch': 3}, ('holds no weights$',)),
        ({}, ('holds no weights: it is an empty mapping',)),
        ({'state_dict': {}}, ('holds no weights: it is an empty mapping',)),
        ({'state': {0: {}}, 'param_groups': [{'lr': 0.1}]}, ('only the state of an optimiser',)),
        (
            {'student': {'a': torch.ones(1)}, 'teacher': {'a': torch.ones(1)}},
            ("holds no weights at its top level, but mappings 'student, teacher'",),
        ),
    ],
)
def test_file_without_weights_is_named(
    content: Any, patterns: tuple[str, ...], tmp_path: Path
) -> None:
    torch.save(content, tmp_path / 'weights.pth')
    assert_one_line(tmp_path / 'weights.pth', *patterns)


def test_arrays_of_numbers_are_loaded(tmp_path: Path) -> None:
    content = {'sigmas': np.array([0.5, 1], dtype=np.float32), 'seen': np.array([True]), 'n': 3}
    torch.save(content, tmp_path / 'meta.pth')
    loaded = load_checkpoint(tmp_path / 'meta.pth')
    assert loaded['n'] == 3
    np.testing.assert_array_equal(loaded['sigmas'], content['sigmas'], strict=True)
    np.testing.assert_array_equal(loaded['seen'], content['seen'], strict=True)


def test_names_that_numpy_1_wrote_are_known(tmp_path: Path) -> None:
    path = tmp_path / 'old.pth'
    torch.save({'x': np.arange(3.0)}, path, _use_new_zipfile_serialization=False)
    old = path.read_bytes().replace(b'numpy._core.multiarray', b'numpy.core.multiarray')
    assert old != path.read_bytes()
    path.write_bytes(old)
    assert load_checkpoint(path)['x'].tolist() == [0, 1, 2]


def test_digest_is_that_of_hashlib(tmp_path: Path) -> None:
    content = bytes(range(256)) * 5000
    (tmp_path / 'weights').write_bytes(content)
    assert file_hash(tmp_path / 'weights') == hashlib.sha256(content).hexdigest()
    with pytest.raises(DataError, match='absent: cannot be read'):
        file_hash(tmp_path / 'absent')
