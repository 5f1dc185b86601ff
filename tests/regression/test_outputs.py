"""What people and CI services get."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmark.regression.cells import gather
from benchmark.regression.compare import Comparison, Rules, compare
from benchmark.regression.history import History
from benchmark.regression.outputs import junit, markdown, summary, to_json, write_outputs
from benchmark.specs import CellKey
from benchmark.statistics.decisions import Correction
from tests.support.regression_builders import PARTS, failed, records, runs


@pytest.fixture
def bad() -> Comparison:
    tonight = records(range(100, 106), drops={PARTS: 2.0})
    broken = next(r for r in tonight if r.spec.task == 'fine-species')
    made = gather(
        [
            failed(r, 'a | pipe, <b>a tag</b> and \x1b[0m control') if r is broken else r
            for r in tonight
        ]
    )
    return compare(runs(range(10)), made, History('quick'), '2031-05-04', Rules())


def test_the_summary_fits_one_screen_and_begins_with_the_outcome(bad: Comparison) -> None:
    lines = summary(bad).splitlines()
    assert lines[0].startswith('quick, 2031-05-04: something got worse (1 failed, 1 regression')
    assert lines[1].startswith('failed ')
    assert lines[2].startswith('regression  parts · vit-s-mae · finetune  mIoU ')
    assert len(lines) <= 24


def test_many_red_cells_still_fit_one_screen() -> None:
    baseline = {CellKey('finetune', f'task{i}', 'b'): runs(range(10))[PARTS] for i in range(200)}
    found = compare(baseline, {}, History('quick'), 'n', Rules())
    lines = summary(found).splitlines()
    assert len(lines) <= 24
    assert '... and 188 more' in lines[-1]


def test_markdown_has_a_row_per_cell_and_no_markup_of_others(bad: Comparison) -> None:
    text = markdown(bad)
    rows = [
        line for line in text.splitlines() if line.startswith('| 🔴') or line.startswith('| 🟢')
    ]
    assert len([line for line in text.splitlines() if line.startswith('| ')]) >= len(bad.results)
    assert all(line.replace('\\|', '').count('|') == 10 for line in rows)
    assert '<b>' not in text
    assert 'a \\| pipe' in text


def test_only_holm_promises_a_bound_on_false_alarms(bad: Comparison) -> None:
    assert 'at most 4% over all cells' in markdown(bad)
    loose = replace(bad, levels=replace(bad.levels, correction=Correction.BH))
    assert 'at most' not in markdown(loose)
    assert 'bh correction: the chance of a false alarm over all cells is not bounded' in markdown(
        loose
    )


def test_junit_is_well_formed_and_counts_right(bad: Comparison) -> None:
    suite = ElementTree.fromstring(junit(bad)).find('testsuite')
    assert suite is not None
    assert int(suite.attrib['tests']) == len(suite.findall('testcase')) == len(bad.results)
    assert int(suite.attrib['failures']) == len(suite.findall('testcase/failure')) == 1
    assert int(suite.attrib['errors']) == len(suite.findall('testcase/error')) == 1


def test_canaries_are_cases_and_red(bad: Comparison) -> None:
    told = replace(bad, results=bad.results[-1:], canaries=('a b finetune: loss was 1 and is 2',))
    assert told.exit_code == 1
    assert 'loss was 1 and is 2' in summary(told)
    assert 'loss was 1 and is 2' in markdown(told)
    suite = ElementTree.fromstring(junit(told)).find('testsuite')
    assert suite is not None
    assert suite.attrib['failures'] == '1'


def test_json_holds_every_cell(bad: Comparison) -> None:
    content = json.loads(to_json(bad))
    assert content['exit_code'] == 1
    assert len(content['cells']) == len(bad.results)
    regression = next(cell for cell in content['cells'] if cell['verdict'] == 'regression')
    assert regression['drop'] > regression['alarm_beyond'] > 0
    assert regression['p_corrected'] < 0.03


def test_all_outputs_are_files(bad: Comparison, tmp_path: Path) -> None:
    paths = write_outputs(bad, tmp_path / 'out')
    assert {path.name for path in paths} == {
        'summary.txt', 'comment.md', 'junit.xml', 'comparison.json',
    }  # fmt: skip
    assert (tmp_path / 'out' / 'comment.md').read_text() == markdown(bad)
