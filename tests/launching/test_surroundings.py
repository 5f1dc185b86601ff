"""What a cell changes for the process is put back for the next one."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import torch

from benchmark.launching.surroundings import surroundings_kept


def state() -> tuple[object, ...]:
    return (
        Path.cwd(),
        dict(os.environ),
        (sys.stdin, sys.stdout, sys.stderr),
        torch.get_default_dtype(),
        torch.get_default_device(),
        torch.is_grad_enabled(),
        torch.get_num_threads(),
        torch.are_deterministic_algorithms_enabled(),
        torch.get_float32_matmul_precision(),
    )


def test_whatever_a_cell_changes_is_put_back(tmp_path: Path) -> None:
    before = state()
    with surroundings_kept():
        os.chdir(tmp_path)
        os.umask(0o777)
        os.environ['NEW_VARIABLE'] = '1'
        os.environ.pop('PATH', None)
        sys.stdout = None  # type: ignore[assignment]
        torch.set_default_dtype(torch.float64)
        torch.set_default_device('meta')
        torch.set_grad_enabled(False)
        torch.set_num_threads(torch.get_num_threads() + 1)
        torch.use_deterministic_algorithms(True)
        torch.set_float32_matmul_precision('medium')
    assert state() == before
    (tmp_path / 'file').touch()
    assert (tmp_path / 'file').stat().st_mode & 0o600 == 0o600
    assert torch.zeros(1).dtype == torch.float32


def test_it_is_put_back_though_the_cell_fails(tmp_path: Path) -> None:
    before = state()
    try:
        with surroundings_kept():
            os.chdir(tmp_path)
            raise SystemExit(3)
    except SystemExit:
        pass
    assert state() == before
