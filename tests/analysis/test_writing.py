from __future__ import annotations

import csv
import json
from pathlib import Path

import cv2
import pytest
from matplotlib.figure import Figure

from benchmark.analysis.findings import Finding
from benchmark.analysis.writing import write
from benchmark.errors import RecordError
from benchmark.report.data.analyses import KeyNumbers, find_analyses


def drawn() -> Figure:
    figure = Figure()
    figure.subplots().plot([0, 1], [1, 0])
    return figure


FINDING = Finding(
    analysis='cka',
    title='Alike',
    caption='What is seen.',
    rows=({'layer': 1, 'value': 1 / 3, 'sd': None}, {'layer': 2, 'value': float('nan'), 'sd': 0.5}),
    facts={'n': 4},
    draw=drawn,
    subjects=({'id': 'timm:x', 'weights_sha256': 'ab'},),
    images={'sha256': 'cd'},
    key_numbers=KeyNumbers('backbone', ('mean', 'interval'), (('timm:x', (0.5, '0.4 to 0.6')),)),
)


def test_what_is_written_is_found_again_with_its_provenance(tmp_path: Path) -> None:
    files = write(FINDING, tmp_path / 'analysis')
    assert {path.name for path in files} == {
        'values.csv',
        'record.json',
        'figure.svg',
        'figure.png',
    }
    (found,) = find_analyses(tmp_path)
    assert (found.name, found.title, found.caption) == ('cka', 'Alike', 'What is seen.')
    assert found.facts == {'n': 4}
    assert found.backbones == ({'id': 'timm:x', 'weights_sha256': 'ab'},)
    assert found.images == {'sha256': 'cd'}
    assert found.key_numbers == FINDING.key_numbers
    assert 'torch' in found.provenance['libraries']
    assert found.figure.startswith('<svg')
    assert found.figure.rstrip().endswith('</svg>')
    assert cv2.imread(str(tmp_path / 'analysis' / 'cka' / 'figure.png')) is not None


def test_the_table_leaves_missing_values_empty(tmp_path: Path) -> None:
    write(FINDING, tmp_path)
    with (tmp_path / 'cka' / 'values.csv').open(newline='') as file:
        rows = list(csv.reader(file))
    assert rows == [['layer', 'value', 'sd'], ['1', '0.333333', ''], ['2', '', '0.5']]


def test_equal_findings_give_equal_figures(tmp_path: Path) -> None:
    for folder in ('one', 'other'):
        write(FINDING, tmp_path / folder)
    for name in ('figure.svg', 'figure.png', 'values.csv'):
        first, second = (tmp_path / folder / 'cka' / name for folder in ('one', 'other'))
        assert first.read_bytes() == second.read_bytes()


def test_no_folder_means_no_analyses(tmp_path: Path) -> None:
    assert find_analyses(tmp_path) == []


def test_a_record_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    write(FINDING, tmp_path / 'analysis')
    path = tmp_path / 'analysis' / 'cka' / 'record.json'
    content = json.loads(path.read_text())
    for wrong, reason in (
        ({**content, 'schema': 9}, 'schema is 9'),
        ({**content, 'backbones': None}, 'not the record of an analysis'),
        ({'schema': 1}, 'not the record of an analysis'),
    ):
        path.write_text(json.dumps(wrong))
        with pytest.raises(RecordError, match=reason) as caught:
            find_analyses(tmp_path)
        assert str(path) in str(caught.value)
