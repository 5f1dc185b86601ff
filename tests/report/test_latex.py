from __future__ import annotations

import json
import re
from dataclasses import replace

import pandas as pd
import pytest

from benchmark.errors import UnknownNameError
from benchmark.report import ReportOptions, render_report, report_frames
from benchmark.report.data.facts import backbone_facts
from benchmark.report.formats.latex import escape
from benchmark.report.text.presets import pretraining
from benchmark.results.store import ResultStore
from tests.support.report_fakes import briefs, record, save

from .test_tables import small

OPTIONS = ReportOptions(reference='vit-s-random')


def body(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.endswith(r'\\')]


def test_every_line_of_a_table_has_as_many_cells_as_the_table_has_columns(
    store: ResultStore,
) -> None:
    save(store, small())
    texts = render_report(store, 'quick', formats=('tex', 'paper'), options=OPTIONS)
    for name in ('quick.tex', 'quick.paper.tex'):
        tables = texts[name].split(r'\begin{table}')[1:]
        assert tables
        for table in tables:
            columns = re.search(r'\\begin\{tabular\}\{@\{\}(l+r+)@\{\}\}', table)
            assert columns is not None
            for line in body(table):
                spans = [int(n) - 1 for n in re.findall(r'\\multicolumn\{(\d+)\}', line)]
                assert len(re.split(r'(?<!\\)&', line)) + sum(spans) == len(columns.group(1))
            assert table.count('{') - table.count(r'\{') == table.count('}') - table.count(r'\}')


def test_best_second_and_change_are_marked(store: ResultStore) -> None:
    save(store, small())
    text = render_report(store, 'quick', formats=('tex',), options=OPTIONS)['quick.tex']
    (mae,) = [line for line in body(text) if line.startswith('ViT-S MAE')]
    (base,) = [line for line in body(text) if line.startswith('ViT-S random')]
    assert r'\best{46.5}\change{+26.0}' in mae
    assert r'\best{0.606}\change{$-$0.619}' in mae
    assert r'20.5\spread{0.7}' in base
    assert r'\second{1.225}\spread{0.035}' in base


def test_paper_tables_have_architectures_as_blocks_and_groups_as_tables(store: ResultStore) -> None:
    names = ('swin-t-simmim', 'vit-s-mae', 'vit-s-supervised')
    save(
        store, [record(task, name, score=0.5) for task in ('parts', 'keypoints') for name in names]
    )
    text = render_report(store, 'quick', formats=('paper',))['quick.paper.tex']
    semantic, geometric = text.split(r'\begin{table}')[1:]
    assert 'Semantic' in semantic
    assert 'Geometric' in geometric
    rows = semantic.split(r'\midrule')[1:]
    assert [len(body(part)) for part in rows] == [1, 2]
    assert rows[1].index('supervised') < rows[1].index('MAE')


def test_hostile_names_cannot_break_out() -> None:
    assert escape('a_b & 50% {x} \\input{y} $1#~^') == (
        r'a\_b \& 50\% \{x\} \textbackslash{}input\{y\} \$1\#\textasciitilde{}\textasciicircum{}'
    )


def test_an_unknown_reference_is_refused_with_the_known_ones(store: ResultStore) -> None:
    save(store, small())
    with pytest.raises(UnknownNameError, match="did you mean 'vit-s-mae'"):
        render_report(store, 'quick', formats=('md',), options=ReportOptions(reference='vit-s-mea'))


def test_json_has_what_the_tables_have(store: ResultStore) -> None:
    save(store, small())
    document = json.loads(render_report(store, 'quick', formats=('json',))['quick.json'])
    (board,) = document['boards']
    rows = {row['backbone']['id']: row for row in board['rows']}
    assert rows['vit-s-mae']['cells'][0]['scores'] == {'0': 46.04, '1': 47.0}
    assert board['standings']['vit-s-mae']['mean_rank']['value'] == 1.0
    assert 'vit-s-dino' not in board['standings']
    assert document['normaliser']['name'] == 'standard'
    assert all(contrast['sentence'] for contrast in board['contrasts'])


def test_frames_are_pandas_and_agree_with_the_board(store: ResultStore) -> None:
    save(store, small())
    frames = report_frames(store, 'quick')
    assert set(frames) == {'long', 'wide', 'pairs', 'contrasts', 'agreements'}
    wide = frames['wide'].set_index('backbone')
    assert wide.loc['vit-s-mae', 'mean_rank'] == 1.0
    assert pd.isna(wide.loc['vit-s-dino', 'mean_rank'])
    assert len(frames['long']) == len(small())


@pytest.mark.parametrize(
    ('data', 'family', 'method', 'said'),
    [
        ('ImageNet-1k', 'mim', 'MAE', 'ImageNet-1k mim (MAE)'),
        ('ImageNet-1k', 'supervised', 'Supervised', 'ImageNet-1k supervised'),
        ('a, b', 'supervised', 'supervised, 8 classes', 'a, b; supervised, 8 classes'),
        ('', 'none', 'random init', 'none (random init)'),
        ('', 'unknown', '', 'unknown'),
    ],
)
def test_pretraining_is_said_once(data: str, family: str, method: str, said: str) -> None:
    facts = {'pretraining': {'data': data, 'family': family, 'method': method}}
    (backbone,) = backbone_facts(briefs([replace(record(), backbone=facts)])).values()
    assert pretraining(backbone) == said
