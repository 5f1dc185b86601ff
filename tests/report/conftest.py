from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmark.report import ReportOptions, write_report
from benchmark.results.store import ResultStore
from tests.support.report_fakes import ANALYSES, history, save, suite, write_analysis


@pytest.fixture
def store(tmp_path: Path) -> ResultStore:
    return ResultStore(tmp_path / 'results', tmp_path / 'work')


@pytest.fixture(scope='session')
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return the files of the whole fake suite's report by name."""
    root = tmp_path_factory.mktemp('report')
    store = ResultStore(root / 'results', root / 'work')
    save(store, suite())
    for name in ANALYSES:
        write_analysis(store.results, name)
    nights = root / 'history.json'
    nights.write_text(json.dumps(history()), encoding='utf-8')
    formats = ('md', 'csv', 'html')
    paths = write_report(
        store, 'quick', out=root / 'out', formats=formats, options=ReportOptions(history=nights)
    )
    return {path.name: path for path in paths}
