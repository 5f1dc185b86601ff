"""Published numbers made up for tests."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from benchmark.kinds import load_kind
from benchmark.report.literature import Publication, Published
from benchmark.report.literature.reading import published_metric

PAPER = Publication('paper-a', 'A paper', 'arXiv 0000.00000', 'paper', 2031)
OTHER = Publication('paper-b', 'Another paper', 'arXiv 0000.00001', 'paper', 2032)

_ROW = Published(
    kind='detection',
    source=PAPER,
    place='Table 1',
    data_set='COCO',
    split='val2017',
    protocol='finetune',
    backbone='ViT-B/16',
    architecture='plain-vit',
    pretraining='MAE',
    family='mim',
    labels=False,
    teacher='',
    pretraining_data='ImageNet-1K',
    head='Mask R-CNN',
    recipe='1x schedule',
    metric=published_metric('detection', 'box_AP', 'percent'),
    value=50.0,
    status='read',
    same_as='',
    note='',
)


def row(value: float = 50.0, **changes: Any) -> Published:
    return replace(_ROW, value=value, **changes)


def supervised(value: float = 48.0, **changes: Any) -> Published:
    return row(value, pretraining='supervised', family='supervised', labels=True, **changes)


def depth(value: float, **changes: Any) -> Published:
    metric = load_kind('depth').metrics['rmse']
    values = {'kind': 'depth', 'data_set': 'NYUv2', 'split': 'test', 'metric': metric, **changes}
    return row(value, **values)
