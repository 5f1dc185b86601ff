"""From a request to pretrain to one mmengine configuration: plain data, without torch."""

from __future__ import annotations

from benchmark.compiling import ORDER, STEP_DRAWS
from benchmark.errors import DeclarationError
from benchmark.pretraining.methods import find_method
from benchmark.pretraining.request import Config, Pretrain

COMPONENTS = (
    'mmpretrain.models',
    'mmpretrain.datasets',
    'benchmark.pretraining.networks',
)
"""Modules that register what the configurations name."""

_CURVE_POINTS = 100
_CHECKPOINTS = 10


def compile_pretraining(request: Pretrain) -> Config:
    """Return the configuration that trains as requested.

    Both sides of a comparison get the same pictures, augmentation, optimiser and schedule; what
    differs is the model and, where the pipeline makes them, the masks.

    Raises:
        UnknownNameError: there is no such method.
        DeclarationError: the picture size does not suit the network's strides, or a number lies
            outside its bounds.
    """
    method = find_method(request.method)
    if request.size % request.stride:
        raise DeclarationError(
            f'pretraining size is {request.size}, must be a multiple of the stride {request.stride}'
        )
    model, masking = method.build(request)
    return {
        'default_scope': 'mmpretrain',
        'custom_imports': list(COMPONENTS),
        'model': model,
        'train_dataloader': _loader(request, masking),
        'train_cfg': {'type': 'IterBasedTrainLoop', 'max_iters': request.iterations},
        'log_processor': {'by_epoch': False, 'window_size': 10},
        **_optimisation(request),
        **_hooks(request),
        'randomness': {'seed': request.seed},
    }


def _loader(request: Pretrain, masking: list[Config]) -> Config:
    pipeline = [
        {'type': 'LoadImageFromFile'},
        {
            'type': 'RandomResizedCrop',
            'scale': request.size,
            'crop_ratio_range': (0.3, 1.0),
            'interpolation': 'bicubic',
        },
        {'type': 'RandomFlip', 'prob': 0.5},
        *masking,
        {'type': 'PackInputs'},
    ]
    return {
        'dataset': {
            'type': 'CustomDataset',
            'data_root': request.data_root,
            'ann_file': request.annotations,
            'classes': [str(label) for label in range(request.classes)],
            'pipeline': pipeline,
        },
        'batch_size': request.batch_size,
        'num_workers': 0,
        'persistent_workers': False,
        'sampler': ORDER,
        'collate_fn': {'type': 'default_collate'},
    }


def _optimisation(request: Pretrain) -> Config:
    warmup = max(2, request.iterations // 20)
    span = {'by_epoch': False, 'begin': warmup, 'end': request.iterations}
    return {
        'optim_wrapper': {
            'type': 'OptimWrapper',
            'optimizer': {
                'type': 'AdamW',
                'lr': request.lr,
                'weight_decay': 0.05,
                'betas': (0.9, 0.95),
            },
            'clip_grad': {'max_norm': 1.0},
            'constructor': 'benchmark.LayerDecayConstructor',
        },
        'param_scheduler': [
            {
                'type': 'LinearLR',
                'start_factor': 1e-3,
                'by_epoch': False,
                'begin': 0,
                'end': warmup,
            },
            {'type': 'CosineAnnealingLR', 'eta_min': 0.0, **span},
        ],
    }


def _hooks(request: Pretrain) -> Config:
    interval = max(1, request.iterations // _CURVE_POINTS)
    kept_every = max(1, request.iterations // _CHECKPOINTS)
    return {
        'default_hooks': {
            'runtime_info': {'type': 'RuntimeInfoHook'},
            'timer': {'type': 'IterTimerHook'},
            'sampler_seed': {'type': 'DistSamplerSeedHook'},
            'logger': {'type': 'LoggerHook', 'interval': interval},
            'param_scheduler': {'type': 'ParamSchedulerHook'},
            'checkpoint': {
                'type': 'CheckpointHook',
                'by_epoch': False,
                'interval': kept_every,
                'max_keep_ckpts': 1,
                'save_last': True,
            },
        },
        'custom_hooks': [
            STEP_DRAWS,
            {'type': 'benchmark.LossHistory', 'interval': interval, 'kept': ('loss', 'spread')},
            {'type': 'benchmark.StepClock'},
        ],
    }
