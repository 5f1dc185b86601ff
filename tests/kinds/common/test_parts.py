from __future__ import annotations

from pathlib import Path
from typing import Any

from mmengine.dataset import BaseDataset
from mmengine.registry import DATASETS

import benchmark.registry  # noqa: F401  (makes 'benchmark.X' known to mmengine)


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
