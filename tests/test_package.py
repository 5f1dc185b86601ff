"""What a built wheel holds, and that it works without the source tree."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TYPES = {'.py', '.css', '.js', '.j2'}

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec('hatchling') is None,
    reason='hatchling, which builds, is not installed',
)


@pytest.fixture(scope='module')
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp('wheel')
    command = [sys.executable, '-m', 'hatchling', 'build', '-t', 'wheel', '-d', str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    (path,) = folder.glob('*.whl')
    return path


@pytest.fixture(scope='module')
def unpacked(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp('unpacked')
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def files_of(folder: Path) -> set[str]:
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob('*')
        if path.suffix in TYPES and '__pycache__' not in path.parts
    }


def test_wheel_holds_the_package_and_all_declarations(unpacked: Path) -> None:
    tasks = {f'task_configs/{name}' for name in files_of(ROOT / 'task_configs')}
    assert tasks
    assert (unpacked / 'transferbench' / 'py.typed').is_file()
    assert files_of(unpacked / 'transferbench') == files_of(ROOT / 'transferbench')
    assert files_of(unpacked / 'benchmark') == files_of(ROOT / 'benchmark') | tasks
    held = files_of(unpacked / 'benchmark')
    assert any(name.startswith('suites/') for name in held)
    assert {'report/page/page.html.j2', 'report/page/style.css', 'report/page/main.js'} <= held


def test_wheel_holds_nothing_else(unpacked: Path) -> None:
    top = {path.name for path in unpacked.iterdir()}
    (info,) = (name for name in top if name.endswith('.dist-info'))
    assert top == {'benchmark', 'transferbench', info}
    assert not [path for path in unpacked.rglob('*') if path.name.startswith('test_')]
    assert (unpacked / info / 'licenses' / 'LICENSE').is_file()
    assert (
        'tbench = transferbench.__main__:main' in (unpacked / info / 'entry_points.txt').read_text()
    )


@pytest.mark.parametrize(
    ('what', 'expected'), [('tasks', 'world-segmentation'), ('suites', 'quick')]
)
def test_unpacked_wheel_lists_what_it_brings(
    what: str, expected: str, unpacked: Path, tmp_path: Path
) -> None:
    environment = {**os.environ, 'PYTHONPATH': str(unpacked)}
    answer = subprocess.run(
        [sys.executable, '-m', 'benchmark', 'list', what],
        cwd=tmp_path,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    assert expected in answer.stdout
    assert not list(tmp_path.iterdir())
