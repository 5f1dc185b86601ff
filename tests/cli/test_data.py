"""``tbench data``: what a person types, and what they read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmark import catalog
from benchmark.acquiring import declared, getting
from benchmark.acquiring.declared import Distribution
from benchmark.catalog import find_task
from benchmark.cli.main import main
from tests.support.fakes.copies import COPIES
from tests.support.faulty_server import Fault, Server, serving
from tests.support.releases import handed_out, in_miniature

SHIPPED = declared.distributions()


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv('TBENCH_DATA', str(tmp_path / 'data'))
    return tmp_path / 'data'


def offer(server: Server, folder: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let flowers102 come from the server, and cityscapes from the folder of downloads."""
    local: dict[str, Distribution] = {
        name: handed_out(SHIPPED[name], server, folder / name, folder / 'hidden')
        for name in ('flowers102', 'cityscapes')
    }
    for module in (declared, getting):
        monkeypatch.setattr(module, 'distributions', lambda: local)


def test_get_goes_on_with_the_others_where_one_waits_for_a_person(
    root: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with serving() as server:
        offer(server, tmp_path, root, monkeypatch)
        server.faults = [Fault('cut', 700)]
        assert main(['data', 'get', 'cityscapes', 'flowers102']) == 1
        shown = capsys.readouterr()
        assert 'open    cityscapes: register with an academic address' in shown.err
        assert 'ok      102flowers.tgz: 6 files' in shown.out
        assert len(list((root / 'flowers102/jpg').iterdir())) == 6
        (root / 'downloads').mkdir(exist_ok=True)
        (tmp_path / 'hidden/downloads/cityscapes').replace(root / 'downloads/cityscapes')
        server.asked.clear()
        assert main(['data', 'get', 'cityscapes', 'flowers102']) == 1
        assert not server.asked
        lacking = capsys.readouterr().err.splitlines()  # fakes are smaller than the declared sets
        assert 'open    flowers102: jpg/*.jpg: 6 of 8,189 files' in lacking
        assert not any('register' in line for line in lacking)
        few = in_miniature(find_task('flowers102'), root / 'flowers102')
        monkeypatch.setattr(catalog, 'shipped_tasks', lambda: {'flowers102': few})
        assert main(['data', 'get', 'flowers102']) == 0
        assert 'ok      flowers102: all files; next: tbench' in capsys.readouterr().out
        assert main(['data', 'probe', 'flowers102']) == 0
        server.always['flowers102/setid.mat'] = Fault('gone')
        assert main(['data', 'probe', 'flowers102']) == 1
        assert 'dead  flowers102: setid.mat: http' in capsys.readouterr().out


def test_a_plan_tells_bytes_time_licence_and_gate(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(['data', 'plan', 'coco-pose', 'dtd', '--json', '--speed', '100']) == 0
    items = {item['name']: item for item in json.loads(capsys.readouterr().out)}
    assert set(items) == {'coco', 'coco-person-boxes', 'dtd'}
    assert items['coco']['bytes_to_fetch'] == 19336861798 + 815585330 + 252907541
    assert items['coco']['seconds'] == 204
    assert items['coco-person-boxes']['state'] == 'by hand'
    assert items['coco-person-boxes']['files_of_unknown_size'] == 1
    assert main(['data', 'plan', 'dtd']) == 0
    assert 'absent   dtd                    0.63 GB' in capsys.readouterr().out
    assert not root.exists()


def test_all_are_listed_and_unknown_names_refused(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(['data', 'list', '--json']) == 0
    assert len(json.loads(capsys.readouterr().out)) == len(SHIPPED)
    assert main(['data', 'get', 'dtt']) == 2
    assert "unknown data set, task or suite 'dtt'" in capsys.readouterr().err


def test_a_link_is_found_checked_and_removed(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    COPIES['dtd'](tmp_path / 'cluster')
    assert main(['data', 'link', 'dtd', str(tmp_path / 'cluster')]) == 0
    assert main(['data', 'plan', 'dtd']) == 0
    assert 'linked   dtd' in capsys.readouterr().out
    assert main(['data', 'check', 'dtd']) == 2  # a fake has fewer pictures than are declared
    assert 'files images/*/*.jpg: 6 of 5640' in capsys.readouterr().out
    assert main(['data', 'remove', 'dtd', '--data']) == 0
    assert not (root / 'dtd').is_symlink()
    assert (tmp_path / 'cluster/imdb/imdb.mat').is_file()


_TINY = """
task = dict(
    name='flowers102', kind='classification', version=1, title='Flowers', group='fine-grained',
    input_size=(32, 32), classes=102, splits=dict(train=3, val=2, test=2), metric='accuracy',
    citation='none', licence='none', origin='drawn',
)
data = dict(
    root='flowers102', type='mmpretrain.Flowers102', test_mode=None,
    tree={'imagelabels.mat': 1, 'setid.mat': 1, 'jpg/*.jpg': 6},
    train=dict(split='trainval', chosen=3), val=dict(held_out=2), test=dict(split='test'),
)
"""


def test_one_command_leads_from_the_archives_to_a_record(
    root: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / 'tiny.py').write_text(_TINY)
    suite = tmp_path / 'suite.py'
    suite.write_text(
        "suite = dict(name='own', title='Own', tasks=('tiny.py',), "
        "protocols=('finetune',), seeds=(0,), backbones=('timm:test_vit+random',), cost=dict(), "
        "recipes={'flowers102/finetune': dict(iterations=2, batch_size=2)})"
    )
    places = ['--results', str(tmp_path / 'results'), '--work-dir', str(tmp_path / 'work')]
    run = ['run', '--suite', str(suite), '--device', 'cpu', '--jobs', '1', *places]
    with serving() as server:
        offer(server, tmp_path, root, monkeypatch)
        assert main([*run, '--get', '--data-root', str(root)]) == 0, capsys.readouterr()
        assert server.asked
        assert 'ok      102flowers.tgz: 6 files' in capsys.readouterr().out
    assert len(list((tmp_path / 'results').rglob('*seed0*.json'))) == 1
