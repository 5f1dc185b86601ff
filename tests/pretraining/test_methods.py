"""What is compiled for a pretraining: equal terms for both sides of a comparison."""

from __future__ import annotations

from typing import Any

import pytest

from benchmark.errors import DeclarationError, UnknownNameError
from benchmark.pretraining import METHODS, compile_pretraining
from tests.support.pretraining_requests import CONVNET, SWIN, VIT, request


@pytest.mark.parametrize('method', METHODS)
def test_pictures_augmentation_and_optimiser_are_the_same_for_all(method: str) -> None:
    mine, supervised = (
        compile_pretraining(request(method)),
        compile_pretraining(request('supervised')),
    )
    pipeline = mine['train_dataloader']['dataset']['pipeline']
    assert [step['type'] for step in pipeline if 'Mask' not in step['type']] == [
        'LoadImageFromFile',
        'RandomResizedCrop',
        'RandomFlip',
        'PackInputs',
    ]
    pipeline[:] = [step for step in pipeline if 'Mask' not in step['type']]
    for key in mine.keys() - {'model'}:
        assert mine[key] == supervised[key], key


@pytest.mark.parametrize('method', METHODS)
def test_passes_become_steps(method: str) -> None:
    config = compile_pretraining(request(method, passes=400, batch_size=8))
    assert config['train_cfg']['max_iters'] == 50
    assert config['train_dataloader']['batch_size'] == 8


@pytest.mark.parametrize(
    ('backbone', 'size', 'unit'),
    [
        # 32 of 192 pixels is what the paper has
        (SWIN, 192, 32),
        (SWIN, 224, 32),
        (SWIN, 128, 16),
        (SWIN, 96, 16),
        (SWIN, 416, 32),
        (VIT, 192, 32),
        (VIT, 64, 16),
        (CONVNET, 128, 16),
    ],
)
def test_simmim_masks_the_published_share_of_a_side(backbone: Any, size: int, unit: int) -> None:
    config = compile_pretraining(request('simmim', backbone, size=size))
    steps = config['train_dataloader']['dataset']['pipeline']
    mask = next(step for step in steps if step['type'] == 'SimMIMMaskGenerator')
    assert (mask['input_size'], mask['mask_patch_size'], mask['mask_ratio']) == (size, unit, 0.6)
    assert size % unit == 0
    assert unit % mask['model_patch_size'] == 0


def test_a_mask_ratio_reaches_model_and_masks() -> None:
    mae = compile_pretraining(request('mae', mask_ratio=0.5))
    assert mae['model']['backbone']['mask_ratio'] == 0.5
    simmim = compile_pretraining(request('simmim', mask_ratio=0.3))
    assert simmim['train_dataloader']['dataset']['pipeline'][-2]['mask_ratio'] == 0.3


def test_wrong_requests_are_refused() -> None:
    with pytest.raises(UnknownNameError, match=r"unknown pretraining method 'mea'.*'mae'"):
        compile_pretraining(request('mea'))
    with pytest.raises(DeclarationError, match='size is 70, must be a multiple of the stride 16'):
        compile_pretraining(request('mae', size=70))
    with pytest.raises(DeclarationError, match=r'mask ratio is 1\.0, must lie between 0 and 1'):
        compile_pretraining(request('simmim', mask_ratio=1.0))
    with pytest.raises(DeclarationError, match=r'0\.99 leaves none of 16 patches'):
        compile_pretraining(request('mae', mask_ratio=0.99))
    with pytest.raises(DeclarationError, match=r'0\.5: supervised hides nothing'):
        compile_pretraining(request('supervised', mask_ratio=0.5))
