"""Pretraining methods: the model of each, and how it masks pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmark.errors import DeclarationError, IncompatibleError
from benchmark.pretraining.request import Config, Pretrain

Built = tuple[Config, list[Config]]

_HOG_BINS, _HOG_CELL, _HOG_WINDOW = 9, 8, 16


@dataclass(frozen=True)
class Method:
    """A way to pretrain.

    Attributes:
        title: as papers write it.
        family: as declarations of backbones name it.
        reference: the paper.
        takes: the architectures that it is defined for.
        mask_ratio: share of the patches that its paper hides; ``None`` where nothing is hidden.
        has_labels: whether it learns from labels.
        build: from a request to the model and further steps of the pipeline.
    """

    title: str
    family: str
    reference: str
    takes: str
    mask_ratio: float | None
    has_labels: bool
    build: Callable[[Pretrain], Built]


def share_hidden(request: Pretrain) -> float:
    """Return the share of the patches to hide.

    Raises:
        DeclarationError: the share is not between 0 and 1, or the method hides nothing.
    """
    published = METHODS[request.method].mask_ratio
    share = published if request.mask_ratio is None else request.mask_ratio
    if published is None or share is None:
        raise DeclarationError(f'mask ratio is {share}: {request.method} hides nothing')
    if not 0 < share < 1:
        raise DeclarationError(f'mask ratio is {share}, must lie between 0 and 1')
    return share


def _preprocessor(request: Pretrain, kind: str) -> Config:
    return {
        'type': kind,
        'mean': list(request.features.mean),
        'std': list(request.features.std),
        'to_rgb': True,
    }


def _mae(request: Pretrain) -> Built:
    """MAE (arXiv 2111.06377): 75 % masked, per-patch normalised pixels, a light decoder."""
    patches = (request.size // request.stride) ** 2
    share = share_hidden(request)
    if int(patches * (1 - share)) < 1:
        raise DeclarationError(f'mask ratio {share} leaves none of {patches} patches to be seen')
    model = {
        'type': 'MAE',
        'data_preprocessor': _preprocessor(request, 'SelfSupDataPreprocessor'),
        'backbone': {'type': request.encoder, **request.architecture, 'mask_ratio': share},
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


def _simmim(request: Pretrain) -> Built:
    """SimMIM (arXiv 2111.09886): 60 % masked, a learnt token, raw pixels by L1, a linear head."""
    has_own_input = request.encoder == 'benchmark.MaskedInput'
    model = {
        'type': 'SimMIM',
        'data_preprocessor': _preprocessor(request, 'SelfSupDataPreprocessor'),
        'backbone': {
            'type': request.encoder,
            **request.architecture,
            **(request.fixed_size if has_own_input else {}),
        },
        'neck': {
            'type': 'SimMIMLinearDecoder',
            'in_channels': request.features.channels[-1],
            'encoder_stride': request.stride,
        },
        'head': {
            'type': 'SimMIMHead',
            'patch_size': request.features.strides[0],
            'loss': {'type': 'PixelReconstructionLoss', 'criterion': 'L1', 'channel': 3},
        },
    }
    return model, [_mask_generator(request)]


def _mask_generator(request: Pretrain) -> Config:
    patch = request.features.strides[0]
    return {
        'type': 'SimMIMMaskGenerator',
        'input_size': request.size,
        'mask_patch_size': mask_unit(request.size, patch),
        'model_patch_size': patch,
        'mask_ratio': share_hidden(request),
    }


def mask_unit(size: int, patch: int) -> int:
    """Return the side in pixels of what SimMIM masks as one.

    32 of 192 pixels as published, on other pictures at most the same share of a side: a patch
    doubled as often as fits, such that units cover the picture.
    """
    unit = patch
    while 2 * unit * 6 <= size and size % (2 * unit) == 0:
        unit *= 2
    return unit


def _data2vec(request: Pretrain) -> Built:
    """data2vec (arXiv 2202.03555): 60 % masked, averaged features of a moving average by smooth L1.

    The teacher forgets over an 80th of the training, as in the official configuration: 0.9998
    over 400,000 steps. Masked units are SimMIM's, where the paper has BEiT's blocks; the number of
    blocks and the turning point of the loss are ours.
    """
    model = {
        'type': 'benchmark.Data2Vec',
        'data_preprocessor': _preprocessor(request, 'SelfSupDataPreprocessor'),
        'backbone': {'type': request.encoder, **request.architecture},
        'channels': request.features.channels[-1],
        'blocks': (request.features.depth + 1) // 2,
        'decay': min(0.9998, max(0.5, 1 - 80 / request.iterations)),
        'beta': 2.0,
    }
    return model, [_mask_generator(request)]


def _maskfeat(request: Pretrain) -> Built:
    """MaskFeat (arXiv 2112.09133): 40 % masked, histograms of oriented gradients by L2.

    Masked units are SimMIM's, where the paper has BEiT's blocks.

    Raises:
        IncompatibleError: patches do not consist of whole cells.
    """
    patch = request.stride
    if patch % _HOG_CELL or request.size % _HOG_WINDOW:
        raise IncompatibleError(
            f'{request.backbone.id} has patches of {patch} px in pictures of {request.size} px: '
            f'maskfeat needs multiples of {_HOG_CELL} and {_HOG_WINDOW}'
        )
    model = {
        'type': 'MaskFeat',
        'data_preprocessor': _preprocessor(request, 'SelfSupDataPreprocessor'),
        'backbone': {'type': request.encoder, **request.architecture},
        'neck': {
            'type': 'LinearNeck',
            'in_channels': request.features.channels[-1],
            'out_channels': 3 * _HOG_BINS * (patch // _HOG_CELL) ** 2,
            'norm_cfg': None,
        },
        'head': {
            'type': 'MIMHead',
            'loss': {'type': 'PixelReconstructionLoss', 'criterion': 'L2'},
        },
        'target_generator': {
            'type': 'benchmark.PatchHOG',
            'patch': patch,
            'nbins': _HOG_BINS,
            'pool': _HOG_CELL,
            'gaussian_window': _HOG_WINDOW,
        },
    }
    return model, [_mask_generator(request)]


def _spark(request: Pretrain) -> Built:
    """SparK (arXiv 2301.03580): 60 % masked, sparse convolution, per-patch normalised pixels.

    Raises:
        IncompatibleError: the decoder, which halves its width with every doubling of the map,
            does not fit the network's maps.
    """
    features = request.features
    doubled = tuple(features.channels[0] * 2**stage for stage in range(4))
    if features.strides != (4, 8, 16, 32) or features.channels != doubled:
        raise IncompatibleError(
            f'{request.backbone.id} has maps of {features.channels} channels at strides '
            f'{features.strides}: spark needs four, from stride 4 on, each twice as wide'
        )
    model = {
        'type': 'SparK',
        'data_preprocessor': _preprocessor(request, 'SelfSupDataPreprocessor'),
        'input_size': request.size,
        'downsample_raito': request.stride,
        'mask_ratio': share_hidden(request),
        'enc_dec_norm_cfg': {'type': 'SparseBatchNorm2d'},
        'enc_dec_norm_dim': features.channels[-1],
        'backbone': {'type': request.encoder, **request.architecture},
        # as wide as the network, at most as published
        'neck': {
            'type': 'SparKLightDecoder',
            'feature_dim': min(512, features.channels[-1]),
            'upsample_ratio': request.stride,
            'norm_cfg': {'type': 'BN'},
        },
        'head': {
            'type': 'SparKPretrainHead',
            'norm_pix': True,
            'patch_size': request.stride,
            'loss': {'type': 'PixelReconstructionLoss', 'criterion': 'L2'},
        },
    }
    return model, []


def _supervised(request: Pretrain) -> Built:
    """A linear classifier on pooled features; label smoothing 0.1 as DeiT (arXiv 2012.12877)."""
    if request.mask_ratio is not None:
        raise DeclarationError(f'mask ratio is {request.mask_ratio}: supervised hides nothing')
    width = request.features.channels[-1]
    model = {
        'type': 'ImageClassifier',
        'data_preprocessor': {
            **_preprocessor(request, 'ClsDataPreprocessor'),
            'num_classes': request.classes,
        },
        'backbone': {
            'type': request.encoder,
            **request.architecture,
            **request.fixed_size,
            'random': True,
        },
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


METHODS: dict[str, Method] = {
    'mae': Method(
        title='MAE',
        family='mim',
        reference='arXiv 2111.06377',
        takes='plain ViTs of timm with one leading token and a square position table',
        mask_ratio=0.75,
        has_labels=False,
        build=_mae,
    ),
    'simmim': Method(
        title='SimMIM',
        family='mim',
        reference='arXiv 2111.09886',
        takes='every network; plain ViTs, Swins and SwinV2s of timm see a learnt token in place of '
        'masked patches, all others a learnt colour in place of masked pixels',
        mask_ratio=0.6,
        has_labels=False,
        build=_simmim,
    ),
    'data2vec': Method(
        title='data2vec',
        family='mim',
        reference='arXiv 2202.03555',
        takes='plain ViTs of timm',
        mask_ratio=0.6,
        has_labels=False,
        build=_data2vec,
    ),
    'maskfeat': Method(
        title='MaskFeat',
        family='mim',
        reference='arXiv 2112.09133',
        takes='plain ViTs of timm with patches of whole cells of 8 px',
        mask_ratio=0.4,
        has_labels=False,
        build=_maskfeat,
    ),
    'spark': Method(
        title='SparK',
        family='mim',
        reference='arXiv 2301.03580',
        takes='ResNets and ConvNeXts of timm whose maps become twice as wide at every stage',
        mask_ratio=0.6,
        has_labels=False,
        build=_spark,
    ),
    'supervised': Method(
        title='supervised',
        family='supervised',
        reference='arXiv 2012.12877',
        takes='every network',
        mask_ratio=None,
        has_labels=True,
        build=_supervised,
    ),
}
