"""From a request to pretrain to one mmengine configuration: plain data, without torch."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from benchmark.errors import DeclarationError, unknown_name
from benchmark.specs import Backbone, Features

Config = dict[str, Any]
Method = Literal['mae', 'simmim', 'supervised']

COMPONENTS = ('mmpretrain.models', 'mmpretrain.datasets', 'benchmark.pretraining.encoders')
"""Modules that register what the configurations name."""

_CURVE_POINTS = 100


@dataclass(frozen=True, kw_only=True)
class Pretrain:
    """A request: which architecture learns from which pictures, how, and for how long.

    Attributes:
        method: ``mae``, ``simmim`` or ``supervised``.
        backbone: the architecture; its weights, if it has any, are not used.
        features: what it hands out, for its width and input normalisation.
        data_root: folder of the pictures.
        annotations: file with one ``picture label`` per line, relative to ``data_root``.
        classes: number of labels; used by ``supervised`` alone.
        size: height and width of what the network sees, in pixels.
        pictures: number of lines in ``annotations``.
        passes: pictures seen in total, one counted each time.
        batch_size: pictures per step.
        lr: largest learning rate of AdamW.
        seed: of initialisation, order, augmentation and masks.
    """

    method: str
    backbone: Backbone
    features: Features
    data_root: str
    annotations: str
    classes: int
    size: int
    passes: int
    batch_size: int = 32
    lr: float = 1e-3
    seed: int = 0

    @property
    def iterations(self) -> int:
        """Number of optimiser steps."""
        return max(1, self.passes // self.batch_size)

    @property
    def architecture(self) -> Config:
        """Which network is built, and how."""
        return {'source': self.backbone.source, 'options': dict(self.backbone.options)}

    @property
    def stride(self) -> int:
        """Stride of the deepest map in pixels."""
        return self.features.strides[-1]


def compile_pretraining(request: Pretrain) -> Config:
    """Return the configuration that trains as requested.

    Both sides of a comparison get the same pictures, augmentation, optimiser and schedule; what
    differs is the model and, for SimMIM, the masks.

    Raises:
        UnknownNameError: there is no such method.
        DeclarationError: the picture size does not suit the network's strides.
    """
    if request.method not in METHODS:
        raise unknown_name('pretraining method', request.method, METHODS)
    if request.size % request.stride:
        raise DeclarationError(
            f'pretraining size is {request.size}, must be a multiple of the stride {request.stride}'
        )
    model, masking = METHODS[request.method](request)
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


def _preprocessor(request: Pretrain, kind: str) -> Config:
    return {
        'type': kind,
        'mean': list(request.features.mean),
        'std': list(request.features.std),
        'to_rgb': True,
    }


def _mae(request: Pretrain) -> tuple[Config, list[Config]]:
    """MAE (arXiv 2111.06377): 75 % masked, per-patch normalised pixels, a light decoder."""
    patches = (request.size // request.stride) ** 2
    model = {
        'type': 'MAE',
        'data_preprocessor': _preprocessor(request, 'SelfSupDataPreprocessor'),
        'backbone': {
            'type': 'benchmark.MaskedViT',
            **request.architecture,
            'mask_ratio': 0.75,
        },
        # half as wide as the encoder and a third as deep: MAE's ViT-L has 512 of 1024 and 8 of 24
        'neck': {
            'type': 'MAEPretrainDecoder',
            'num_patches': patches,
            'patch_size': request.stride,
            'embed_dim': request.features.channels[-1],
            'decoder_embed_dim': request.features.channels[-1] // 2,
            'decoder_depth': max(1, request.features.depth // 3),
            'decoder_num_heads': 4,
        },
        'head': {
            'type': 'MAEPretrainHead',
            'norm_pix': True,
            'patch_size': request.stride,
            'loss': {'type': 'PixelReconstructionLoss', 'criterion': 'L2'},
        },
    }
    return model, []


def _simmim(request: Pretrain) -> tuple[Config, list[Config]]:
    """SimMIM (arXiv 2111.09886): 60 % masked, a learnt token, raw pixels by L1, a linear head.

    The published masks cover 32 of 192 pixels; on smaller pictures the same share of a side.
    """
    patch = request.features.strides[0]
    model = {
        'type': 'SimMIM',
        'data_preprocessor': _preprocessor(request, 'SelfSupDataPreprocessor'),
        'backbone': {'type': 'benchmark.MaskedSwin', **request.architecture},
        'neck': {
            'type': 'SimMIMLinearDecoder',
            'in_channels': request.features.channels[-1],
            'encoder_stride': request.stride,
        },
        'head': {
            'type': 'SimMIMHead',
            'patch_size': patch,
            'loss': {'type': 'PixelReconstructionLoss', 'criterion': 'L1', 'channel': 3},
        },
    }
    mask = {
        'type': 'SimMIMMaskGenerator',
        'input_size': request.size,
        'mask_patch_size': max(patch, 2 ** int(math.log2(request.size / 6))),
        'model_patch_size': patch,
        'mask_ratio': 0.6,
    }
    return model, [mask]


def _supervised(request: Pretrain) -> tuple[Config, list[Config]]:
    """A linear classifier on pooled features; label smoothing 0.1 as DeiT (arXiv 2012.12877)."""
    width = request.features.channels[-1]
    model = {
        'type': 'ImageClassifier',
        'data_preprocessor': {
            **_preprocessor(request, 'ClsDataPreprocessor'),
            'num_classes': request.classes,
        },
        'backbone': {'type': 'benchmark.FeatureBackbone', **request.architecture, 'random': True},
        'neck': {'type': 'benchmark.PooledFeatures', 'channels': width, 'norm': 'layer'},
        'head': {
            'type': 'LinearClsHead',
            'num_classes': request.classes,
            'in_channels': width,
            'loss': {
                'type': 'LabelSmoothLoss',
                'label_smooth_val': 0.1,
                'mode': 'original',
            },
        },
    }
    return model, []


METHODS: dict[str, Callable[[Pretrain], tuple[Config, list[Config]]]] = {
    'mae': _mae,
    'simmim': _simmim,
    'supervised': _supervised,
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
        'sampler': {'type': 'InfiniteSampler', 'shuffle': True},
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
                'interval': max(1, request.iterations // 4),
                'max_keep_ckpts': 1,
                'save_last': False,
            },
        },
        'custom_hooks': [{'type': 'benchmark.LossHistory', 'interval': interval}],
    }
