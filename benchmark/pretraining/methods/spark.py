"""SparK: masked pictures for convolutional networks, by sparse convolution."""

from __future__ import annotations

from benchmark.errors import IncompatibleError
from benchmark.pretraining.methods.base import Built, Method, preprocessor, share_hidden
from benchmark.pretraining.request import Pretrain

_MASK_RATIO = 0.6


def _build(request: Pretrain) -> Built:
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
        'data_preprocessor': preprocessor(request, 'SelfSupDataPreprocessor'),
        'input_size': request.size,
        'downsample_raito': request.stride,
        'mask_ratio': share_hidden(request, _MASK_RATIO),
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


METHOD = Method(
    title='SparK',
    family='mim',
    reference='arXiv 2301.03580',
    takes='ResNets and ConvNeXts of timm whose maps become twice as wide at every stage',
    mask_ratio=_MASK_RATIO,
    has_labels=False,
    encoders=('SparseConvNet',),
    build=_build,
)
