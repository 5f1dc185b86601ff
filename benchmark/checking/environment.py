"""Checks whether everything that the benchmark needs is installed."""

from __future__ import annotations

import importlib.util
import platform

from benchmark.catalog import shipped_tasks
from benchmark.compiling import library_versions
from benchmark.openmmlab import keypoints_backend, ops_backend

MMPOSE = 'pip install --no-deps mmpose==1.3.2'
"""Command to install mmpose without its requirements, which fail on a current Python."""

TRACKEVAL = 'pip install --no-deps trackeval==1.3.0'
"""Command to install TrackEval without its requirements, which conflict with OpenCV's numpy."""

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
