"""Analyses on the page, and the numbers that are shown beside their figures."""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmark.analysis.heads import head_values, key_numbers
from benchmark.errors import RecordError
from benchmark.report import Pictures, ReportOptions, render_report, write_report
from benchmark.report.data.analyses import find_analyses
from benchmark.report.data.units import NO_SCORE, interval_text, value_text
from benchmark.report.formats import html
from benchmark.report.formats.analysis_section import embedded_analyses
from benchmark.results.store import ResultStore
from tests.support.report_fakes import SVG, record, save, write_analysis

HOSTILE = '</section><script>alert(1)</script><b title="x">'


def page(store: ResultStore, pictures: Pictures = Pictures.INSIDE) -> str:
    save(store, [record()])
    options = ReportOptions(pictures=pictures)
    return render_report(store, 'quick', formats=('html',), options=options)['quick.html']


def only(store: ResultStore, budget: int = 10**6) -> Any:
    (shown,) = embedded_analyses(find_analyses(store.results), budget=budget)
    return shown


class TestSection:
    def test_without_analyses_there_is_none(self, store: ResultStore) -> None:
        assert 'id="analyses"' not in page(store)

    def test_it_shows_numbers_and_provenance_as_text(self, store: ResultStore) -> None:
        write_analysis(store.results, 'cam')
        text = page(store)
        assert '<a href="#analyses">' in text
        assert 'How to read cam.' in text
        row = re.search(r'<tr><th scope="row">vit-s-mae</th>(.*?)</tr>', text)
        assert row is not None
        assert row[1] == f'<td>2.5</td><td>{NO_SCORE}</td>'
        assert 'timm:x, weights abababababababab' in text
        assert '8 of 128 px, world, SHA-256 cdcdcdcdcdcdcdcd' in text

    def test_hostile_text_stays_text(self, store: ResultStore) -> None:
        numbers = {'heading': HOSTILE, 'columns': [HOSTILE], 'rows': [[HOSTILE, [HOSTILE]]]}
        write_analysis(
            store.results, 'cam', title=HOSTILE, caption=HOSTILE, key_numbers=numbers,
            backbones=[{'id': HOSTILE}], provenance={'python': HOSTILE},
        )  # fmt: skip
        text = page(store)
        assert 'alert(1)</script>' not in text
        assert '<b title' not in text

    def test_the_smaller_file_is_embedded_with_its_size(self, store: ResultStore) -> None:
        folder = write_analysis(store.results, 'cam')
        small = only(store).figure
        assert base64.b64decode(small.uri.partition(',')[2]).decode() == SVG[SVG.index('<svg') :]
        assert (small.width, small.height, small.is_wide) == (1440, 480, True)
        (folder / 'figure.svg').write_text(SVG + ' ' * 100_000)
        raster = only(store).figure
        assert raster.uri.startswith('data:image/png;base64,')
        assert (raster.width, raster.height, raster.is_wide) == (400, 200, False)

    def test_without_room_files_are_named(self, store: ResultStore) -> None:
        write_analysis(store.results, 'cam')
        values = len(only(store).download)
        without_figure = only(store, budget=values)
        assert without_figure.figure is None
        assert without_figure.download is not None
        nothing = only(store, budget=values - 1)
        assert (nothing.figure, nothing.download, nothing.place) == (None, None, 'analysis/cam')

    def test_figures_and_values_lie_beside_the_page_by_default(
        self, store: ResultStore, tmp_path: Path
    ) -> None:
        folder = write_analysis(store.results, 'cam')
        save(store, [record()])
        (path,) = write_report(store, 'quick', out=tmp_path / 'out', formats=('html',))
        text = path.read_text(encoding='utf-8')
        for name, source in (('svg', 'figure.svg'), ('csv', 'values.csv')):
            place = f'quick_pictures/analysis-cam.{name}'
            assert f'"{place}"' in text
            assert (path.parent / place).read_bytes() == (folder / source).read_bytes()
        assert 'data:image' not in text

    def test_without_pictures_the_page_names_their_places(self, store: ResultStore) -> None:
        write_analysis(store.results, 'cam')
        text = page(store, Pictures.NONE)
        assert 'analysis/cam/figure.svg</code> in the results folder' in text
        assert 'quick_pictures' not in text

    def test_the_page_stays_below_its_limit(
        self, store: ResultStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folder = write_analysis(store.results, 'cam')
        (folder / 'figure.svg').write_text(SVG + ' ' * 10_000)
        (folder / 'figure.png').unlink()
        limit = len(page(store).encode()) - 1
        monkeypatch.setattr(html, 'LARGEST_PAGE', limit)
        monkeypatch.setattr(html, '_SHARE_OF_ANALYSES', 5_000 / limit)
        text = page(store)
        assert len(text.encode()) <= limit
        assert 'analysis/cam/figure.svg' in text


class TestNumbers:
    def test_numbers_have_a_true_minus_and_what_is_unknown_a_dash(self) -> None:
        assert value_text(-0.12345) == '\N{MINUS SIGN}0.123'
        assert value_text('a-b') == 'a-b'
        assert value_text(None) == NO_SCORE
        found = {'mean': -1.0, 'low': -2.0, 'high': 0.5}
        assert interval_text(found, 1) == '\N{MINUS SIGN}1.0 (\N{MINUS SIGN}2.0 to 0.5)'
        assert interval_text({'mean': 1.0, 'low': None, 'high': None}) == '1.00'
        assert interval_text(None) is None

    def test_an_unknown_analysis_has_its_figure_alone(self, store: ResultStore) -> None:
        write_analysis(store.results, 'other')
        (found,) = find_analyses(store.results)
        assert found.key_numbers is None
        assert only(store).rows == ()

    def test_key_numbers_that_do_not_fit_their_columns_are_named(
        self, store: ResultStore, one_line: Callable[[BaseException], str]
    ) -> None:
        numbers = {'heading': 'backbone', 'columns': ['regions'], 'rows': [['a', [1, 2]]]}
        folder = write_analysis(store.results, 'cam', key_numbers=numbers)
        with pytest.raises(RecordError) as caught:
            find_analyses(store.results)
        line = one_line(caught.value)
        assert line.startswith(f'{folder}/record.json: not the record of an analysis')
        assert "key numbers of 'a': 2 for 1" in line

    def test_values_that_are_gone_are_named(self, store: ResultStore) -> None:
        folder = write_analysis(store.results, 'erf')
        (folder / 'values.csv').unlink()
        with pytest.raises(RecordError, match=r'values\.csv: cannot be read'):
            page(store)

    def test_heads_are_read_as_shares_of_uniform_attention(self) -> None:
        rows = [
            {'backbone': 'a', 'layer': '1', 'measure': 'distance', 'head': head,
             'value': value, 'uniform': '40'}
            for head, value in (('0', '10'), ('1', '30'))
        ]  # fmt: skip
        assert head_values(rows, 'distance') == {'a': {1: {'0': 0.25, '1': 0.75}}}

    def test_a_heads_divergence_is_its_mean_over_the_others(self) -> None:
        rows = [
            {'backbone': 'a', 'layer': '2', 'measure': 'divergence', 'head': head,
             'value': value, 'uniform': '0'}
            for head, value in (('0', '1'), ('0', '3'), ('1', ''))
        ]  # fmt: skip
        assert head_values(rows, 'divergence') == {'a': {2: {'0': 2.0}}}

    def test_a_head_that_looks_at_itself_alone_counts_and_a_missing_value_does_not(self) -> None:
        common = {'backbone': 'a', 'layer': 1, 'measure': 'distance', 'uniform': 40.0}
        values = ((0, 0.0), (0, 20.0), (1, None), (1, math.nan))
        rows = [{**common, 'head': head, 'value': value} for head, value in values]
        assert head_values(rows, 'distance') == {'a': {1: {'0': 0.25}}}

    def test_attention_tells_first_from_last_layers(self) -> None:
        common = [
            {'backbone': 'net', 'layer': layer, 'head': head}
            for layer in range(1, 7)
            for head in (0, 1)
        ]
        rows = [
            *(
                {
                    **at,
                    'measure': 'distance',
                    'value': at['layer'] * (at['head'] + 1),
                    'uniform': 10,
                }
                for at in common
            ),
            *(
                {**at, 'measure': 'divergence', 'value': 10 - at['layer'], 'uniform': 0}
                for at in common
            ),
        ]
        ((name, values),) = key_numbers(rows).rows
        assert name == 'net'
        # means over layers 1-3 and 4-6 of 0.1 and 0.2 times the layer; the most local head of 6
        assert values == pytest.approx((0.3, 0.75, 0.6, 8.0, 5.0))


def test_an_analysis_is_read_as_it_was_written(tmp_path: Path) -> None:
    folder = write_analysis(tmp_path, 'cam')
    content = json.loads((folder / 'record.json').read_text())
    (found,) = find_analyses(tmp_path)
    assert (found.title, found.folder) == (content['title'], folder)
