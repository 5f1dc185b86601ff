from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.catalog import find_suite, read_suite
from benchmark.cli.main import main
from benchmark.errors import BenchmarkError
from benchmark.report import suite_boards, write_literature
from benchmark.report.literature.layout import blocks
from benchmark.report.literature.writing import long_csv, markdown, page
from benchmark.results.store import ResultStore
from tests.support.report_fakes import record

from .rows import depth, row, supervised

RESULTS = Path(__file__).parent.parent.parent.parent / 'results'
TASKS = ('coco-detection', 'nyuv2', 'nabirds')


def test_the_table_of_a_comparison_shows_values_tags_and_the_best() -> None:
    text = markdown(blocks('mine', TASKS, [row(50.0, note='a note'), supervised(48.0)]))
    assert '### A paper (2031) · Mask R-CNN · 1x schedule' in text
    line = (
        '| ViT-B/16 | MAE | MIM | **50.0** | ImageNet-1K | finetune | val2017 | Table 1 | a note |'
    )
    assert line in text
    assert '| supervised | SUP | 48.0 | ImageNet-1K | finetune | val2017 |' in text
    assert '+2.0 points' in text


def test_coverage_comes_first_and_names_tasks_without_numbers() -> None:
    text = markdown(blocks('mine', TASKS, [row(), depth(0.3)]))
    assert 'Numbers were found for 2 of the 3 tasks of the suite; none for nabirds.' in text
    assert '| nabirds |' not in text
    assert 'Nothing is aggregated: no comparison has two rows without a gap.' in text
    assert 'covers 2 of 3 data sets' in text


def test_complete_rows_are_aggregated_within_their_comparison() -> None:
    rows = [row(50.0), supervised(48.0)]
    text = markdown(blocks('mine', ('coco-detection',), rows))
    assert 'within a comparison: ViT-B/16 MAE 1.00 (paper-a); ViT-B/16 supervised 2.00' in text


def test_secondary_and_repeated_numbers_are_marked() -> None:
    rows = [row(50.0, status='read-secondary'), supervised(48.0, same_as='paper-b')]
    text = markdown(blocks('mine', TASKS, rows))
    assert '**50.0ᵃ**' in text
    assert '48.0ᵇ' in text


def test_own_rows_stand_in_tables_of_their_own(tmp_path: Path) -> None:
    store = ResultStore(tmp_path / 'results', tmp_path / 'work')
    store.save(record('depth-metric', 'vit-s-mae', score=0.6))
    boards = suite_boards(store, 'quick')
    content = blocks(
        'quick', ['depth-metric', 'coco-detection'], [row(50.0), supervised(48.0)], boards
    )
    titles = [block.title for block in content]
    own = titles.index('Measured here: Metric depth, finetune')
    assert content[own].grid is not None
    assert content[own].grid.rows == (('ViT-S MAE', 'mim, MAE', '0.600'),)
    assert [row[0] for block in content[own + 1 :] if block.grid for row in block.grid.rows].count(
        'ViT-S MAE'
    ) == 0
    assert any('no ranking spans the two' in text for text in content[0].paragraphs)


@pytest.mark.parametrize(
    ('task', 'data_set', 'split', 'compares'),
    [('got10k', 'GOT-10k', 'val', False), ('lasot', 'LaSOT', 'test', True)],
)
def test_own_rows_name_their_split_and_whether_the_published_ones_are_of_it(
    task: str, data_set: str, split: str, compares: bool, tmp_path: Path
) -> None:
    store = ResultStore(tmp_path / 'results', tmp_path / 'work')
    own = record('depth-metric', 'vit-s-mae', score=0.6)
    store.save(replace(own, spec=replace(own.spec, task=task)))
    published = row(70.0, kind='tracking', data_set=data_set, split='test')
    content = blocks('quick', [task], [published], suite_boards(store, 'quick'))
    (block,) = [b for b in content if b.title.startswith('Measured here')]
    assert block.title.endswith(f', finetune on {split}')
    said = f'Measured on the split {split}; the published numbers are of test'
    assert any(said in text for text in block.paragraphs) != compares


