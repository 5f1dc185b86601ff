"""Choice and installation of backends."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch

from benchmark.errors import EnvironmentProblem
from benchmark.openmmlab import environment, keypoints_backend, ops_backend, prepare
from benchmark.openmmlab.ops import MODULE, TorchExtension, install


@pytest.fixture
def fake_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the only folder from which packages can be imported, with none loaded."""
    for name in [name for name in sys.modules if name.split('.')[0] in ('mmcv', 'xtcocotools')]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def write_module(folder: Path, name: str, source: str = '') -> None:
    """Write the module ``name`` and empty packages around it."""
    *packages, module = name.split('.')
    for package in packages:
        folder = folder / package
        folder.mkdir(exist_ok=True)
        (folder / '__init__.py').touch()
    (folder / f'{module}.py').write_text(source)
    importlib.invalidate_caches()


def test_second_call_changes_nothing() -> None:
    first = prepare()
    extension, mask = sys.modules[MODULE], sys.modules['xtcocotools.mask']
    assert prepare() == first
    assert sys.modules[MODULE] is extension
    assert sys.modules['xtcocotools.mask'] is mask


def test_announced_backends_stay_the_same_after_preparation() -> None:
    program = (
        'import sys; from benchmark.openmmlab import keypoints_backend, ops_backend, prepare;'
        'before = ops_backend(), keypoints_backend(); backends = prepare();'
        'after = ops_backend(), keypoints_backend();'
        'sys.exit(len({before, after, (backends.ops, backends.keypoints)}) != 1)'
    )
    assert subprocess.run([sys.executable, '-c', program], check=False).returncode == 0


def test_looking_at_backends_imports_none_of_them() -> None:
    program = (
        'import sys; from benchmark.openmmlab import ops_backend, keypoints_backend;'
        'ops_backend(); keypoints_backend();'
        "sys.exit(bool({'torch', 'mmcv', 'mmengine', 'numpy', 'pycocotools'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, '-c', program], check=False).returncode == 0


def test_compiled_operators_are_used_untouched(fake_packages: Path) -> None:
    write_module(fake_packages, 'mmcv._ext', 'nms = "compiled"')
    assert ops_backend() == 'compiled'
    assert environment._prepare_ops() == ('compiled', None)
    assert sys.modules[MODULE].nms == 'compiled'
    install()
    assert sys.modules[MODULE].nms == 'compiled'


def test_broken_compiled_operators_are_replaced_and_named(fake_packages: Path) -> None:
    write_module(fake_packages, 'mmcv._ext', 'raise ImportError("undefined symbol:\\n _ZN5torch")')
    backend, note = environment._prepare_ops()
    assert backend == 'torch'
    assert note == ('mmcv._ext is installed but cannot be imported: undefined symbol: _ZN5torch')
    assert isinstance(sys.modules[MODULE], TorchExtension)


def test_working_xtcocotools_is_used_untouched(fake_packages: Path) -> None:
    write_module(fake_packages, 'xtcocotools.mask', 'origin = "real"')
    assert keypoints_backend() == 'xtcocotools'
    assert environment._prepare_keypoints() == ('xtcocotools', None)
    assert sys.modules['xtcocotools.mask'].origin == 'real'


def test_broken_xtcocotools_is_replaced_and_named(fake_packages: Path) -> None:
    pytest.importorskip('pycocotools')
    write_module(fake_packages, 'xtcocotools.mask', 'raise ValueError("numpy.dtype size changed")')
    backend, note = environment._prepare_keypoints()
    assert backend == 'pycocotools'
    assert 'numpy.dtype size changed' in note
    assert sys.modules['xtcocotools.mask'] is sys.modules['pycocotools.mask']


def test_absent_mmcv_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, 'find_spec', lambda name: None)
    with pytest.raises(EnvironmentProblem, match='pip install onedl-mmcv'):
        ops_backend()
    with pytest.raises(EnvironmentProblem, match='pip install pycocotools'):
        keypoints_backend()


@pytest.mark.skipif(prepare().ops == 'compiled', reason='mmcv is compiled here')
def test_operator_without_substitute_is_named_when_called(ops: ModuleType) -> None:
    features, masks = torch.ones(1, 4, 4, 4), torch.ones(1, 25, 8, 8)
    with pytest.raises(EnvironmentProblem, match=r"'carafe_forward'.*MMCV_WITH_OPS=1"):
        ops.carafe(features, masks, 5, 1, 2)


@pytest.mark.skipif(prepare().ops == 'compiled', reason='mmcv is compiled here')
def test_substitute_looks_like_a_module(ops: ModuleType) -> None:
    assert 'torchvision' in ops.get_compiler_version()
    assert 'torchvision' in ops.get_compiling_cuda_version()
    assert not hasattr(sys.modules[MODULE], '__wrapped__')


def test_modules_that_mmpose_imports_are_there() -> None:
    prepare()
    from xtcocotools import mask
    from xtcocotools.coco import COCO
    from xtcocotools.cocoeval import COCOeval

    assert callable(mask.frPyObjects)
    assert hasattr(COCO, 'loadRes')
    assert hasattr(COCOeval, 'summarize')


@pytest.mark.parametrize(
    'name', ['os.system', 'mmengine.mkdir_or_exist', 'mmseg.Nothing', 'evil_module', 'collections']
)
def test_what_no_registry_holds_is_unknown_and_not_imported(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / 'evil_module.py').write_text('raise SystemExit("imported")')
    monkeypatch.syspath_prepend(str(tmp_path))
    prepare()
    from mmengine.registry import DATASETS

    with pytest.raises(KeyError, match='is not in the'):
        DATASETS.build({'type': name})
