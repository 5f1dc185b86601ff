"""``tbench report`` from its arguments to its exit code."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.cli.main import main
from benchmark.results.store import ResultStore
from tests.support.report_fakes import record, save

from .test_tables import small


@pytest.fixture
def arguments(store: ResultStore) -> list[str]:
    save(store, small())
    places = ['--results', str(store.results), '--work-dir', str(store.work)]
    return ['report', '--suite', 'quick', *places]


def tables(store: ResultStore) -> list[str]:
    return sorted(path.name for path in store.tables_folder().iterdir())


def test_every_format_is_written_where_the_results_are(
    arguments: list[str], store: ResultStore
) -> None:
    formats = ['--format', 'md', 'csv', 'tex', 'paper', 'json']
    assert main([*arguments, *formats, '--reference', 'vit-s-random']) == 0
    assert tables(store) == [
        'quick.csv',
        'quick.json',
        'quick.long.csv',
        'quick.md',
        'quick.paper.md',
        'quick.paper.tex',
        'quick.tex',
    ]
    assert '(+26.0)' in (store.tables_folder() / 'quick.md').read_text(encoding='utf-8')


def test_check_names_the_stale_files_and_writes_nothing(
    arguments: list[str], store: ResultStore, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments, '--format', 'md', 'csv']) == 0
    assert main([*arguments, '--check']) == 0
    store.save(record('parts', 'vit-s-dino', seed=0, score=99.0, finished='2032-01-01T00:00:00'))
    before = {name: (store.tables_folder() / name).read_bytes() for name in tables(store)}
    capsys.readouterr()
    assert main([*arguments, '--check']) == 1
    stale = capsys.readouterr().out.split()
    assert [Path(name).name for name in stale[1::2]] == ['quick.md', 'quick.csv', 'quick.long.csv']
    assert before == {name: (store.tables_folder() / name).read_bytes() for name in tables(store)}


@pytest.mark.parametrize(
    ('extra', 'complaint'),
    [
        (['--reference', 'vit-s-mea'], "unknown reference backbone 'vit-s-mea'"),
        (['--format', 'markdown'], "unknown report format 'markdown'"),
        (['--normaliser', 'nowhere.py'], 'nowhere.py: cannot be read'),
        (['--check'], 'no file of a report'),
    ],
)
def test_a_wrong_wish_is_one_line_and_leaves_nothing(
    arguments: list[str],
    store: ResultStore,
    capsys: pytest.CaptureFixture[str],
    extra: list[str],
    complaint: str,
) -> None:
    assert main([*arguments, *extra]) == 2
    error = capsys.readouterr().err
    assert complaint in error
    assert error.count('\n') == 1
    assert not store.tables_folder().exists()


def test_the_committed_tables_are_what_the_committed_records_say() -> None:
    root = Path(__file__).parents[2]
    suite = root / 'tests' / 'real_mini' / 'suite.py'
    places = ['--results', str(root / 'results'), '--work-dir', str(root / 'work_dirs')]
    assert main(['report', '--suite', str(suite), *places, '--check']) == 0
