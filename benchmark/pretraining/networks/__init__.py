"""Registered torch parts of pretraining: encoders that mask their input, targets, algorithms."""

from benchmark.pretraining.networks.data2vec import Data2Vec
from benchmark.pretraining.networks.masked import MaskedInput, MaskedSwin, MaskedTokens, MaskedViT
from benchmark.pretraining.networks.maskfeat import MaskFeatTokens, PatchHOG
from benchmark.pretraining.networks.sparse import SparseConvNet

__all__ = [
    'Data2Vec',
    'MaskFeatTokens',
    'MaskedInput',
    'MaskedSwin',
    'MaskedTokens',
    'MaskedViT',
    'PatchHOG',
    'SparseConvNet',
]
