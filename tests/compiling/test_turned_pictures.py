"""Pictures with an EXIF orientation meet their labels through whole training pipelines."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mmengine.registry import DefaultScope
from PIL import Image

from benchmark.kinds.common.opening import opened
from tests.support.kind_trials import Trial, declare

DRAWN = 24


@pytest.mark.parametrize('tag', [None, 3, 6, 8])
def test_a_red_square_stays_under_its_mask_through_the_training_pipeline(
    tmp_path: Path, tag: int | None
) -> None:
    """Crops, resizing, mirroring and colours move pixels and labels alike."""
    for role in ('train', 'test'):
        for name in ('image', 'mask'):
            (tmp_path / role / name).mkdir(parents=True)
        for i in range(3):
            mask = np.zeros((96, 96), np.uint8)
            mask[8:40, 12 + 8 * i : 60 + 8 * i] = 1
            red = np.where(mask[..., None] == 1, (210, 30, 30), (30, 30, 210)).astype(np.uint8)
            exif = Image.Exif()
            if tag:
                exif[0x0112] = tag
            Image.fromarray(red).save(tmp_path / role / f'image/{i}.jpg', quality=95, exif=exif)
            Image.fromarray(mask).save(tmp_path / role / f'mask/{i}.png')
    about = {
        'name': 'squares',
        'kind': 'segmentation',
        'input_size': (64, 64),
        'classes': ('ground', 'square'),
        'splits': {'train': 3, 'test': 3},
        'metric': 'mIoU',
        'options': {'width': 16},
    }
    data: dict[str, Any] = {'root': '.', 'type': 'mmseg.BaseSegDataset', 'img_suffix': '.jpg'}
    for role in ('train', 'test'):
        data[role] = {'data_prefix': {'img_path': f'{role}/image', 'seg_map_path': f'{role}/mask'}}
    task = declare(tmp_path, about, data)
    config = Trial(task, 'test_vit', 'finetune', tmp_path, tmp_path / 'work').config()
    for module in config['custom_imports']:
        importlib.import_module(module)
    np.random.seed(0)
    hit, all_ = 0, 0
    with DefaultScope.overwrite_default_scope(config['default_scope']):
        samples = opened(of=config['train_dataloader']['dataset'])
        for draw in range(DRAWN):
            sample = samples[draw % len(samples)]
            blue, _, red_ = sample['inputs'].int()
            labels = sample['data_samples'].gt_sem_seg.data[0]
            # pixels at the rim of a resized square are of both colours
            hit += int((red_ > blue)[labels == 1].sum())
            all_ += int((labels == 1).sum())
    assert all_ > 10_000
    assert hit / all_ >= 0.94
