"""What `tbench check data` finds in fake copies, whole and damaged."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.catalog import find_task
from benchmark.checking.data import check_data
from benchmark.cli.main import main
from benchmark.openmmlab import prepare
from benchmark.planning.contents import DataReader
from benchmark.specs import CheckResult, Role, Task
from tests.support.fakes.copies import COPIES

prepare()

FEW = {
    'food101': {'train': 4, 'val': 1, 'test': 2},
    'ade20k': {'train': 4, 'val': 1, 'test': 2},
    'nyuv2': {'train': 4, 'val': 1, 'test': 2},
    'coco-detection': {'train': 4, 'val': 1, 'test': 2},
    'voc2007': {'train': 4, 'val': 1, 'test': 3},
    'voc2012-aug': {'train': 5, 'val': 2, 'test': 2},
}
"""Samples per split of some fake copies."""


def counted(name: str, folder: Path) -> Task:
    """Return a task that declares what its fake copy holds."""
    task = find_task(name)
    COPIES[name](folder)
    tree = {p: sum(1 for _ in folder.glob(p)) for p in task.tree}
    splits = {Role(role): count for role, count in FEW[name].items()}
    return replace(task, splits=splits, tree=tree)


def bad(findings: list[CheckResult]) -> Mapping[str, str]:
    return {finding.what: finding.detail for finding in findings if not finding.is_ok}


@pytest.mark.parametrize('name', FEW)
def test_a_whole_copy_has_no_fault(name: str, tmp_path: Path) -> None:
    task = counted(name, tmp_path / 'data')
    findings = check_data(task, tmp_path / 'data', full=True)
    assert not bad(findings)
    assert all(task.tree.values())
    seen = {finding.what for finding in findings}
    assert {'train size', 'test labels', 'test pictures', 'train and test disjoint'} <= seen
    assert 'train and val disjoint' not in seen  # val is a slice of train
    assert findings[-1].detail == DataReader().manifest(task, tmp_path / 'data').digest


def test_missing_files_and_other_counts_are_told(tmp_path: Path) -> None:
    task = counted('food101', tmp_path)
    (tmp_path / 'images/apple_pie/50.jpg').unlink()
    findings = bad(check_data(task, tmp_path))
    assert findings['files images/*/*.jpg'] == '5 of 6'
    assert '50.jpg: not readable as a picture' in findings['train pictures']
    assert bad(check_data(find_task('food101'), tmp_path))['train size'] == (
        '4 samples, declared 75750'
    )


def test_a_broken_picture_a_wrong_label_and_a_shared_sample_are_told(tmp_path: Path) -> None:
    task = counted('ade20k', tmp_path)
    (tmp_path / 'images/validation/ADE_val_00000001.jpg').write_bytes(b'none')
    shutil.copy(
        tmp_path / 'images/training/ADE_train_00000002.jpg',
        tmp_path / 'images/validation/ADE_val_00000002.jpg',
    )
    narrow = replace(task, classes=task.classes[:10])
    findings = bad(check_data(narrow, tmp_path, full=True))
    assert 'ADE_val_00000001.jpg' in findings['test pictures']
    assert 'is not from 0 to 9' in findings['train labels']
    assert 'has the content of' in findings['train and test disjoint']


def test_a_sample_in_two_splits_is_told(tmp_path: Path) -> None:
    task = counted('food101', tmp_path)
    lists = tmp_path / 'meta'
    (lists / 'test.txt').write_text((lists / 'train.txt').read_text().splitlines()[0] + '\n')
    assert 'is in both' in bad(check_data(task, tmp_path))['train and test disjoint']


def test_an_unreadable_list_is_one_finding(tmp_path: Path) -> None:
    task = counted('nyuv2', tmp_path)
    (tmp_path / 'train_list.txt').write_text('alone\n')
    findings = bad(check_data(task, tmp_path))
    assert (
        'train_list.txt, line 1: not readable as picture and depth map' in findings['train opens']
    )


def test_missing_data_show_their_layout_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(['check', 'data', 'lvis', '--data-root', str(tmp_path)]) == 2
    out = capsys.readouterr().out
    assert out.count('lvisdataset.org') == 1
    assert 'annotations/lvis_v1_train.json' in out
    assert '118,287' in out
    assert not (tmp_path / 'manifests').exists()


def test_what_was_found_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    COPIES['nyuv2'](tmp_path / 'nyu_depth_v2')
    assert main(['check', 'data', 'nyuv2', '--data-root', str(tmp_path)]) == 2
    assert 'BROKEN  train size: 4 samples, declared 24231' in capsys.readouterr().out
    written = json.loads((tmp_path / 'manifests/nyuv2.json').read_text())
    found = DataReader().manifest(find_task('nyuv2'), tmp_path / 'nyu_depth_v2')
    assert written['findings'][-1] == CheckResult('manifest', True, found.digest)._asdict()
    assert (written['files'], written['bytes']) == (found.files, found.size)
    assert written['folders'] == found.folders
    assert 'sync/kitchen_0028b' in written['folders']


def test_files_of_other_tasks_leave_the_manifest_alone(tmp_path: Path) -> None:
    task = find_task('coco-detection')
    COPIES['coco-detection'](tmp_path)
    before = DataReader().manifest(task, tmp_path).digest
    COPIES['lvis'](tmp_path / 'other')
    (tmp_path / 'annotations/lvis_v1_train.json').write_text('{}')
    assert DataReader().manifest(task, tmp_path).digest == before
    whole = replace(task, tree={})
    assert DataReader().manifest(whole, tmp_path).digest != before
