"""MaskFeat: histograms of oriented gradients of what is hidden."""

from __future__ import annotations

from benchmark.errors import IncompatibleError
from benchmark.pretraining.methods.base import Built, Method, masked_units, preprocessor
from benchmark.pretraining.request import Pretrain

_MASK_RATIO = 0.4
_HOG_BINS, _HOG_CELL, _HOG_WINDOW = 9, 8, 16


def _build(request: Pretrain) -> Built:
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
        'data_preprocessor': preprocessor(request, 'SelfSupDataPreprocessor'),
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
    return model, [masked_units(request, _MASK_RATIO)]


METHOD = Method(
    title='MaskFeat',
    family='mim',
    reference='arXiv 2112.09133',
    takes='plain ViTs of timm with patches of whole cells of 8 px',
    mask_ratio=_MASK_RATIO,
    has_labels=False,
    encoders=('MaskFeatTokens',),
    build=_build,
)
