"""`tbench run` says how far its cells are, a line per change."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from benchmark.launching import progress
from benchmark.launching.progress import _Watcher


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a work folder whose run seems to have begun 100 seconds ago."""
    began = time.time() - 100
    monkeypatch.setattr('benchmark.launching.status.holder_since', lambda place: began)
    return tmp_path


def write(folder: Path, line: str) -> None:
    with (folder / 'log.txt').open('a') as log:
        log.write(f'{line}\n')


def test_a_line_per_change_with_the_time_that_is_left(folder: Path) -> None:
    watcher = _Watcher({folder: 'flowers  A  frozen  seed 0'})
    assert list(watcher.lines()) == []
    write(folder, 'Iter(train) [ 10/40]  lr: 1e-3')
    (line,) = watcher.lines()
    assert line == ('running  flowers  A  frozen  seed 0  train 10/40, 2 min, about 5 min left')
    assert list(watcher.lines()) == []


def test_the_pace_is_that_of_the_phase(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = iter([('train 10/40', 100.0), ('train 20/40', 120.0), ('test 1/4', 125.0)])
    monkeypatch.setattr(progress, 'running_since', lambda place: next(seen))
    watcher = _Watcher({folder: 'x'})
    lines = [line for _ in range(3) for line in watcher.lines()]
    assert lines[1] == 'running  x  train 20/40, 2 min, about 40 s left'
    assert lines[2].startswith('running  x  test 1/4, 2 min')


def test_what_does_not_run_is_not_said(tmp_path: Path) -> None:
    assert list(_Watcher({tmp_path: 'x'}).lines()) == []
    assert list(_Watcher({tmp_path / 'absent': 'x'}).lines()) == []
