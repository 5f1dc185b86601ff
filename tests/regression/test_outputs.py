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
from benchmark.regression.outputs import headline, junit, markdown, summary, to_json, write_outputs
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


def test_junit_gives_the_seconds_of_every_case(bad: Comparison) -> None:
    suite = ElementTree.fromstring(junit(bad)).find('testsuite')
    assert suite is not None
    times = {
        (case.attrib['classname'], case.attrib['name']): float(case.attrib['time'])
        for case in suite.findall('testcase')
    }
    for result in bad.results:
        name = f'{result.cell.backbone} {result.cell.protocol}'
        seconds = result.seconds or 0.0
        assert times[result.cell.task, name] == pytest.approx(seconds, abs=1e-3)
        assert seconds > 5 * 11 or 'seed' in result.reason  # six runs, one of them failed
    assert float(suite.attrib['time']) == pytest.approx(sum(times.values()), abs=0.01)


def test_a_gain_is_yellow_and_shown(bad: Comparison) -> None:
    higher = runs(range(100, 106), drops={PARTS: -3.0})
    found = compare(runs(range(10)), higher, History('quick'), '2031-05-04', Rules())
    assert 'nothing got worse, but something changed (' in summary(found).splitlines()[0]
    assert summary(found).splitlines()[1].startswith('changed ')
    assert markdown(found).startswith('### 🟡 ')
    assert '| 🟡 changed | parts | vit-s-mae | finetune | ' in markdown(found)
    suite = ElementTree.fromstring(junit(found)).find('testsuite')
    assert suite is not None
    (skipped,) = suite.findall('testcase/skipped')
    assert skipped.attrib['type'] == 'changed'
    assert not headline(bad).endswith('changed')


def test_one_is_not_called_many(bad: Comparison) -> None:
    changes = {'libraries.torch: 1 → 2': 1, 'libraries.numpy: 1 → 2': 3}
    one_calm = replace(bad, results=bad.results[-1:], changes=changes)
    text = markdown(one_calm)
    assert '1 other cell<' in text
    assert '(1 cell)' in text
    assert '(3 cells)' in text


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
