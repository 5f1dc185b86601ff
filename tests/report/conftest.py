from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.report import write_report
from benchmark.results.store import ResultStore

from .fakes import save, suite


@pytest.fixture
def store(tmp_path: Path) -> ResultStore:
    return ResultStore(tmp_path / 'results', tmp_path / 'work')


@pytest.fixture(scope='session')
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return the files of the whole fake suite's report by name."""
    root = tmp_path_factory.mktemp('report')
    store = ResultStore(root / 'results', root / 'work')
    save(store, suite())
    paths = write_report(store, 'quick', out=root / 'out', formats=('md', 'csv', 'html'))
    return {path.name: path for path in paths}
