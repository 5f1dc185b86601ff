"""MAE: an encoder of visible patches and a light decoder of pixels."""

from __future__ import annotations

from benchmark.errors import DeclarationError
from benchmark.pretraining.methods.base import Built, Method, preprocessor, share_hidden
from benchmark.pretraining.request import Pretrain

_MASK_RATIO = 0.75


def _build(request: Pretrain) -> Built:
    """MAE (arXiv 2111.06377): 75 % masked, per-patch normalised pixels, a light decoder."""
    patches = (request.size // request.stride) ** 2
    share = share_hidden(request, _MASK_RATIO)
    if int(patches * (1 - share)) < 1:
        raise DeclarationError(f'mask ratio {share} leaves none of {patches} patches to be seen')
    model = {
        'type': 'MAE',
        'data_preprocessor': preprocessor(request, 'SelfSupDataPreprocessor'),
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


METHOD = Method(
    title='MAE',
    family='mim',
    reference='arXiv 2111.06377',
    takes='plain ViTs of timm with one leading token and a square position table',
    mask_ratio=_MASK_RATIO,
    has_labels=False,
    encoders=('MaskedViT',),
    build=_build,
)
