"""Substitute for mmcv's compiled extension, made of torchvision and plain torch."""

from benchmark.openmmlab.ops.extension import MODULE, TorchExtension, install

__all__ = ['MODULE', 'TorchExtension', 'install']
