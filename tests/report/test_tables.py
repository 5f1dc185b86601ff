from __future__ import annotations

import csv
import io
import random
from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.report import render_report
from benchmark.report.data.units import listing, row, show, show_interval
from benchmark.report.formats.markdown import escape
from benchmark.report.formats.tables import as_text
from benchmark.report.writing import FORMATS
from benchmark.results.records import RunRecord
from benchmark.results.store import ResultStore
from benchmark.specs import Unit
from tests.support.report_fakes import failed, record, save, suite

GOLDEN = Path(__file__).parent / 'golden' / 'small.md'


def small() -> list[RunRecord]:
    lost = failed(record('parts', 'vit-s-dino', seed=1), 'out of memory; lower batch_size')
    return [
        record('parts', 'vit-s-mae', seed=0, score=46.04),
        record('parts', 'vit-s-mae', seed=1, score=47.0),
        record('parts', 'vit-s-dino', seed=0, score=42.0),
        lost,
        record('depth-metric', 'vit-s-mae', seed=0, score=0.6124),
        record('depth-metric', 'vit-s-mae', seed=1, score=0.6),
        record('depth-metric', 'vit-s-random', seed=0, score=1.2),
        record('depth-metric', 'vit-s-random', seed=1, score=1.25),
        record('parts', 'vit-s-random', seed=0, score=20.0),
        record('parts', 'vit-s-random', seed=1, score=21.0),
        record('parts', 'trivial:background', 'trivial', score=9.1),
    ]


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_markdown_is_as_agreed(store: ResultStore) -> None:
    save(store, small())
    text = render_report(store, 'quick', formats=('md',))['quick.md']
    assert text == GOLDEN.read_text(encoding='utf-8')


def test_order_of_records_changes_no_text(tmp_path: Path) -> None:
    records = [replace(item, pictures=()) for item in suite(('finetune',))]
    texts = []
    for place, items in enumerate((records, random.Random(2).sample(records, len(records)))):
        store = ResultStore(tmp_path / str(place), tmp_path / 'work')
        save(store, items)
        texts.append(render_report(store, 'quick', formats=tuple(FORMATS)))
    assert texts[0] == texts[1]


def test_wide_csv_keeps_full_precision_and_leaves_gaps_empty(store: ResultStore) -> None:
    save(store, small())
    lines = {row['backbone']: row for row in rows(_csv(store)['quick.csv'])}
    mae, dino = lines['vit-s-mae'], lines['vit-s-dino']
    assert float(mae['depth-metric:mean']) == (0.6124 + 0.6) / 2
    assert mae['parts:n'] == '2'
    assert dino['depth-metric:mean'] == ''
    assert dino['parts:sd'] == ''
    assert (mae['mean_rank'], dino['mean_rank']) == ('1.0', '')
    assert lines['background']['protocol'] == 'trivial'
    assert float(lines['background']['parts:mean']) == 9.1


def test_long_csv_has_a_line_per_record_and_metric(store: ResultStore) -> None:
    save(store, small())
    lines = rows(_csv(store)['quick.long.csv'])
    assert len(lines) == len(small())
    values = {(r['task'], r['backbone'], r['seed']): r['value'] for r in lines}
    assert values['parts', 'vit-s-mae', '0'] == '46.04'
    assert values['parts', 'vit-s-dino', '1'] == ''


def test_texts_with_commas_and_quotes_come_back_from_the_long_csv(store: ResultStore) -> None:
    hard, broken = 'a "b", c\nd', 'two\nlines\rand one'
    item = record(fingerprint='f,"0"')
    item = replace(
        item,
        backbone={**item.backbone, 'title': hard},
        cost={'train_seconds': 1e-7, 'device': hard},
        provenance={'finished': hard},
    )
    save(store, [item, failed(record(backbone='vit-s-random'), broken)])
    first, second = rows(_csv(store)['quick.long.csv'])
    texts = ('backbone_title', 'device', 'finished', 'fingerprint')
    assert [first[name] for name in texts] == [hard, hard, hard, 'f,"0"']
    assert (float(first['train_seconds']), first['peak_memory_mb']) == (1e-7, '')
    assert (second['error'], second['value'], second['status']) == (broken, '', 'failed')


def test_names_cannot_break_out_of_a_markdown_cell(store: ResultStore) -> None:
    hostile = 'a|b\n| **x** <img src=x onerror=alert(1)> [link](http://x) `c`'
    item = record()
    store.save(replace(item, backbone={**item.backbone, 'title': hostile}))
    text = render_report(store, 'quick', formats=('md',))['quick.md']
    line = next(line for line in text.splitlines() if line.startswith('| a'))
    assert r'a\|b \| \*\*x\*\* &lt;img' in line
    assert '<img' not in text
    assert r'\[link\]' in line


def test_escape_is_one_line() -> None:
    assert escape('a_b\r\n c') == r'a\_b c'


@pytest.mark.parametrize(
    ('value', 'unit', 'text'),
    [
        (24.04, Unit.PERCENT, '24.0'),
        (24.06, Unit.FRACTION, '24.1'),
        (0.61249, Unit.METRE, '0.612'),
        (3.14159, Unit.NONE, '3.142'),
        (2.345678, Unit.PIXEL, '2.35'),
        (-0.01, Unit.PERCENT, '0.0'),
    ],
)
def test_numbers_have_the_decimals_of_their_unit(value: float, unit: Unit, text: str) -> None:
    assert show(value, unit) == text


def test_an_unknown_spread_is_not_printed_as_zero() -> None:
    assert show_interval(24.0, None, Unit.PERCENT) == '24.0'
    assert show_interval(24.0, 0.0, Unit.PERCENT) == '24.0 ± 0.0'


def _csv(store: ResultStore) -> dict[str, str]:
    return render_report(store, 'quick', formats=('csv',))


def test_names_that_hold_commas_are_told_apart_by_semicolons() -> None:
    assert [listing(['a', 'b', 'c'][:n]) for n in range(4)] == ['', 'a', 'a and b', 'a, b and c']
    assert listing(['a', 'b'], 'or') == 'a or b'
    assert listing(['ViT, MAE', 'b', 'ViT, random']) == 'ViT, MAE; b; and ViT, random'
    assert (row(['a', 'b']), row(['a, b', 'c'])) == ('a, b', 'a, b; c')


def test_no_cell_is_a_formula() -> None:
    texts = ('=1+1', '+cmd|x', '-1+2', '@SUM(A1)', '-1.5', '-', 'a=b', '')
    assert [as_text(text) for text in texts] == [
        *("'=1+1", "'+cmd|x", "'-1+2", "'@SUM(A1)", '-1.5', '-', 'a=b', '')
    ]
    assert as_text(-3.5) == -3.5
