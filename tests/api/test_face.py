"""What `import transferbench` gives, loads and refuses."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import transferbench as tb

ROOT = Path(__file__).parent.parent.parent
HEAVY = ('torch', 'numpy', 'pandas', 'mmengine', 'matplotlib', 'benchmark.api')


def python(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, 'PYTHONPATH': str(ROOT)}
    environment.pop('PYTHONSAFEPATH', None)
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True
    )


def test_importing_it_loads_no_library(tmp_path: Path) -> None:
    program = f'import sys, transferbench; print([m for m in {HEAVY} if m in sys.modules])'
    assert python('-c', program, folder=tmp_path).stdout == '[]\n'


def test_listing_loads_no_library(tmp_path: Path) -> None:
    program = (
        'import sys, transferbench as tb; tb.list_tasks(); tb.get_suite("quick"); '
        'tb.get_backbone("timm:resnet18"); tb.list_protocols(); tb.LocalExecutor(1, "cpu"); '
        f'print([m for m in {HEAVY[:-1]} if m in sys.modules])'
    )
    assert python('-c', program, folder=tmp_path).stdout == '[]\n'


def test_every_public_name_is_there_and_described() -> None:
    assert dir(tb) == sorted(tb.__all__)
    for name in tb.__all__:
        assert getattr(tb, name).__doc__, name
    with pytest.raises(AttributeError, match="no attribute 'evalute'"):
        tb.evalute  # noqa: B018


def test_the_package_says_that_it_is_typed() -> None:
    assert (ROOT / 'transferbench' / 'py.typed').is_file()


@pytest.mark.parametrize('foreign', ['benchmark.py', 'benchmark/__init__.py'])
@pytest.mark.parametrize('start', [('-c', 'import transferbench'), ('-m', 'transferbench')])
def test_a_foreign_module_of_our_name_is_found_out(
    foreign: str, start: tuple[str, str], tmp_path: Path
) -> None:
    path = tmp_path / foreign
    path.parent.mkdir(exist_ok=True)
    path.write_text('raise SystemExit("the foreign one ran")\n')
    done = python(*start, folder=tmp_path)
    assert done.returncode != 0
    last = done.stderr.splitlines()[-1]
    assert f'{path.resolve()} stands before the package benchmark of transferbench' in last
    assert 'rename it' in last
    assert 'foreign one ran' not in done.stderr
    if start[0] == '-m':
        assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)


def test_a_folder_of_our_name_without_code_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / 'benchmark').mkdir()
    done = python('-m', 'transferbench', '--version', folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, '')


def test_processes_of_a_training_do_not_see_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """torchrun's processes import our package where a foreign one lies in the way."""
    from benchmark.execution.torchrun import launch

    (tmp_path / 'benchmark.py').write_text('raise SystemExit("the foreign one ran")\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('OMP_NUM_THREADS', '1')
    found = launch({'job': 'no-such-job', 'folder': str(tmp_path)}, 1)
    assert found['error'].startswith("unknown procedure 'no-such-job'")


class Flat(nn.Module):
    """Returns no map."""

    def forward(self, images: Tensor) -> Tensor:
        return images.mean((2, 3))


class FixedSize(nn.Module):
    """Takes pictures of 224 px alone."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 16, 16)
        self.place = nn.Parameter(torch.zeros(1, 8, 14, 14))

    def forward(self, images: Tensor) -> Tensor:
        found: Tensor = self.stem(images) + self.place
        return found


class Frozen(nn.Module):
    """Has no parameter that learns."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 16, 16).requires_grad_(False)

    def forward(self, images: Tensor) -> Tensor:
        found: Tensor = self.stem(images)
        return found


def test_a_check_says_what_a_module_serves() -> None:
    found = tb.check(nn.Sequential(nn.Conv2d(3, 8, 16, 16)))
    assert found.is_ok
    assert found.served == (
        'classification', 'detection', 'segmentation', 'depth', 'pose', 'tracking', 'mot'
    )  # fmt: skip
    assert 'serves  depth: maps of' in repr(found)


def test_a_check_says_why_a_kind_is_not_served(monkeypatch: pytest.MonkeyPatch) -> None:
    tasks = [tb.get_task('world-depth'), tb.get_task('mot17')]
    monkeypatch.setattr('benchmark.checking.serving._representatives', lambda: tasks)
    found = tb.check(FixedSize())
    reasons = {kind.what: kind.detail for kind in found.kinds if not kind.is_ok}
    assert '1088x1088' in reasons['mot']
    assert 'depth' not in reasons
    assert 'mot' not in found.served


def test_a_check_says_what_breaks_the_contract() -> None:
    with pytest.raises(tb.IncompatibleError, match=r'forward returned a tensor of shape \(1, 3\)'):
        tb.check(Flat())
    found = tb.check(Frozen())
    assert not found.is_ok
    assert found.served == ()
    assert 'BROKEN  gradients' in repr(found)
