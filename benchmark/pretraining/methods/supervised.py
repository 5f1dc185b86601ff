"""The other side of a comparison: a classifier that learns from labels."""

from __future__ import annotations

from benchmark.errors import DeclarationError
from benchmark.pretraining.methods.base import Built, Method, preprocessor
from benchmark.pretraining.request import Pretrain


def _build(request: Pretrain) -> Built:
    """A linear classifier on pooled features; label smoothing 0.1 as DeiT (arXiv 2012.12877)."""
    if request.mask_ratio is not None:
        raise DeclarationError(f'mask ratio is {request.mask_ratio}: supervised hides nothing')
    width = request.features.channels[-1]
    model = {
        'type': 'ImageClassifier',
        'data_preprocessor': {
            **preprocessor(request, 'ClsDataPreprocessor'),
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


METHOD = Method(
    title='supervised',
    family='supervised',
    reference='arXiv 2012.12877',
    takes='every network',
    mask_ratio=None,
    has_labels=True,
    encoders=(),
    build=_build,
)
