"""Maps that are kept: what is read is what would be computed, and nothing damaged is used."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
import torch
from torch import Tensor

from benchmark.errors import IncompatibleError
from benchmark.models.kept import MapStore, one_by_one, rounded

PICTURES = torch.arange(4 * 3 * 8 * 8, dtype=torch.float32).reshape(4, 3, 8, 8) / 7


class Network:
    """Two maps of a picture; counts the pictures that it is given."""

    def __init__(self) -> None:
        self.seen = 0

    def __call__(self, images: Tensor) -> tuple[Tensor, ...]:
        self.seen += len(images)
        return rounded((images[:, :2, ::2, ::2] * 1.1, images.mean((2, 3))[..., None, None]))


def store(
    folder: Path, limit: int = 10**6, name: str = 'a', levels: tuple[int, ...] = (0, 1)
) -> MapStore:
    return MapStore(folder, limit, {'weights': name}, levels)


def test_what_is_read_is_to_the_bit_what_was_computed(tmp_path: Path) -> None:
    network = Network()
    wanted = one_by_one(PICTURES, network)
    first, again = (store(tmp_path).maps_of(PICTURES, network) for _ in range(2))
    assert network.seen == 8
    for found in (first, again):
        assert [m.dtype for m in found] == [torch.float32] * 2
        assert all(map(torch.equal, found, wanted))


def test_a_picture_is_known_whatever_else_is_in_its_batch(tmp_path: Path) -> None:
    network, kept = Network(), store(tmp_path)
    kept.maps_of(PICTURES[:2], network)
    found = kept.maps_of(PICTURES[[3, 1, 1, 0]], network)
    assert network.seen == 3
    assert (kept.read, kept.computed) == (3, 3)
    assert all(map(torch.equal, found, one_by_one(PICTURES[[3, 1, 1, 0]], Network())))


def test_pictures_that_differ_in_one_value_or_in_shape_are_others(tmp_path: Path) -> None:
    network, kept = Network(), store(tmp_path)
    kept.maps_of(PICTURES[:1], network)
    changed = PICTURES[:1].clone()
    changed[0, 2, 7, 7] += 1e-4
    kept.maps_of(changed, network)
    kept.maps_of(PICTURES[:1].reshape(1, 3, 4, 16), network)
    assert network.seen == 3


def test_who_wants_fewer_maps_reads_those_of_who_wanted_more(tmp_path: Path) -> None:
    network = Network()
    whole = store(tmp_path, levels=(3, 11)).maps_of(PICTURES, network)
    (last,) = store(tmp_path, levels=(11,)).maps_of(PICTURES, network)
    assert network.seen == 4
    assert torch.equal(last, whole[1])
    store(tmp_path, levels=(5, 11)).maps_of(PICTURES, network)
    assert network.seen == 8


def test_other_weights_have_maps_of_their_own(tmp_path: Path) -> None:
    network = Network()
    for name in ('a', 'b', 'a'):
        store(tmp_path, name=name).maps_of(PICTURES, network)
    assert network.seen == 8


@pytest.mark.parametrize('where', [0, 40, -1])
def test_a_damaged_file_is_computed_again_and_repaired(tmp_path: Path, where: int) -> None:
    network = Network()
    store(tmp_path).maps_of(PICTURES[:1], network)
    file = next(tmp_path.rglob('*-1.maps'))
    content = bytearray(file.read_bytes())
    content[where] ^= 1
    file.write_bytes(content)
    found = store(tmp_path).maps_of(PICTURES[:1], network)
    store(tmp_path).maps_of(PICTURES[:1], network)
    assert network.seen == 2
    assert all(map(torch.equal, found, one_by_one(PICTURES[:1], Network())))
    file.write_bytes(content[:20])
    store(tmp_path).maps_of(PICTURES[:1], network)
    assert network.seen == 3


def test_what_does_not_fit_is_computed_each_time_with_the_same_values(tmp_path: Path) -> None:
    network = Network()
    store(tmp_path / 'other').maps_of(PICTURES[:1], network)
    size = sum(path.stat().st_size for path in tmp_path.rglob('*.maps'))
    for _ in range(2):
        found = store(tmp_path / 'own', limit=2 * size).maps_of(PICTURES, network)
        assert all(map(torch.equal, found, one_by_one(PICTURES, Network())))
    assert len(list((tmp_path / 'own').rglob('*.maps'))) == 4
    assert network.seen == 1 + 4 + 2


def test_backbones_longest_unused_make_room(tmp_path: Path) -> None:
    network = Network()
    for name in ('old', 'new'):
        store(tmp_path, name=name).maps_of(PICTURES, network)
    hours = {'old': 3, 'new': 2}
    for name, ago in hours.items():
        moment = time.time() - ago * 3600
        os.utime(store(tmp_path, name=name)._folder / 'used', (moment, moment))
    stored = sum(path.stat().st_size for path in tmp_path.rglob('*.maps'))
    store(tmp_path, limit=stored + 10, name='own').maps_of(PICTURES, network)
    assert not store(tmp_path, name='old')._folder.exists()
    assert store(tmp_path, name='new')._folder.exists()
    assert list(store(tmp_path, name='own')._folder.rglob('*.maps'))


def test_a_folder_that_cannot_be_written_changes_no_map(tmp_path: Path) -> None:
    (tmp_path / 'file').write_text('')
    found = store(tmp_path / 'file' / 'below').maps_of(PICTURES, Network())
    assert all(map(torch.equal, found, one_by_one(PICTURES, Network())))


def test_values_that_half_precision_cannot_hold_are_refused() -> None:
    for value in (1e6, float('nan'), float('inf')):
        with pytest.raises(IncompatibleError, match="run the protocol 'frozen'"):
            rounded((torch.tensor([value]),))
