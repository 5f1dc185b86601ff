"""Kept features: found again as they were, bounded in size, shared by processes."""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path

import pytest
import torch

from benchmark.probes.cache import Collected, FeatureCache, to_half

ROOM = 1 << 20


def collected(value: float = 1.5, count: int = 8) -> Collected:
    values = torch.full((count, 16), value, dtype=torch.float16)
    return Collected(values, torch.arange(count)[:, None], {'mean1': slice(8, 16)})


def test_what_was_written_is_read(tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path / 'features', ROOM)
    assert cache.read('key') is None
    assert cache.write('key', collected())
    found = cache.read('key')
    assert found is not None
    assert torch.equal(found.values, collected().values)
    assert found.values.dtype == torch.float16
    assert torch.equal(found.targets, collected().targets)
    assert found.choices == {'mean1': slice(8, 16)}
    assert cache.read('other') is None


def test_the_file_longest_unused_makes_room(tmp_path: Path) -> None:
    size = (tmp_path / 'a.safetensors', FeatureCache(tmp_path, ROOM).write('a', collected()))[0]
    cache = FeatureCache(tmp_path, 2 * size.stat().st_size)
    cache.write('b', collected())
    for age, name in ((200, 'a'), (100, 'b')):
        path = tmp_path / f'{name}.safetensors'
        os.utime(path, (path.stat().st_mtime - age,) * 2)
    assert cache.read('a') is not None  # now 'b' is the one longest unused
    cache.write('c', collected())
    assert {path.stem for path in tmp_path.glob('*.safetensors')} == {'a', 'c'}


def test_what_is_larger_than_the_room_is_not_kept(tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path, 100)
    assert not cache.write('key', collected())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize('content', [b'', b'nonsense' * 10])
def test_a_damaged_file_is_as_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / 'key.safetensors').write_bytes(content)
    cache = FeatureCache(tmp_path, ROOM)
    assert cache.read('key') is None
    assert cache.write('key', collected())
    assert cache.read('key') is not None


@pytest.mark.parametrize('place', [0.1, 0.5, 0.999])
def test_a_flipped_bit_is_seen(
    place: float, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cache = FeatureCache(tmp_path, ROOM)
    cache.write('key', collected(count=64))
    path = tmp_path / 'key.safetensors'
    content = bytearray(path.read_bytes())
    content[int(place * len(content))] ^= 1
    path.write_bytes(content)
    assert cache.read('key') is None
    assert 'key.safetensors: not used, features are collected again' in caplog.text
    assert cache.write('key', collected(count=64))
    assert cache.read('key') is not None


def test_other_names_of_columns_are_seen(tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path, ROOM)
    cache.write('key', collected())
    path = tmp_path / 'key.safetensors'
    path.write_bytes(path.read_bytes().replace(b'[8, 16]', b'[0, 16]'))
    assert cache.read('key') is None


def test_a_folder_that_cannot_be_written_keeps_nothing_and_fails_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / 'file').touch()
    assert not FeatureCache(tmp_path / 'file', ROOM).write('key', collected())
    assert '--feature-cache 0' in caplog.text


def _hammer(folder: Path, number: int) -> None:
    cache = FeatureCache(folder, 2000)  # room for a few files only
    for turn in range(40):
        key = str((number + turn) % 6)
        found = cache.read(key)
        if found is None:
            cache.write(key, collected(float(key)))
        else:
            assert bool((found.values == float(key)).all())


def test_two_processes_may_share_a_folder(tmp_path: Path) -> None:
    context = multiprocessing.get_context('fork')
    workers = [context.Process(target=_hammer, args=(tmp_path, n)) for n in (0, 3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert not list(tmp_path.glob('*.tmp'))
    assert sum(path.stat().st_size for path in tmp_path.glob('*.safetensors')) <= 2000


def test_half_precision_is_the_finer_one_that_holds_the_features() -> None:
    assert to_half(torch.tensor([1.0, -65504.0])).dtype == torch.float16
    assert to_half(torch.tensor([1.0, 70000.0])).dtype == torch.bfloat16
