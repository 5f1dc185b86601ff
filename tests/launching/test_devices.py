from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchmark.errors import EnvironmentProblem
from benchmark.launching.devices import available_cores, visible_gpus, worker_environments


@pytest.mark.parametrize(
    ('variable', 'gpus'),
    [
        ('', []),
        ('0', ['0']),
        ('2, 3', ['2', '3']),
        ('-1', []),
        ('1,-1,0', ['1']),
        ('GPU-8932f937', ['GPU-8932f937']),
    ],
)
def test_the_variable_of_cuda_is_respected(
    monkeypatch: pytest.MonkeyPatch, variable: str, gpus: list[str]
) -> None:
    monkeypatch.setenv('CUDA_VISIBLE_DEVICES', variable)
    assert visible_gpus() == gpus


@pytest.mark.parametrize(
    ('script', 'gpus'), [('echo 0; echo 1', ['0', '1']), ('exit 9', []), ('true', [])]
)
def test_gpus_are_asked_of_the_driver(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str, gpus: list[str]
) -> None:
    program = tmp_path / 'nvidia-smi'
    program.write_text(f'#!/bin/sh\n{script}\n')
    program.chmod(0o755)
    monkeypatch.delenv('CUDA_VISIBLE_DEVICES', raising=False)
    monkeypatch.setenv('PATH', str(tmp_path))
    assert visible_gpus() == gpus


def test_no_driver_means_no_gpu(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv('CUDA_VISIBLE_DEVICES', raising=False)
    monkeypatch.setenv('PATH', str(tmp_path))
    assert visible_gpus() == []


def test_one_worker_per_gpu_and_more_share_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('CUDA_VISIBLE_DEVICES', '4,6')
    assert worker_environments('auto', None) == [
        {'CUDA_VISIBLE_DEVICES': '4', 'TBENCH_CELLS_AT_A_TIME': '2'},
        {'CUDA_VISIBLE_DEVICES': '6', 'TBENCH_CELLS_AT_A_TIME': '2'},
    ]
    shared = [env['CUDA_VISIBLE_DEVICES'] for env in worker_environments('cuda', 3)]
    assert shared == ['4', '6', '4']


def test_a_cell_in_several_processes_gets_as_many_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('CUDA_VISIBLE_DEVICES', '0,1,2,3,4')
    shares = [e['CUDA_VISIBLE_DEVICES'] for e in worker_environments('auto', None, processes=2)]
    assert shares == ['0,1', '2,3']
    with pytest.raises(EnvironmentProblem, match='8 processes needs as many GPUs; visible: 5'):
        worker_environments('cuda', None, processes=8)


def test_on_cpu_every_worker_has_one_thread_and_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('CUDA_VISIBLE_DEVICES', '0')
    environments = worker_environments('cpu', 3)
    assert len(environments) == 3
    assert {env['CUDA_VISIBLE_DEVICES'] for env in environments} == {''}
    assert {env['OMP_NUM_THREADS'] for env in environments} == {'1'}


def test_without_gpus_there_is_a_worker_per_core(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('CUDA_VISIBLE_DEVICES', '')
    assert len(worker_environments('auto', None)) == available_cores()
    assert available_cores() == len(os.sched_getaffinity(0))


def test_cuda_without_a_gpu_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('CUDA_VISIBLE_DEVICES', '-1')
    with pytest.raises(EnvironmentProblem, match='--device cuda: no GPU is visible here'):
        worker_environments('cuda', None)
