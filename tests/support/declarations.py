"""Declaration files that are right but for what a test changes."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ABSENT = '<absent>'
"""As a changed value: leave the key out."""

_TASK: dict[str, Any] = {
    'name': 'small',
    'kind': 'segmentation',
    'version': 1,
    'title': 'A small task',
    'group': 'semantic',
    'input_size': (64, 96),
    'classes': ('sky', 'ground', 'creature'),
    'splits': {'train': 8, 'val': 4, 'test': 6},
    'metric': 'mIoU',
    'metrics': ('mAcc',),
    'budget': {'iterations': 100, 'batch_size': 4},
    'citation': 'nobody, nowhere',
    'licence': 'CC0-1.0',
    'origin': 'https://example.org/small',
}
_DATA: dict[str, Any] = {
    'root': 'small',
    'type': 'mmseg.BaseSegDataset',
    'data_prefix': {'img_path': 'images', 'seg_map_path': 'labels'},
    'train': {'ann_file': 'train.txt'},
    'val': {'ann_file': 'val.txt'},
    'test': {'ann_file': 'test.txt'},
}
_SUITE: dict[str, Any] = {
    'name': 'tiny',
    'title': 'A tiny suite',
    'tasks': ('small.py',),
    'protocols': ('finetune',),
    'seeds': (0,),
    'backbones': ('timm:test_vit+random',),
}
_BACKBONE: dict[str, Any] = {'name': 'mine', 'source': 'timm:test_vit'}


def _changed(values: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**copy.deepcopy(dict(values)), **changes}
    return {key: value for key, value in merged.items() if value is not ABSENT}


class Declarations:
    """Writes declaration files that are right but for what a test changes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def text(self, text: str, name: str = 'declared.py') -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding='utf-8')
        return path

    def task(self, data: Mapping[str, Any] | None = None, /, **changes: Any) -> Path:
        task, data = _changed(_TASK, changes), _changed(_DATA, data or {})
        return self.text(f'task = {task!r}\ndata = {data!r}\n', f'{task.get("name", "small")}.py')

    def suite(self, **changes: Any) -> Path:
        return self.text(f'suite = {_changed(_SUITE, changes)!r}\n', 'suite.py')

    def backbone(self, **changes: Any) -> Path:
        backbone = _changed(_BACKBONE, changes)
        return self.text(f'backbone = {backbone!r}\n', f'{backbone.get("name", "mine")}.py')
