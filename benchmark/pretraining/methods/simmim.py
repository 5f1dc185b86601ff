"""SimMIM: a learnt token for hidden patches, and a linear head for their pixels."""

from __future__ import annotations

from benchmark.pretraining.methods.base import Built, Method, masked_units, preprocessor
from benchmark.pretraining.request import Pretrain

_MASK_RATIO = 0.6


def _build(request: Pretrain) -> Built:
    """SimMIM (arXiv 2111.09886): 60 % masked, a learnt token, raw pixels by L1, a linear head."""
    has_own_input = request.encoder == 'benchmark.MaskedInput'
    model = {
        'type': 'SimMIM',
        'data_preprocessor': preprocessor(request, 'SelfSupDataPreprocessor'),
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
    return model, [masked_units(request, _MASK_RATIO)]


METHOD = Method(
    title='SimMIM',
    family='mim',
    reference='arXiv 2111.09886',
    takes='every network; plain ViTs, Swins and SwinV2s of timm see a learnt token in place of '
    'masked patches, all others a learnt colour in place of masked pixels',
    mask_ratio=_MASK_RATIO,
    has_labels=False,
    encoders=('MaskedSwin', 'MaskedTokens', 'MaskedInput'),
    build=_build,
)
