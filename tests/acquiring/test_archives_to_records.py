"""Every declared data set: from its archives to a finished cell by one command.

What has addresses comes from a server on this machine, what only a person can fetch lies in the
folder of downloads. The cells are as small as they can be: two iterations of a narrow network.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmark import catalog
from benchmark.acquiring import declared, getting
from benchmark.acquiring.declared import distributions, serving
from benchmark.catalog import suites as catalog_of_suites
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

PROBES = ('knn', 'linear')
PROBED = ('classification', 'segmentation', 'depth')
"""The kinds of tasks that a probe reads off features."""


def test_no_declared_data_set_is_left_out() -> None:
    reached = {one.name for name in CELLS for one in serving(name, DECLARED)}
    assert reached == set(DECLARED)


def few(task: Task) -> Task:
    """Return a task in miniature that takes as many files and samples as it finds."""
    small = small_task(task.name)
    return replace(small, tree=dict.fromkeys(task.tree, 1), estimated=tuple(Role))


def offered(
    names: Sequence[str], server: Server, folder: Path, patch: pytest.MonkeyPatch
) -> dict[str, Task]:
    """Let the tasks be small and their data sets come from the server; return the tasks."""
    tasks = {name: few(catalog.find_task(name)) for name in names}
    wanted = {one.name: one for name in names for one in serving(name, DECLARED)}
    local = {
        one.name: handed_out(one, server, folder / 'made' / one.name, folder / 'data')
        for one in wanted.values()
    }
    for module in (catalog, catalog_of_tasks, declared):
        patch.setattr(module, 'shipped_tasks', lambda: tasks)
    for module in (declared, getting):
        patch.setattr(module, 'distributions', lambda: local)
    return tasks


def command(folder: Path, suite: str) -> list[str]:
    """Return the one command."""
    places = {'--results': 'results', '--work-dir': 'work', '--data-root': 'data'}
    folders = [part for flag, name in places.items() for part in (flag, str(folder / name))]
    return ['run', '--suite', suite, '--get', '--executor', 'inline', '--device', 'cpu', *folders]


def changes(protocol: str, task: Task) -> dict[str, Any]:
    """Return what makes a recipe short enough, and able to learn from two training pictures."""
    if protocol in {'frozen', 'finetune'}:
        return {**RECIPE, 'options': dict(task.options)}
    half = {'held_out': 0.5}
    return half if protocol == 'knn' else {**half, 'iterations': 2, 'batch_size': 2}


def records(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in (folder / 'results').rglob('*seed0*.json')]


@pytest.mark.parametrize('name', CELLS)
def test_one_command_leads_from_the_archives_to_a_record(
    name: str,
    server: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    task = offered([name], server, tmp_path, monkeypatch)[name]
    server.faults = [Fault('cut', 200)]
    recipe = {**RECIPE, 'options': dict(task.options)}
    suite = tmp_path / 'suite.py'
    suite.write_text(
        f"suite = dict(name='own', title='Own', tasks=({name!r},), protocols=('finetune',), "
        "seeds=(0,), backbones=('timm:test_vit+random',), cost=dict(), "
        f"recipes={{'{name}/finetune': {recipe!r}}})"
    )
    assert main(command(tmp_path, str(suite))) == 0, capsys.readouterr()
    (record,) = records(tmp_path)
    assert record['status'] == 'ok'
    served = {
        f'{one.name}/{file.name}'
        for one in declared.distributions().values()
        for file in one.files
        if file.addresses
    }
    assert {place for _, place, _ in server.asked} == served
    server.asked.clear()
    assert main(['data', 'get', name, '--data-root', str(tmp_path / 'data')]) == 0
    assert not server.asked


@pytest.mark.parametrize('suite', ['starter', 'thousand'])
def test_the_suites_of_first_real_pictures_run_by_one_command(
    suite: str,
    server: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shipped = catalog.find_suite(suite)
    tasks = offered(shipped.tasks, server, tmp_path, monkeypatch)
    recipes = {
        f'{name}/{protocol}': changes(protocol, task)
        for name, task in tasks.items()
        for protocol in shipped.protocols
        if protocol != 'trivial'
    }
    small = replace(shipped, recipes=recipes)
    monkeypatch.setattr(catalog_of_suites, 'shipped_suites', lambda: {suite: small})
    monkeypatch.setattr(declared, 'shipped_suites', lambda: {suite: small})
    asked = ['--backbones', 'timm:test_vit+random', '--seeds', '0']
    assert main([*command(tmp_path, suite), *asked]) == 0, capsys.readouterr()
    done = records(tmp_path)
    assert {record['status'] for record in done} == {'ok'}
    ran = {(record['spec']['task'], record['spec']['protocol']) for record in done}
    assert ran == {
        (name, protocol)
        for name, task in tasks.items()
        for protocol in shipped.protocols
        if protocol not in PROBES or task.kind in PROBED
    }
