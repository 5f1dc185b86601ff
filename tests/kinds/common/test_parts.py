from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from mmengine.dataset import BaseDataset
from mmengine.registry import DATASETS

import benchmark.registry  # noqa: F401  (makes 'benchmark.X' known to mmengine)
from benchmark.errors import DataError


@DATASETS.register_module()
class Numbers(BaseDataset):
    """Samples numbered from ``start``."""

    def __init__(self, *, start: int, count: int, **arguments: Any) -> None:
        self._numbers = range(start, start + count)
        super().__init__(**arguments)

    def load_data_list(self) -> list[dict[str, Any]]:
        """Return the samples."""
        return [{'number': number} for number in self._numbers]


TEN = {'type': 'mmengine.Numbers', 'start': 0, 'count': 10}
JOINED = {
    'type': 'benchmark.Joined',
    'of': 'mmengine.Numbers',
    'parts': ({'start': 0, 'count': 5}, {'start': 100, 'count': 4}),
}


def numbers(config: dict[str, Any]) -> list[int]:
    dataset = DATASETS.build({**config, 'pipeline': [], 'test_mode': True})
    return [dataset[index]['number'] for index in range(len(dataset))]


def test_parts_follow_each_other() -> None:
    assert numbers(JOINED) == [0, 1, 2, 3, 4, 100, 101, 102, 103]


def test_a_slice_and_the_rest_make_the_whole() -> None:
    config = {'type': 'benchmark.HeldOut', 'of': TEN, 'every': 4}
    assert numbers(config) == [0, 4, 8]
    assert numbers({**config, 'rest': True}) == [1, 2, 3, 5, 6, 7, 9]


def test_a_slice_of_joined_data_has_something_of_each_part() -> None:
    assert numbers({'type': 'benchmark.HeldOut', 'of': JOINED, 'every': 3}) == [0, 3, 100, 103]


def test_the_slices_own_arguments_win(tmp_path: Path) -> None:
    config = {'type': 'benchmark.HeldOut', 'of': {**TEN, 'test_mode': None}, 'every': 4}
    dataset = DATASETS.build({**config, 'pipeline': [], 'test_mode': True})
    assert dataset.test_mode is False


@DATASETS.register_module()
class Listed(BaseDataset):
    """Samples of named pictures below ``data_root``."""

    def __init__(self, *, names: tuple[str, ...], **arguments: Any) -> None:
        self._names = names
        super().__init__(**arguments)

    def load_data_list(self) -> list[dict[str, Any]]:
        """Return the samples."""
        return [{'img_path': f'{self.data_root}/{name}'} for name in self._names]


def chosen(root: Path, names: tuple[str, ...], count: int) -> set[str]:
    of = {'type': 'mmengine.Listed', 'names': names, 'data_root': str(root)}
    config = {'type': 'benchmark.Chosen', 'of': of, 'count': count, 'pipeline': []}
    dataset = DATASETS.build({**config, 'test_mode': True})
    found = [dataset[index]['img_path'] for index in range(len(dataset))]
    return {Path(path).relative_to(root).as_posix() for path in found}


NAMES = tuple(f'cats/{number}.jpg' for number in range(20))


def test_chosen_files_are_those_of_the_lowest_hashes(tmp_path: Path) -> None:
    ranked = sorted(NAMES, key=lambda name: hashlib.sha256(name.encode()).digest())
    assert chosen(tmp_path, NAMES, 7) == set(ranked[:7])


def test_a_choice_depends_neither_on_the_order_nor_on_the_folder(tmp_path: Path) -> None:
    first = chosen(tmp_path / 'a', NAMES, 7)
    assert chosen(tmp_path / 'b', NAMES[::-1], 7) == first
    assert chosen(tmp_path / 'b', NAMES, 5) < first


def test_a_chosen_file_comes_with_all_its_samples(tmp_path: Path) -> None:
    of = {'type': 'mmengine.Listed', 'names': NAMES * 2, 'data_root': str(tmp_path)}
    config = {'type': 'benchmark.Chosen', 'of': of, 'count': 3, 'test_mode': True}
    assert len(DATASETS.build({**config, 'pipeline': []})) == 6


def test_more_files_than_there_are_cannot_be_chosen(tmp_path: Path) -> None:
    with pytest.raises(DataError, match='has 20 files; 21 were to be chosen'):
        chosen(tmp_path, NAMES, 21)


def test_a_slice_of_a_choice_lies_in_it(tmp_path: Path) -> None:
    of = {'type': 'mmengine.Listed', 'names': NAMES, 'data_root': str(tmp_path)}
    choice = {'type': 'benchmark.Chosen', 'of': of, 'count': 6}
    config = {'type': 'benchmark.HeldOut', 'of': choice, 'every': 3, 'test_mode': True}
    assert len(DATASETS.build({**config, 'pipeline': []})) == 2
