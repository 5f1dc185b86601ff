"""How many processes load samples."""

from __future__ import annotations

import os

import pytest
import torch

from benchmark.compiling import LOADERS
from benchmark.execution.lifetime import CELLS_AT_A_TIME
from benchmark.execution.loading import loading, spare_cores


def with_cores(monkeypatch: pytest.MonkeyPatch, cores: int, cells: int = 1) -> None:
    monkeypatch.setattr(os, 'sched_getaffinity', lambda _: set(range(cores)))
    monkeypatch.setenv(CELLS_AT_A_TIME, str(cells))


def test_a_cpu_loads_for_itself_unless_workers_are_asked_for() -> None:
    if torch.cuda.is_available():
        pytest.skip('there is a GPU')
    assert loading({}) == {'num_workers': 0, 'persistent_workers': False}
    assert loading({LOADERS: 3}) == {'num_workers': 3, 'persistent_workers': True}


@pytest.mark.parametrize(
    ('cores', 'cells', 'processes', 'workers'),
    [(16, 1, 1, 15), (64, 1, 1, 16), (64, 4, 2, 7), (2, 1, 1, 1), (4, 8, 1, 1)],
)
def test_beside_a_gpu_as_many_load_as_have_a_core(
    cores: int, cells: int, processes: int, workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_cores(monkeypatch, cores, cells)
    monkeypatch.setattr('benchmark.execution.loading.world_size', lambda: processes)
    assert spare_cores() == workers


def test_asking_for_none_wins_over_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: True)
    with_cores(monkeypatch, 8)
    assert loading({}) == {'num_workers': 7, 'persistent_workers': True, 'pin_memory': True}
    assert loading({LOADERS: 0})['num_workers'] == 0
