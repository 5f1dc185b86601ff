"""Reports of what was asked: chosen rows, tasks that have not run, other recipes, baselines."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import transferbench as tb
from benchmark import api
from benchmark.cli.main import main
from benchmark.compiling.facts import suite_facts
from benchmark.errors import BenchmarkError
from benchmark.report import ReportOptions, render_report, report_frames
from benchmark.report.data.facts import asked_facts
from benchmark.results.records import RunRecord
from benchmark.results.store import ResultStore
from tests.support.report_fakes import record, save, suite, with_outcomes

FORMATS = ('md', 'csv', 'tex', 'json')


def made(store: ResultStore, **options: object) -> dict[str, str]:
    chosen = ReportOptions(**options)  # type: ignore[arg-type]
    return render_report(store, 'quick', formats=FORMATS, options=chosen)


def asked_depth() -> dict[str, object]:
    """Return a suite that asks for depth under every protocol of quick."""
    suite = api.get_suite('quick')
    return dict(asked_facts(suite_facts(suite, [api.get_task('world-depth')])))


def pair(task: str = 'parts') -> list[RunRecord]:
    return [
        record(task, name, seed=seed, score=score + seed)
        for name, score in (('vit-s-mae', 46.0), ('vit-s-dino', 30.0))
        for seed in (0, 1)
    ]


class TestChoice:
    def test_chosen_tasks_and_protocols_are_shown_alone(self, store: ResultStore) -> None:
        save(store, suite())
        texts = made(store, tasks=('parts',), protocols=('frozen',))
        (board,) = json.loads(texts['quick.json'])['boards']
        assert board['protocol'] == 'frozen'
        assert [column['task']['name'] for column in board['columns']] == ['parts']
        # the floor is of no protocol, and stays
        assert [name for name, _ in (c.values() for c in board['columns'][0]['trivial'])] == [
            'background'
        ]

    @pytest.mark.parametrize(
        ('choice', 'complaint'),
        [
            ({'tasks': ('part',)}, "unknown task with records 'part'"),
            ({'protocols': ('forzen',)}, "unknown protocol with records 'forzen'"),
        ],
    )
    def test_a_name_without_records_is_one_line(
        self,
        store: ResultStore,
        choice: dict[str, tuple[str]],
        complaint: str,
        one_line: Callable[[BaseException], str],
    ) -> None:
        save(store, suite())
        with pytest.raises(BenchmarkError) as caught:
            made(store, **choice)
        assert complaint in one_line(caught.value)

    def test_the_command_line_chooses_too(self, store: ResultStore) -> None:
        save(store, suite())
        places = ['--results', str(store.results), '--work-dir', str(store.work)]
        chosen = ['--tasks', 'parts', '--protocols', 'frozen', '--format', 'csv']
        assert main(['report', '--suite', 'quick', *places, *chosen]) == 0
        text = (store.tables_folder() / 'quick.csv').read_text(encoding='utf-8')
        heads = next(csv.reader(io.StringIO(text)))
        assert 'parts:mean' in heads
        assert 'keypoints:mean' not in heads


class TestNotRun:
    def test_tasks_of_the_suite_without_records_are_columns(self, store: ResultStore) -> None:
        save(store, pair())
        depth = api.get_task('world-depth')
        texts = made(store, asked=asked_depth())
        table = [line for line in texts['quick.md'].splitlines() if line.startswith('| ')]
        assert f'depth<br>{depth.title} |' in table[0]
        assert [line.count('not run') for line in table[2:4]] == [1, 1]
        assert f'Not run yet: {depth.title}.' in texts['quick.md']
        assert f'Not run yet: {depth.title}.' in texts['quick.tex']
        assert json.loads(texts['quick.json'])['boards'][0]['not_run'] == ['world-depth']
        (first, *_) = csv.DictReader(io.StringIO(texts['quick.csv']))
        assert first['world-depth:mean'] == ''

    def test_what_has_not_run_leaves_ranks_as_they_are(self, store: ResultStore) -> None:
        save(store, [*pair(), *pair('keypoints')])
        alone = json.loads(made(store)['quick.json'])['boards'][0]
        beside = json.loads(made(store, asked=asked_depth())['quick.json'])['boards'][0]
        assert alone['standings'] == beside['standings']
        assert alone['standings']

    def test_the_declared_suite_is_asked(self, store: ResultStore) -> None:
        save(store, [replace(item, suite='quick') for item in pair()])
        asked = api.ReportRequest(
            suite='quick', results=store.results, work_dir=store.work, formats=['md']
        )
        (path,) = api.write_report(asked)
        said = path.read_text(encoding='utf-8')
        assert all(
            api.get_task(name).title in said
            for name in api.get_suite('quick').tasks
            if api.get_protocol('finetune').suits(api.get_task(name))
        )


@pytest.fixture
def other_recipe(store: ResultStore) -> str:
    """Save a second recipe of a cell, and return what is to be said of it."""
    other = replace(
        record(score=64.5, finished='2032-01-01T00:00:00+00:00', fingerprint='b' * 64),
        config={'lr': 0.01},
        provenance={'finished': '2032-01-01T00:00:00+00:00', 'options': ['lr=0.01']},
    )
    save(store, [*pair(), other])
    return 'Body parts, ViT-S MAE: 1 result made with other settings'


class TestOtherRecipe:
    def test_every_text_says_it_and_none_shows_its_score(
        self, store: ResultStore, other_recipe: str
    ) -> None:
        texts = render_report(store, 'quick', formats=('md', 'tex', 'json', 'paper', 'html'))
        assert sorted(texts) == [
            'quick.html', 'quick.json', 'quick.md', 'quick.paper.md', 'quick.paper.tex',
            'quick.tex',
        ]  # fmt: skip
        for name, text in texts.items():
            assert other_recipe in text, name
            assert '64.5' not in text, name

    def test_tables_of_numbers_count_it_by_cell(
        self, store: ResultStore, other_recipe: str
    ) -> None:
        texts = made(store)
        (one, two) = csv.DictReader(io.StringIO(texts['quick.csv']))
        assert {row['backbone']: row['not_shown'] for row in (one, two)} == {
            'vit-s-mae': 'parts: 1',
            'vit-s-dino': '',
        }
        long = list(csv.DictReader(io.StringIO(texts['quick.long.csv'])))
        assert {(row['backbone'], row['not_shown']) for row in long} == {
            ('vit-s-mae', '1'),
            ('vit-s-dino', '0'),
        }
        frames = report_frames(store, 'quick')
        assert frames['long'].groupby('backbone')['not_shown'].max()['vit-s-mae'] == 1
        assert set(frames['wide']['not_shown'].fillna('')) == {'parts: 1', ''}

    def test_python_warns_and_comparisons_note_it(
        self, store: ResultStore, other_recipe: str
    ) -> None:
        found = tb.load_results(store.results, 'quick')
        with pytest.warns(UserWarning, match=other_recipe):
            board = found.leaderboard()
        assert [note.startswith(other_recipe) for note in board.attrs['notes']] == [True]
        assert set(found.frame()['not_shown']) == {0, 1}
        pairs = tb.compare('vit-s-mae', 'vit-s-dino', suite='quick', results=store.results)
        assert f'note: finetune: {other_recipe}' in pairs.verdict
        assert json.loads(pairs.to_json())['notes'][0].startswith(f'finetune: {other_recipe}')

    def test_without_one_nothing_is_said(self, store: ResultStore) -> None:
        save(store, pair())
        assert not [text for text in made(store).values() if 'not_shown' in text]
        assert tb.leaderboard(store.results, 'quick').attrs['notes'] == []


def test_records_of_a_suite_that_is_declared_nowhere_are_reported(
    store: ResultStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for item in pair():
        store.save(replace(item, suite='hers'))
    archive = tmp_path / 'hers.zip'
    api.export_records(store.results, 'hers', archive)
    there = tmp_path / 'there'
    api.import_records(there, archive)
    places = ['--results', str(there), '--work-dir', str(tmp_path / 'work')]
    assert main(['report', '--suite', 'hers', *places, '--format', 'md']) == 0
    assert 'Body parts' in (there / 'tables' / 'hers.md').read_text(encoding='utf-8')
    assert main(['report', '--suite', 'his', *places]) == 2
    assert "unknown suite 'his'" in capsys.readouterr().err
    assert main(['report', '--suite', 'hers', *places, '--published']) == 2
    assert 'only records know this suite' in capsys.readouterr().err


SUITE = """suite = dict(
    name='hers',
    title='Hers',
    tasks=('fine.py', 'world-depth'),
    protocols=('finetune',),
    seeds=(0, 1),
    groups={'combined': ('fine.py',)},
)
"""
TASK = """task = dict(
    name='fine-species', kind='classification', version=1, title='Fine species', group='semantic',
    input_size=(32, 32), classes=('a', 'b'), splits=dict(train=2, test=2), metric='accuracy',
    film=r'^(film\\d)/',
)
data = dict(root='x', type='benchmark.ImageFolders', train=dict(data_prefix='a'),
            test=dict(data_prefix='b'))
