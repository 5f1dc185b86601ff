"""`check task`, `check data`, `plan` and `run` agree on what is possible, and say the same."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

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


class Awkward(NamedTuple):
    """A request at the edge of what is possible, and what all four commands say of it.

    ``said`` is empty where it can be run.
    """

    layout: str
    protocol: str
    change: Callable[[str, Path], str]
    said: str
    # the declaration is right, what is asked of it is not
    of_request: bool = False


def _lasting(text: str) -> Callable[[str, Path], str]:
    """Return a change of the budget."""
    return lambda declared, data: re.sub(r'budget=dict\([^)]*\)', f'budget=dict({text})', declared)


def _one_class(declared: str, data: Path) -> str:
    for role in ('train', 'val', 'test'):
        shutil.rmtree(data / role / 'tulip')
    halved = re.sub(r'splits=dict\([^)]*\)', 'splits=dict(train=6, val=3, test=4)', declared)
    return halved.replace("classes=('daisy', 'tulip')", "classes=('daisy',)")


def _no_test(declared: str, data: Path) -> str:
    for path in (data / 'test').rglob('*.jpg'):
        path.unlink()
    return declared


def _odd_size(declared: str, data: Path) -> str:
    return re.sub(r'input_size=\(32, 32\)', 'input_size=(37, 41)', declared)


def _outlines_wanted(declared: str, data: Path) -> str:
    for path in (data / 'annotations').glob('*.json'):
        content = json.loads(path.read_text())
        for one in content['annotations']:
            one.pop('segmentation', None)
        path.write_text(json.dumps(content))
    return declared.replace('masks=False', 'masks=True')


def _one_frame(declared: str, data: Path) -> str:
    for film in (data / 'test').glob('film-*'):
        for path in sorted(film.glob('*.jpg'))[1:]:
            path.unlink()
        boxes = film / 'groundtruth.txt'
        boxes.write_text(boxes.read_text().splitlines()[0] + '\n')
    return declared


def _as_drafted(declared: str, data: Path) -> str:
    return declared


AWKWARD = {
    'a budget of no length': Awkward(
        'classes', 'frozen', _lasting('iterations=0, batch_size=4'), "budget['iterations'] is 0"
    ),
    'a budget without a length': Awkward('classes', 'knn', _lasting('batch_size=4'), ''),
    'a batch larger than the training split': Awkward(
        'classes', 'frozen', _lasting('iterations=1, batch_size=64'), ''
    ),
    'a single class': Awkward('classes', 'knn', _one_class, 'at least two'),
    'an empty test split': Awkward('classes', 'knn', _no_test, 'no picture to read'),
    'a size that no patch divides': Awkward('classes', 'knn', _odd_size, ''),
    'a probe that the kind does not have': Awkward(
        'boxes', 'knn', _as_drafted, "protocol 'knn' is for classification", of_request=True
    ),
    'masks that the files do not have': Awkward('boxes', 'frozen', _outlines_wanted, 'no mask'),
    'films of a single frame': Awkward(
        'films', 'frozen', _one_frame, 'no film shows its target after frame 1'
    ),
}


@pytest.mark.parametrize('case', AWKWARD.values(), ids=AWKWARD)
def test_all_four_agree_on_awkward_requests(
    case: Awkward,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    layout, path = own_folders.LAYOUTS[case.layout], tmp_path / 'my_task.py'
    layout.write(tmp_path / 'data' / 'mine')
    write_task(layout.kind, Path('data/mine'), data_root=Path('data'), out=path, small=True)
    declared = re.sub(r'input_size=\(\d+, \d+\)', 'input_size=(32, 32)', path.read_text())
    path.write_text(case.change(declared, tmp_path / 'data' / 'mine'))
    (tmp_path / 'suite.py').write_text(
        "suite = dict(name='s', title='s', tasks=('my_task.py',), "
        f'protocols=({case.protocol!r},), seeds=(0,))'
    )
    request = ['--suite', 'suite.py', '--backbones', 'A=timm:test_vit+random', '--device', 'cpu']
    request += ['--executor', 'inline']
    for command in (
        ['check', 'task', 'my_task.py'],
        ['check', 'data', 'my_task.py'],
        ['plan', *request],
        ['run', *request],
    ):
        code, (out, err) = main(command), capsys.readouterr()
        is_wrong = bool(case.said) and not (case.of_request and command[0] == 'check')
        # other numbers of samples than declared are an error of `check data` alone
        assert code == (2 if is_wrong else 0), (command, out, err)
        assert not is_wrong or case.said in out + err, (command, out, err)
