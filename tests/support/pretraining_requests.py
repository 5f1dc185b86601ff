"""Tiny pretraining requests over pictures that a test makes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmark.models.inspection import inspect_backbone
from benchmark.openmmlab import prepare
from benchmark.pretraining import Budget, Pictures, Pretrain, Settings, folder_pictures
from benchmark.specs import Backbone

prepare()

# mmpretrain is imported with it
from benchmark.pretraining.choosing import choose_encoder  # noqa: E402

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
SWIN_V2 = replace(SWIN, id='swinv2', source='timm:swinv2_tiny_window8_256')
CONVNET = Backbone(
    id='convnet',
    source='timm:convnext_atto',
    is_random=True,
    options={'depths': (1, 1, 1, 1), 'dims': (8, 8, 16, 16), 'kernel_sizes': 3},
)
CONVNEXT = replace(CONVNET, id='convnext', options={**CONVNET.options, 'dims': (8, 16, 32, 64)})


def write_pictures(folder: Path, count: int = 8) -> Pictures:
    """Return noisy pictures of two classes: the left half is bright in class ``b``."""
    rng = np.random.default_rng(0)
    for index in range(count):
        picture = rng.integers(0, 128, (SIZE, SIZE, 3), dtype=np.uint8)
        picture[:, : SIZE // 2] += np.uint8(100 * (index % 2))
        path = folder / 'ab'[index % 2] / f'{index}.png'
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), picture)
    return folder_pictures(folder)


def request(method: str, backbone: Backbone | None = None, **changes: Any) -> Pretrain:
    backbone = backbone or (CONVNEXT if method == 'spark' else VIT)
    plain = Pretrain(
        method=method,
        encoder=choose_encoder(method, backbone),
        backbone=backbone,
        features=inspect_backbone(backbone),
        data_root='pictures',
        annotations='labels.txt',
        classes=2,
        size=SIZE,
        passes=16,
        batch_size=4,
    )
    return replace(plain, **changes)


def settings(method: str, pictures: Pictures, backbone: Backbone = VIT, **changes: Any) -> Settings:
    plain = Settings(
        name='run',
        method=method,
        backbone=backbone,
        pictures=pictures,
        budget=Budget('steps', 6),
        size=SIZE,
        batch_size=4,
    )
    return replace(plain, **changes)