"""


def written(which: Path | str, results: Path) -> str:
    """Return the report of a suite as Markdown."""
    asked = api.ReportRequest(suite=which, results=results, formats=['md'])
    return api.write_report(asked)[0].read_text(encoding='utf-8')


def test_an_archive_alone_gives_the_report_and_the_comparison_of_its_declaration(
    store: ResultStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(0)
    names = tuple(f'film{n // 25}/{n}.png' for n in range(100))
    for backbone in ('vit-s-mae', 'vit-s-dino'):
        for seed in (0, 1):
            item = record('fine-species', backbone, seed=seed)
            with_outcomes(store, replace(item, suite='hers'), rng.random(100) < 0.5, names=names)
    home = tmp_path / 'home'
    home.mkdir()
    (home / 'hers.py').write_text(SUITE)
    (home / 'fine.py').write_text(TASK)
    archive, there = tmp_path / 'hers.zip', tmp_path / 'there'
    export = ['export', str(home / 'hers.py'), str(archive), '--results', str(store.results)]
    assert main(export) == 0
    assert 'declared nowhere' not in capsys.readouterr().out
    assert main(['import', str(archive), '--results', str(there)]) == 0
    here = tb.compare('mae', 'dino', suite=home / 'hers.py', results=store.results)
    assert '4 films' in here.frame()['covers'][0]
    text = written(home / 'hers.py', store.results)
    assert f'Not run yet: {api.get_task("world-depth").title}.' in text
    shutil.rmtree(home)
    assert tb.compare('mae', 'dino', suite='hers', results=there).to_json() == here.to_json()
    assert written('hers', there) == text


def test_a_name_without_declaration_is_exported_with_a_note(
    store: ResultStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for item in pair():
        store.save(replace(item, suite='hers'))
    command = ['export', 'hers', str(tmp_path / 'a.zip'), '--results', str(store.results)]
    assert main(command) == 0
    assert "suite 'hers' is declared nowhere here" in capsys.readouterr().out


class TestJudged:
    def test_no_form_marks_a_best_of_single_seeds(self, store: ResultStore) -> None:
        save(store, [item for item in pair() if item.spec.seed == 0])
        texts = render_report(store, 'quick', formats=('md', 'tex', 'paper'))
        rows = {
            name: [line for line in text.splitlines() if line.startswith(('| ViT', 'ViT'))]
            for name, text in texts.items()
        }
        assert all(len(found) == 2 for found in rows.values())
        marks = ('**', '<u>', r'\best', r'\second')
        assert not [line for found in rows.values() for line in found for m in marks if m in line]

    def test_every_form_marks_a_best_that_is_judged(self, store: ResultStore) -> None:
        save(store, pair())
        texts = render_report(store, 'quick', formats=('md', 'tex'))
        assert '**46.5 ± 0.7**' in texts['quick.md']
        assert r'\best{46.5}' in texts['quick.tex']

    def test_latex_shows_a_score_with_a_missing_seed_and_says_so(self, store: ResultStore) -> None:
        save(store, pair()[:-1])
        text = made(store)['quick.tex']
        assert r'30.0}\flag{*}' in text or r'30.0\flag{*}' in text
        assert '* Some seeds are missing.' in text


class TestBaselines:
    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        path = tmp_path / 'mine.csv'
        path.write_text(
            'backbone,task,value,citation,protocol\n'
            'Her net,parts,51.5,"Doe & Roe, 2024, Table 3",finetune\n'
            'Her net,parts,40,"Doe & Roe, 2024, Table 3",frozen\n'
        )
        return path

    def test_every_form_shows_them_with_their_citation_and_outside_of_ranks(
        self, store: ResultStore, file: Path
    ) -> None:
        save(store, [*pair(), *pair('keypoints')])
        texts = made(store, baselines=file)
        assert '| *Her net*[^' in texts['quick.md']
        assert '| *51.5* |' in texts['quick.md']
        assert 'Published: Doe &amp; Roe, 2024, Table 3' in texts['quick.md']
        assert r'\emph{51.5}' in texts['quick.tex']
        assert r'published in Doe \& Roe, 2024, Table 3.' in texts['quick.tex']
        (row,) = json.loads(texts['quick.json'])['boards'][0]['baselines']
        assert row == {
            'label': 'Her net',
            'citation': 'Doe & Roe, 2024, Table 3',
            'values': {'parts': 51.5},
        }
        lines = list(csv.DictReader(io.StringIO(texts['quick.csv'])))
        assert [line['parts:mean'] for line in lines if line['backbone'] == 'Her net'] == ['51.5']
        plain = json.loads(made(store)['quick.json'])['boards'][0]
        assert plain['standings'] == json.loads(texts['quick.json'])['boards'][0]['standings']

    @pytest.mark.parametrize(
        ('line', 'complaint'),
        [
            ('a,part,50,x', "mine.csv:2: unknown task of this report 'part'"),
            ('a,parts,fifty,x', "mine.csv:2: value is 'fifty', needed is a number from 0 to 100"),
            ('a,parts,150,x', "mine.csv:2: value is '150'"),
            ('a,parts,50,', "mine.csv:2: 'citation' is empty"),
            ('a,parts,50,x\na,parts,51,x', 'mine.csv:3: a second value of a'),
        ],
    )
    def test_a_wrong_line_is_named(
        self,
        store: ResultStore,
        tmp_path: Path,
        line: str,
        complaint: str,
        one_line: Callable[[BaseException], str],
    ) -> None:
        save(store, pair())
        path = tmp_path / 'mine.csv'
        path.write_text(f'backbone,task,value,citation\n{line}\n')
        with pytest.raises(BenchmarkError) as caught:
            made(store, baselines=path)
        assert complaint in one_line(caught.value)

    def test_a_file_without_a_column_and_no_file_are_named(
        self, store: ResultStore, tmp_path: Path
    ) -> None:
        save(store, pair())
        path = tmp_path / 'mine.csv'
        path.write_text('backbone,task,value\n')
        with pytest.raises(BenchmarkError, match="lacks the column 'citation'"):
            made(store, baselines=path)
        with pytest.raises(BenchmarkError, match='cannot be read'):
            made(store, baselines=tmp_path / 'none.csv')
