"""`check task`, `check data`, `plan` and `run` agree on what is possible, and say the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from benchmark.checking.drafting import write_task
from benchmark.cli.main import main
from benchmark.openmmlab import prepare
from tests.support import own_folders

prepare()


def _unknown_type(declared: str) -> str:
    return declared.replace('benchmark.ImageFolders', 'ImageFolder')


def _unknown_argument(declared: str) -> str:
    return declared.replace("data_prefix='train'", "data_prefix='train', labels='x'")


def _other_classes(declared: str) -> str:
    return declared.replace("'daisy'", "'rose'")


def _no_folder(declared: str) -> str:
    return declared.replace("data_prefix='test'", "data_prefix='tests'")


def _two_mistakes(declared: str) -> str:
    return declared.replace("metric='accuracy'", "metric='accurac'").replace(
        "kind='classification',", "kind='classification',\n    titel='x',"
    )


def _no_data(declared: str) -> str:
    return declared.replace("root='mine'", "root='elsewhere'")


def _plain(declared: str) -> str:
    return declared


CASES: dict[str, tuple[Callable[[str], str], str]] = {
    'right': (_plain, ''),
    'a type that nobody has': (_unknown_type, 'benchmark.ImageFolders'),
    'an argument that it does not take': (_unknown_argument, "no argument 'labels'"),
    'classes that have no folder': (_other_classes, 'rose'),
    'a folder that is not there': (_no_folder, 'tests'),
    'two mistakes': (_two_mistakes, 'titel'),
    'no data': (_no_data, 'elsewhere'),
}


@pytest.mark.parametrize(('change', 'said'), CASES.values(), ids=CASES)
def test_all_four_agree(
    change: Callable[[str], str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    own_folders.classes(tmp_path / 'data' / 'mine')
    path = tmp_path / 'my_task.py'
    write_task('classification', Path('data/mine'), data_root=Path('data'), out=path)
    path.write_text(change(path.read_text()).replace('(224, 224)', '(32, 32)'))
    (tmp_path / 'suite.py').write_text(
        "suite = dict(name='s', title='s', tasks=('my_task.py',), protocols=('knn',), seeds=(0,))"
    )
    request = ['--suite', 'suite.py', '--backbones', 'A=timm:test_vit+random', '--device', 'cpu']
    request += ['--executor', 'inline']
    found = {}
    for command in (['check', 'task', 'my_task.py'], ['check', 'data', 'my_task.py']):
        found[' '.join(command[:2])] = (main(command), *capsys.readouterr())
    for command in (['plan', *request], ['run', *request]):
        found[command[0]] = (main(command), *capsys.readouterr())
    wanted = 2 if said else 0
    # data that are absent do not make a declaration wrong
    allowed = {'check task': {0, 2}} if change is _no_data else {}
    for name, (code, out, err) in found.items():
        assert code in allowed.get(name, {wanted}), (name, out, err)
        assert said in out + err, (name, out, err)
    if change is _two_mistakes:
        assert all("'accurac'" in out + err for _, out, err in found.values())
