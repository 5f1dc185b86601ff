"""Tiny pretraining requests over pictures that a test makes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmark.models.inspection import inspect_backbone
from benchmark.pretraining import Pretrain
from benchmark.specs import Backbone

SIZE = 64
VIT = Backbone(
    id='vit',
    source='timm:vit_tiny_patch16_224',
    is_random=True,
    options={'img_size': SIZE, 'embed_dim': 16, 'depth': 3, 'num_heads': 2},
)
SWIN = Backbone(
    id='swin',
    source='timm:swin_tiny_patch4_window7_224',
    is_random=True,
    options={
        'img_size': SIZE,
        'window_size': 4,
        'embed_dim': 8,
        'depths': (1, 1, 1, 1),
        'num_heads': (1, 1, 2, 2),
    },
)


def write_pictures(folder: Path, count: int = 8) -> None:
    """Write noisy pictures and a table of labels: the left half is bright in class ``b``."""
    rng = np.random.default_rng(0)
    rows = ['file,kind']
    for index in range(count):
        picture = rng.integers(0, 128, (SIZE, SIZE, 3), dtype=np.uint8)
        picture[:, : SIZE // 2] += np.uint8(100 * (index % 2))
        cv2.imwrite(str(folder / f'{index}.png'), picture)
        rows.append(f'{index}.png,{"ab"[index % 2]}')
    (folder / 'labels.csv').write_text('\n'.join(rows) + '\n', encoding='utf-8')


def request(method: str, folder: Path = Path('pictures'), **changes: Any) -> Pretrain:
    backbone = SWIN if method == 'simmim' else VIT
    plain = Pretrain(
        method=method,
        backbone=backbone,
        features=inspect_backbone(backbone),
        data_root=str(folder),
        annotations='labels.txt',
        classes=2,
        size=SIZE,
        passes=16,
        batch_size=4,
    )
    return replace(plain, **changes)
