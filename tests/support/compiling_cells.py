"""Cells to compile: one small task per kind, and features of each architecture class."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmark.catalog import read_task
from benchmark.compiling import CellInputs
from benchmark.protocols import load_protocol
from benchmark.specs import Architecture, Backbone, Declared, Features, RunSpec, Task

HERE = Path(__file__).parent.parent / 'compiling'
GOLDEN = HERE / 'golden'
SAMPLES = {path.stem: path for path in sorted((HERE / 'tasks').glob('*.py'))}

_MEAN, _STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
_PYRAMID = ((96, 192, 384, 768), (4, 8, 16, 32), _MEAN, _STD)
FEATURES = {
    features.architecture.value: features
    for features in (
        Features(Architecture.PLAIN_VIT, (192,), (16,), _MEAN, _STD, 5_500_000, 12),
        Features(Architecture.HIERARCHICAL, *_PYRAMID, 27_500_000, 12),
        Features(Architecture.CONVNET, *_PYRAMID, 27_800_000, 12),
    )
}

PRETRAINED = Backbone(
    id='mine@w.pth',
    source='timm:some_net',
    checkpoint=Path('/somewhere/w.pth'),
    options={'img_size': 224},
    may_miss={'head.*': 'no classifier'},
)


def cell(
    task: Task | str = 'segmentation',
    architecture: str = 'plain-vit',
    protocol: str = 'finetune',
    *changes: Declared,
    backbone: Backbone = PRETRAINED,
    seed: int = 7,
) -> CellInputs:
    found = read_task(SAMPLES[task]) if isinstance(task, str) else task
    spec = RunSpec(found.name, backbone.id, protocol, seed)
    return CellInputs(
        spec, backbone, FEATURES[architecture], found, load_protocol(protocol), changes
    )


def strings(value: Any) -> list[str]:
    """Return all strings inside ``value``, keys included."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for pair in value.items() for item in pair for text in strings(item)]
    if isinstance(value, list | tuple):
        return [text for item in value for text in strings(item)]
    return []
