"""data2vec: a student predicts what an average of itself sees."""

from __future__ import annotations

from benchmark.pretraining.methods.base import Built, Method, masked_units, preprocessor
from benchmark.pretraining.request import Pretrain

_MASK_RATIO = 0.6


def _build(request: Pretrain) -> Built:
    """data2vec (arXiv 2202.03555): 60 % masked, averaged features of a moving average by smooth L1.

    The teacher forgets over an 80th of the training, as in the official configuration: 0.9998
    over 400,000 steps. Masked units are SimMIM's, where the paper has BEiT's blocks; the number of
    blocks and the turning point of the loss are ours.
    """
    model = {
        'type': 'benchmark.Data2Vec',
        'data_preprocessor': preprocessor(request, 'SelfSupDataPreprocessor'),
        'backbone': {'type': request.encoder, **request.architecture},
        'channels': request.features.channels[-1],
        'blocks': (request.features.depth + 1) // 2,
        'decay': min(0.9998, max(0.5, 1 - 80 / request.iterations)),
        'beta': 2.0,
    }
    return model, [masked_units(request, _MASK_RATIO)]


METHOD = Method(
    title='data2vec',
    family='mim',
    reference='arXiv 2202.03555',
    takes='plain ViTs of timm',
    mask_ratio=_MASK_RATIO,
    has_labels=False,
    encoders=('MaskedTokens',),
    build=_build,
)
