"""Rows of a report are chosen and named by title or id."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.errors import BenchmarkError
from benchmark.report import ReportOptions, render_report
from benchmark.results.store import ResultStore
from tests.support.report_fakes import record, save

VIT = 'timm:vit_s'


@pytest.fixture
def store(tmp_path: Path) -> ResultStore:
    from dataclasses import replace

    found = ResultStore(tmp_path / 'results', tmp_path / 'work')
    ids = (f'{VIT}@a.pth#111111', f'{VIT}@b.pth#222222', f'{VIT}+random')
    made = [record(backbone=id_, seed=seed) for id_ in ids for seed in (0, 1)]
    save(found, [replace(item, backbone={**item.backbone, 'title': ''}) for item in made])
    return found


def table(store: ResultStore, **options: object) -> str:
    found = render_report(store, 'quick', formats=('md',), options=ReportOptions(**options))  # type: ignore[arg-type]
    return str(next(iter(found.values())))


def test_untitled_backbones_are_called_by_what_differs(store: ResultStore) -> None:
    text = table(store)
    assert '| a.pth |' in text
    assert '| b.pth |' in text
    assert '| vit\\_s, random |' in text or '| vit_s, random |' in text


def test_rows_are_chosen_and_named(store: ResultStore) -> None:
    text = table(store, backbones=('ours=a.pth', f'{VIT}+random'), reference='ours')
    assert '| ours |' in text
    assert 'b.pth' not in text


def test_a_name_is_given_once(store: ResultStore) -> None:
    with pytest.raises(BenchmarkError, match="two backbones are named 'x'"):
        table(store, backbones=('x=a.pth', 'x=b.pth'))


def test_what_has_no_record_is_refused(store: ResultStore) -> None:
    with pytest.raises(BenchmarkError, match=r"unknown backbone with records 'c\.pth'; did"):
        table(store, backbones=('c.pth',))
