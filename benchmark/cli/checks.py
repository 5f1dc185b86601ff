"""Lines that tell whether a task is right and whether this environment is complete."""

from __future__ import annotations

import importlib.util
import platform
from pathlib import Path

from benchmark.catalog import find_task, shipped_tasks
from benchmark.cli.libraries import quiet_libraries
from benchmark.compiling import (
    CellInputs,
    data_request,
    library_versions,
    localise,
    procedure_of,
)
from benchmark.errors import DataError, EnvironmentProblem
from benchmark.kinds.base import DATA
from benchmark.openmmlab import keypoints_backend, ops_backend
from benchmark.planning.data import locate
from benchmark.protocols import protocols
from benchmark.specs import Architecture, Backbone, Features, Finding, Protocol, RunSpec, Task

MMPOSE = 'pip install --no-deps mmpose==1.3.2'
"""mmpose's own requirements do not install on a current Python; what it needs of them is there."""

TRACKEVAL = 'pip install --no-deps trackeval==1.3.0'
"""Its requirements ask for another numpy than OpenCV's; it runs on either."""

_NEEDED = (
    'torch',
    'torchvision',
    'timm',
    'mmengine',
    'mmcv',
    'mmpretrain',
    'mmdet',
    'mmsegmentation',
)
_ANY_NORMALISATION = ((127.5,) * 3, (127.5,) * 3)


def task_lines(name: str, data_root: Path) -> list[str]:
    """Return what was found about a task; it compiles for every protocol and architecture class.

    Raises:
        BenchmarkError: its declaration is wrong.
    """
    task = find_task(name)
    compiled = [
        _compile(task, features, protocol)
        for features in _STAND_INS
        for protocol in protocols(trivial=False)
        if protocol.suits(task)
    ]
    arguments = _arguments_line(task, data_root)
    return [
        f'ok      declaration: {task.name} ({task.kind}, version {task.version}), {task.path}',
        f'ok      classes: {len(task.classes)}, splits: '
        + ', '.join(f'{role} {count}' for role, count in task.splits.items()),
        f'ok      compiles: {len(compiled)} combinations of protocol and architecture class',
        arguments,
        _data_line(task, data_root),
    ]


def _arguments_line(task: Task, data_root: Path) -> str:
    """Return that the libraries know the task's data sets, or how to find out where they are.

    Raises:
        DeclarationError: they do not.
    """
    try:
        with quiet_libraries():
            from benchmark.checking.data import check_arguments

            check_arguments(task)
    except (ImportError, EnvironmentProblem) as error:
        reason = ' '.join(str(error).split())
        command = f'tbench check data {task.path} --data-root {data_root}'
        return f'open    data sets: not looked up ({reason}); next: {command}'
    return 'ok      data sets: known to the libraries, and so are their arguments'


def _stand_in(
    architecture: Architecture, channels: tuple[int, ...], strides: tuple[int, ...]
) -> Features:
    return Features(architecture, channels, strides, *_ANY_NORMALISATION, parameters=1, depth=12)


_STAND_INS = (
    _stand_in(Architecture.PLAIN_VIT, (192,), (16,)),
    _stand_in(Architecture.HIERARCHICAL, (96, 192, 384, 768), (4, 8, 16, 32)),
    _stand_in(Architecture.CONVNET, (96, 192, 384, 768), (4, 8, 16, 32)),
)


def _compile(task: Task, features: Features, protocol: Protocol) -> object:
    backbone = Backbone(id='stand-in', source='timm:stand-in', is_random=True)
    spec = RunSpec(task.name, backbone.id, protocol.name, 0)
    cell = CellInputs(spec, backbone, features, task, protocol)
    _, procedure = procedure_of(cell)
    return procedure.compile and procedure.compile(cell, {})


def _data_line(task: Task, data_root: Path) -> str:
    if task.source.provider:
        return f'ok      data: made by the project ({task.source.provider}) on first use'
    try:
        return f'ok      data: {locate(task, data_root)}'
    except DataError as error:
        return f'absent  data: {error}'


def data_findings(name: str, data_root: Path) -> list[Finding]:
    """Return what a short look at a task's data finds wrong or odd; nothing where they are absent.

    Raises:
        BenchmarkError: the declaration is wrong.
    """
    task = find_task(name)
    try:
        folder = locate(task, data_root)
    except DataError:
        return []
    if task.source.provider:
        return []
    try:
        with quiet_libraries():
            from benchmark.execution.looking import quick_findings

            return quick_findings(localise(data_request(task), {DATA: str(folder)}))
    except (ImportError, EnvironmentProblem):
        return []  # that the libraries are absent is a line of its own


def doctor_lines() -> tuple[list[str], bool]:
    """Return lines about this environment, and whether everything needed is there."""
    versions = library_versions()
    missing = [name for name in _NEEDED if name not in versions]
    lines = [f'python        {platform.python_version()}']
    lines += [f'{name:<13} {version}' for name, version in versions.items()]
    lines += [f'{name:<13} MISSING: `pip install .` in a clone' for name in missing]
    if importlib.util.find_spec('mmpose') is None:
        lines.append(f'mmpose        not installed (pose tasks need it): {MMPOSE}')
    if importlib.util.find_spec('trackeval') is None:
        lines.append(f'trackeval     not installed (mot tasks need it): {TRACKEVAL}')
    if not missing:
        lines += [
            f'device        {_device()}',
            f'mmcv ops      {_OPS[ops_backend()]}',
            f'key points    {keypoints_backend()}',
        ]
    lines.append(f'tasks         {len(shipped_tasks())} declared')
    return lines, not missing


_OPS = {
    'compiled': "mmcv's compiled operators",
    'torch': 'substitute on torchvision and torch (no compiled operators installed)',
}


def _device() -> str:
    import torch

    if torch.cuda.is_available():
        return f'{torch.cuda.device_count()} x {torch.cuda.get_device_name()}'
    return 'cpu (no GPU visible)'
