"""Every declared data set: from its archives to a finished cell by one command.

What has addresses comes from a server on this machine, what only a person can fetch lies in the
folder of downloads. The cells are as small as they can be: two iterations of a narrow network.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from benchmark import catalog
from benchmark.acquiring import declared, getting
from benchmark.acquiring.declared import distributions, serving
from benchmark.catalog import tasks as catalog_of_tasks
from benchmark.cli.main import main
from benchmark.specs import Role, Task
from tests.support.faulty_server import Fault, Server
from tests.support.releases import handed_out
from tests.support.task_trials import RECIPE, small_task

DECLARED = distributions()
CELLS = (
    'ade20k',
    'ap10k',
    'birdsnap',
    'caltech101',
    'cifar10',
    'cifar100',
    'cityscapes',
    'coco-pose',
    'coco-stuff164k',
    'coco-val-pose',
    'cog-l1',
    'crowdpose',
    'cub200',
    'dancetrack',
    'dtd',
    'fgvc-aircraft',
    'flowers102',
    'food101',
    'got10k-val',
    'imagenet1k',
    'inat2018',
    'inat2019',
    'kitti-depth',
    'lvis',
    'mot17',
    'mot20',
    'mpii',
    'nabirds',
    'nyuv2-labelled',
    'otb100',
    'oxford-pets',
    'pascal-context',
    'places205',
    'stanford-cars',
    'sun-rgbd',
    'sun397',
    'uav123',
    'voc-detection',
    'voc2012-aug',
)
"""A task for each data set; where a task reads several, the data sets share it."""


def test_no_declared_data_set_is_left_out() -> None:
    reached = {one.name for name in CELLS for one in serving(name, DECLARED)}
    assert reached == set(DECLARED)


def few(task: Task) -> Task:
    """Return a task in miniature that takes as many files and samples as it finds."""
    small = small_task(task.name)
    return replace(small, tree=dict.fromkeys(task.tree, 1), estimated=tuple(Role))


@pytest.mark.parametrize('name', CELLS)
def test_one_command_leads_from_the_archives_to_a_record(
    name: str,
    server: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    root, task = tmp_path / 'data', few(catalog.find_task(name))
    for module in (catalog, catalog_of_tasks, declared):
        monkeypatch.setattr(module, 'shipped_tasks', lambda: {name: task})
    local = {
        one.name: handed_out(one, server, tmp_path / 'made' / one.name, root)
        for one in serving(name, DECLARED)
    }
    for module in (declared, getting):
        monkeypatch.setattr(module, 'distributions', lambda: local)
    server.faults = [Fault('cut', 200)]
    recipe = {**RECIPE, 'options': dict(task.options)}
    (tmp_path / 'suite.py').write_text(
        f"suite = dict(name='own', title='Own', tasks=({name!r},), protocols=('finetune',), "
        "seeds=(0,), backbones=('timm:test_vit+random',), cost=dict(), "
        f"recipes={{'{name}/finetune': {recipe!r}}})"
    )
    places = ['--results', str(tmp_path / 'results'), '--work-dir', str(tmp_path / 'work')]
    run = ['run', '--suite', str(tmp_path / 'suite.py'), '--executor', 'inline', *places]
    assert main([*run, '--get', '--data-root', str(root)]) == 0, capsys.readouterr()
    (record,) = (tmp_path / 'results').rglob('*seed0*.json')
    content = json.loads(record.read_text())
    assert content['status'] == 'ok'
    asked = {place for _, place, _ in server.asked}
    assert asked == {
        f'{one.name}/{file.name}' for one in local.values() for file in one.files if file.addresses
    }
    server.asked.clear()
    assert main(['data', 'get', name, '--data-root', str(root)]) == 0, capsys.readouterr()
    assert not server.asked
