from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.errors import BenchmarkError
from benchmark.report import ReportOptions, render_report, stale_files, write_report
from benchmark.report.writing import FORMATS
from benchmark.results.store import ResultStore
from tests.support.report_fakes import failed, record


def test_files_are_written_and_returned(store: ResultStore, tmp_path: Path) -> None:
    store.save(record())
    paths = write_report(store, 'quick', out=tmp_path / 'out', formats=('md', 'csv', 'html', 'md'))
    names = ['quick.md', 'quick.csv', 'quick.long.csv', 'quick.html']
    assert paths == [tmp_path / 'out' / name for name in names]
    assert sorted(path.name for path in (tmp_path / 'out').iterdir()) == sorted(names)
    assert paths[0].read_text(encoding='utf-8').startswith('# Suite quick')
    assert paths[3].read_text(encoding='utf-8').startswith('<!doctype html>')


def test_an_unknown_format_is_refused_before_anything_is_written(
    store: ResultStore, tmp_path: Path
) -> None:
    store.save(record())
    with pytest.raises(BenchmarkError, match=r"unknown report format 'htm'; did you mean 'html'"):
        write_report(store, 'quick', out=tmp_path / 'out', formats=('md', 'htm'))
    assert not (tmp_path / 'out').exists()


def test_a_suite_without_records_says_what_there_is(store: ResultStore) -> None:
    store.save(record())
    with pytest.raises(BenchmarkError, match=r"no records of suite 'full' .*quick.*tbench run"):
        render_report(store, 'full', formats=('md',))


def test_an_unwritable_folder_is_one_clear_error(store: ResultStore, tmp_path: Path) -> None:
    store.save(record())
    (tmp_path / 'out').write_text('a file')
    with pytest.raises(BenchmarkError, match=r'cannot be written') as caught:
        write_report(store, 'quick', out=tmp_path / 'out', formats=('md',))
    assert '\n' not in str(caught.value)


@pytest.mark.parametrize('kind', ['failed', 'trivial'])
def test_every_format_copes_without_any_score(store: ResultStore, kind: str) -> None:
    bare = {'failed': failed(record(), 'boom'), 'trivial': record('parts', 'trivial:x', 'trivial')}
    store.save(bare[kind])
    texts = render_report(store, 'quick', formats=tuple(FORMATS))
    assert len(texts) == 8
    assert ('boom' in texts['quick.html']) == (kind == 'failed')


def test_stale_files_are_those_that_the_records_have_outrun(
    store: ResultStore, tmp_path: Path
) -> None:
    out = tmp_path / 'out'
    store.save(record())
    write_report(store, 'quick', out=out, formats=('md', 'csv', 'json'))
    assert stale_files(store, 'quick', out=out) == []
    (out / 'quick.csv').unlink()
    store.save(record(seed=1, score=50.0))
    names = ['quick.md', 'quick.csv', 'quick.long.csv', 'quick.json']
    assert stale_files(store, 'quick', out=out) == [out / name for name in names]
    assert not (out / 'quick.csv').exists()


def test_a_folder_without_a_report_cannot_be_checked(store: ResultStore, tmp_path: Path) -> None:
    store.save(record())
    with pytest.raises(BenchmarkError, match="no file of a report of suite 'quick'"):
        stale_files(store, 'quick', out=tmp_path)


def test_a_suite_may_count_a_task_in_another_group(store: ResultStore) -> None:
    store.save(record())
    store.save(record(backbone='vit-s-supervised'))
    options = ReportOptions(groups={'parts': 'combined'})
    text = render_report(store, 'quick', formats=('md',), options=options)['quick.md']
    assert 'Masked minus supervised, combined' in text
