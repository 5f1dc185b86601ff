"""Pretraining of timm architectures: masked (MAE, SimMIM) or supervised, by mmpretrain."""

from benchmark.pretraining.methods import METHODS, Pretrain, compile_pretraining

__all__ = ['METHODS', 'Pretrain', 'compile_pretraining']