def test_text_of_sources_cannot_break_the_formats() -> None:
    evil = [row(50.0, note='a | b <script>'), supervised(48.0)]
    content = blocks('mine', TASKS, evil)
    assert '<script>' not in page(content)
    assert '<script>' not in markdown(content)
    assert r'a \| b' in markdown(content)


def test_the_page_sets_long_texts_below_their_row_and_loses_none() -> None:
    text = page(blocks('mine', TASKS, [row(50.0, note='a long note'), supervised(48.0)]))
    assert '<th scope="col">Note</th>' not in text
    assert '<span><i>Note:</i> a long note</span>' in text
    # the pair is one row with nine cells, and a line that spans them
    pair = text[text.index('Masked against supervised pretraining</h2>') :]
    assert pair.count('<th scope="col">', 0, pair.index('</thead>')) == 9
    assert '<td colspan="9"><div><span><i>Head:</i> Mask R-CNN</span>' in pair
    assert '<span><i>Recipe:</i> 1x schedule</span>' in pair


def test_the_page_has_contents_and_boxes_that_a_keyboard_reaches() -> None:
    text = page(blocks('mine', TASKS, [row(50.0), depth(0.3)]))
    links = re.findall(r'<a href="#(part-\d+)">([^<]*)</a>', text)
    assert [title for _, title in links] == [
        'Coverage', 'Masked against supervised pretraining', 'COCO (coco-detection)',
        'NYUv2 (nyuv2)', 'Sources',
    ]  # fmt: skip
    for place, title in links:
        assert f'<h2 id="{place}">{title}</h2>' in text
    boxes = re.findall(
        r'<div class="scroll" role="region" tabindex="0" aria-label="([^"]+)">', text
    )
    assert len(boxes) == len(set(boxes)) == text.count('<table>') == text.count('class="scroll"')
    assert 'COCO (coco-detection): A paper (2031) · Mask R-CNN · 1x schedule' in boxes


def test_the_csv_has_canonical_values_and_identity() -> None:
    (line,) = csv.DictReader(io.StringIO(long_csv([depth(0.287)])))
    assert (line['value'], line['unit'], line['higher_is_better']) == ('0.287', 'metre', 'False')
    assert (line['source'], line['head'], line['recipe']) == (
        'paper-a',
        'Mask R-CNN',
        '1x schedule',
    )


def test_files_are_written_for_a_suite_that_was_never_run(tmp_path: Path) -> None:
    suite = find_suite('quick')
    formats = ('md', 'csv', 'html')
    paths = write_literature(RESULTS, suite, out=tmp_path, formats=formats)
    assert [path.name for path in paths] == [f'quick.published.{name}' for name in formats]
    assert 'Numbers were found for 0 of the 7 tasks' in paths[0].read_text(encoding='utf-8')


def test_an_unknown_format_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match="unknown report format 'tex'"):
        write_literature(RESULTS, find_suite('quick'), out=tmp_path, formats=('md', 'tex'))
    assert list(tmp_path.iterdir()) == []


SUITE = """suite = dict(
    name='mine',
    title='Mine',
    tasks=('coco-detection', 'nyuv2'),
    protocols=('finetune',),
    seeds=(0,),
)
"""


def test_the_command_makes_a_leaderboard_of_the_published_numbers_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / 'suite.py'
    path.write_text(SUITE)
    assert read_suite(path).tasks == ('coco-detection', 'nyuv2')
    asked = ['report', '--suite', str(path), '--published', '--out', str(tmp_path / 'out')]
    assert main([*asked, '--results', str(RESULTS), '--format', 'md']) == 0
    assert capsys.readouterr().out.strip().endswith('mine.published.md')
    text = (tmp_path / 'out' / 'mine.published.md').read_text(encoding='utf-8')
    assert 'Numbers were found for 2 of the 2 tasks' in text
    assert '| SwinV2-L | SimMIM | MIM | **94.9** |' in text


def test_one_cannot_ask_for_both(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(['report', '--suite', 'quick', '--published', '--with-published']) == 2
    assert 'not allowed with' in capsys.readouterr().err
